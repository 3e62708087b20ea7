/** gaussian.wasm: the quantile against values of the normal distribution, and what `noise` writes. */
import { quantile } from "../quantile";
import { TWO32, TWO53, callNoise, get, guarded, isIntact, set } from "./support";

function z(v: u32): f32 {
  return f32x4.extract_lane(quantile(i32x4.splat(v)), 0);
}

/** FNV-1a 64 of the bytes of z for 65,536 multiples of `stride`. */
function sweep(stride: u32): u64 {
  let digest: u64 = 0xcbf29ce484222325;
  for (let k: u32 = 0; k < 65536; ++k) {
    const bits = reinterpret<u32>(z(k * stride));
    for (let shift = 0; shift < 32; shift += 8) digest = (digest ^ ((bits >> shift) & 255)) * 0x100000001b3;
  }
  return digest;
}

describe("quantile", () => {
  it("is the quantile of the normal distribution, in the center and in the tails", () => {
    expect(z(0xc0000000)).toBeCloseTo(0.6744897501960817, 5); // 3/4
    expect(z(0xfd70a3d7)).toBeCloseTo(2.3263478740408408, 5); // 0.99
    expect(z(0xfff97247)).toBeCloseTo(3.719016485455709, 5); // 0.9999
    expect(z(0xffffffff)).toBeCloseTo(6.337957754553789, 5); // 1 - 2^-33
    expect(z(0x80000000)).toBeCloseTo(0, 6);
  });

  it("has the bits of docs/normal-noise.md", () => {
    // The sweep of docs/normal-noise-v1.json, and 65,536 values of a tail, digested likewise.
    expect(sweep(65537)).toBe(0x980304f7ad3b57f5);
    expect(sweep(16)).toBe(0x053a6785bc1cdac9);
  });

  it("takes the center's formula where 1 - x^2 is 2^-9, and the tails' beyond", () => {
    expect(z(0x200400)).toBe(-3.2970562);
    expect(z(0x200401)).toBe(-3.297055);
    expect(z(~0x200400)).toBe(3.2970562);
    expect(z(~0x200401)).toBe(3.297055);
  });

  it("is odd: ~v gives the negative, bit for bit", () => {
    for (let v: u32 = 1; v; v = v < 0x80000000 ? v * 2 : 0)
      expect(reinterpret<u32>(z(~v))).toBe(reinterpret<u32>(z(v)) ^ 0x80000000);
  });

  it("computes each lane independently, whether or not other lanes are in a tail", () => {
    const mixed = quantile(i32x4(0x10, 0x80001000, 0xffffff00, 0x30000000));
    expect(f32x4.extract_lane(mixed, 0)).toBe(z(0x10));
    expect(f32x4.extract_lane(mixed, 1)).toBe(z(0x80001000));
    expect(f32x4.extract_lane(mixed, 2)).toBe(z(0xffffff00));
    expect(f32x4.extract_lane(mixed, 3)).toBe(z(0x30000000));
  });
});

/** n guarded elements of one value. */
function filled(n: i32, isF64: bool, value: f64): usize {
  const x = guarded(n * (isF64 ? 8 : 4));
  for (let i = 0; i < n; ++i) set(x, i, isF64, value);
  return x;
}

describe("noise", () => {
  it("gives a tensor the same bits as its chunks and writes nothing else", () => {
    const n = 200;
    const whole = filled(n, false, 0);
    const chunks = filled(n, false, 0);
    callNoise(whole, n);
    callNoise(chunks, 37);
    callNoise(chunks + 4 * 37, n - 37, false, true, 37);
    expect(memory.compare(whole, chunks, 4 * n)).toBe(0);
    expect(isIntact(whole, 4 * n)).toBe(true);
    expect(isIntact(chunks, 4 * n)).toBe(true);
  });

  it("starts at element offset + first, a sum that neither u32 nor f64 may hold", () => {
    const n = 64;
    for (let i = 0; i < 2; ++i) {
      const from = i ? TWO53 : TWO32;
      const whole = filled(n, false, 0);
      const part = filled(n, false, 0);
      callNoise(whole, n, false, true, 0, from);
      callNoise(part, n - 1, false, true, from, 1);
      expect(memory.compare(part, whole + 4, 4 * (n - 1))).toBe(0);
    }
  });

  it("gives f64 the same noise as f32 and writes nothing else", () => {
    const n = 200;
    const f32s = filled(n, false, 0);
    const f64s = filled(n, true, 0);
    callNoise(f32s, n);
    callNoise(f64s, n, true);
    for (let i = 0; i < n; ++i) expect(get(f64s, i, true)).toBe(get(f32s, i, false));
    expect(isIntact(f64s, 8 * n)).toBe(true);
  });

  it("multiplies x by 1 + noise unless it is additive", () => {
    const n = 200;
    const noise = filled(n, true, 0);
    const x = filled(n, true, 3);
    callNoise(noise, n, true);
    callNoise(x, n, true, false);
    for (let i = 0; i < n; ++i) expect(get(x, i, true)).toBe(3 * (1 + get(noise, i, true)));
  });
});
