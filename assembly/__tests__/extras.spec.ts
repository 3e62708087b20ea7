/** extras.wasm: what `affine` and `applyMask` write, and that they write nothing else. */
import { applyMask } from "../apply";
import { Sink } from "../dropout";
import { DropoutCall, get, guarded, isIntact, kept, set } from "./support";

/** Calls `affine` in place, on numbers and NaN, with noise of shape [rows, row] (spread.ts), and checks all it writes. */
function checkAffine(isF64: bool, rows: i32, repeats: i32, row: i32, run: i32): void {
  const size = isF64 ? 8 : 4;
  const n = rows * repeats * row * run;
  const x = guarded(n * size);
  for (let i = 0; i < n; ++i) set(x, i, isF64, i & 1 ? i : NaN);
  const call = new DropoutCall(isF64 ? Sink.F64 : Sink.F32, x, x, rows * row);
  call.isAffine = true;
  call.shift = 0.5;
  call.fill = -3;
  call.repeats = repeats;
  call.row = row;
  call.run = run;
  call.invoke();
  for (let i = 0; i < n; ++i) {
    const noiseElement = (i / (repeats * row * run)) * row + (i / run) % row;
    const y = get(x, i, isF64);
    if (!kept(noiseElement)) expect(y).toBe(-3);
    else if (i & 1) expect(y).toBe(2 * f64(i) + 0.5);
    else expect(y).toBeNaN();
  }
  expect(isIntact(x, n * size)).toBe(true);
}

describe("affine", () => {
  it("maps kept elements to x · scale + shift and dropped ones to fill, even NaN", () => {
    checkAffine(false, 1, 1, 64, 1);
    checkAffine(true, 1, 1, 64, 1);
    checkAffine(false, 1, 1, 61, 1);
    checkAffine(true, 1, 1, 61, 1);
  });

  it("broadcasts each flag to its run, of less than a vector, a vector, and more", () => {
    for (let run = 2; run < 12; ++run) {
      checkAffine(false, 1, 1, 60, run);
      checkAffine(true, 1, 1, 60, run);
    }
  });

  it("broadcasts the flags of a row to its repeats", () => {
    checkAffine(false, 2, 3, 32, 1);
    checkAffine(true, 2, 3, 32, 1);
    checkAffine(false, 3, 2, 17, 3);
    checkAffine(true, 3, 2, 17, 3);
  });
});

/** Applies the expected mask to x, where every third element is NaN, and checks everything that it writes. */
function checkApplyMask(mask: usize, n: i32, isF64: bool, isBits: bool): void {
  const size = isF64 ? 8 : 4;
  const scale = 1.25;
  const shift = -0.0;
  const fill = 0;
  const src = heap.alloc(n * size);
  const dst = guarded(n * size);
  for (let i = 0; i < n; ++i) set(src, i, isF64, i % 3 ? i : NaN);

  applyMask(src, mask, dst, n, isF64, isBits, scale, shift, fill);

  for (let i = 0; i < n; ++i) {
    const y = get(dst, i, isF64);
    if (kept(i) && i % 3 == 0) expect(y).toBeNaN();
    else expect(y).toBe(kept(i) ? i * scale : 0);
  }
  expect(isIntact(dst, n * size)).toBe(true);
}

describe("applyMask", () => {
  it("keeps the elements whose byte is not 0", () => {
    const n = 23;
    const mask = heap.alloc(n);
    for (let i = 0; i < n; ++i) store<u8>(mask + i, kept(i) ? 1 + i : 0);
    checkApplyMask(mask, n, false, false);
    checkApplyMask(mask, n, true, false);
  });

  it("keeps the elements whose bit is 1", () => {
    const n = 23;
    const mask = heap.alloc(4);
    let bits = 0;
    for (let i = 0; i < n; ++i) if (kept(i)) bits |= 1 << i;
    store<i32>(mask, bits);
    checkApplyMask(mask, n, false, true);
    checkApplyMask(mask, n, true, true);
  });
});
