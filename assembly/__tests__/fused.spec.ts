/** fused.wasm: what `fused` writes, and that it writes nothing else. */
import { FusedMode } from "../rows";
import { TWO32, TWO53, callFused, get, guarded, isIntact, kept, ramp, set } from "./support";

/** Row lengths that end within a vector, within a step, and at a step. */
const FEATURES: StaticArray<i32> = [3, 7, 16, 33, 50, 64];

/** Calls `fused` on ramps, with 1, 2, 3 … in x, bias and residual, and checks everything that it writes. */
function checkFused(mode: FusedMode, features: i32, isF64: bool): void {
  const size = isF64 ? 8 : 4;
  const n = 64;
  const x = heap.alloc(n * size);
  const residual = heap.alloc(n * size);
  const bias = guarded(features * size);
  const dst = guarded(n * size);
  ramp(x, n, isF64);
  ramp(residual, n, isF64);
  ramp(bias, features, isF64);

  callFused(mode, x, bias, mode == FusedMode.Residual ? residual : x, dst, n, features, isF64);

  for (let i = 0; i < n; ++i) {
    let y: f64 = 0;
    if (kept(i)) y = 2 * (i + 1 + (mode == FusedMode.Backward ? 0 : (i % features) + 1));
    if (mode == FusedMode.Residual) y += i + 1;
    expect(get(dst, i, isF64)).toBe(y);
  }
  for (let j = 0; j < features; ++j) {
    let sum: f64 = j + 1;
    if (mode == FusedMode.Backward) for (let i = j; i < n; i += features) sum += get(dst, i, isF64);
    expect(get(bias, j, isF64)).toBe(sum);
  }
  expect(isIntact(dst, n * size)).toBe(true);
  expect(isIntact(bias, features * size)).toBe(true);
}

function checkFusedMode(mode: FusedMode): void {
  for (let i = 0; i < FEATURES.length; ++i) {
    checkFused(mode, FEATURES[i], false);
    checkFused(mode, FEATURES[i], true);
  }
}

describe("fused", () => {
  it("adds bias before dropout", () => {
    checkFusedMode(FusedMode.Bias);
  });

  it("adds bias before dropout and residual after it", () => {
    checkFusedMode(FusedMode.Residual);
  });

  it("writes dx = dropout(dy) and adds its rows to dbias", () => {
    checkFusedMode(FusedMode.Backward);
  });

  it("writes n elements, which need not be whole rows", () => {
    const features = 100;
    const x = heap.alloc(8 * 64);
    const residual = heap.alloc(8 * 64);
    const bias = heap.alloc(8 * features);
    for (let n = 1; n < 64; ++n) {
      for (let size = 4; size <= 8; size += 4) {
        const isF64 = size == 8;
        const dst = guarded(n * size);
        ramp(x, n, isF64);
        ramp(residual, n, isF64);
        ramp(bias, features, isF64);
        callFused(FusedMode.Residual, x, bias, residual, dst, n, features, isF64);
        for (let i = 0; i < n; ++i) expect(get(dst, i, isF64)).toBe((kept(i) ? 4 * (f64(i) + 1) : 0) + f64(i) + 1);
        expect(isIntact(dst, n * size)).toBe(true);
      }
    }
  });

  it("starts at element offset + first, a sum that neither u32 nor f64 may hold", () => {
    const x = heap.alloc(4 * 64);
    const bias = heap.alloc(4 * 64);
    const whole = heap.alloc(4 * 64);
    const part = heap.alloc(4 * 63);
    for (let i = 0; i < 64; ++i) set(x, i, false, 1);
    memory.fill(bias, 0, 4 * 64);
    for (let i = 0; i < 2; ++i) {
      const from = i ? TWO53 : TWO32;
      callFused(FusedMode.Bias, x, bias, x, whole, 64, 64, false, from);
      callFused(FusedMode.Bias, x, bias, x, part, 63, 64, false, 1, from);
      expect(memory.compare(part, whole + 4, 4 * 63)).toBe(0);
    }
  });

  it("reads the bias at the ends of the memory", () => {
    const features = 33;
    const x = heap.alloc(4 * 64);
    const dst = guarded(4 * 64);
    const size = 4 * features;
    const saved = heap.alloc(size);
    const last = (memory.size() << 16) - size;
    for (let end = 0; end < 2; ++end) {
      const bias = end ? last : 0;
      memory.copy(saved, bias, size);
      ramp(x, 64, false);
      ramp(bias, features, false);
      callFused(FusedMode.Bias, x, bias, x, dst, 64, features, false);
      memory.copy(bias, saved, size);
      for (let i = 0; i < 64; ++i) expect(get(dst, i, false)).toBe(kept(i) ? 2 * (i + 1 + (i % features) + 1) : 0);
      expect(isIntact(dst, 4 * 64)).toBe(true);
    }
  });
});
