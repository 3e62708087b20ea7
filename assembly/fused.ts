/**
 * Bias, dropout and residual in one pass over x, as a transformer's sub-layers end:
 *
 *   forward    y = dropout(x + bias) + residual
 *   backward   dx = dropout(dy), and bias[j] grows by dx[i, j] for each row i, in their order
 *
 * x is rows of `features` elements, bias and its gradient are one row.
 */
import { BLOCK, GAMMA, STEP, WORDS, drops, next, threshold, words } from "./stream";

export const enum Pass {
  /** Without a residual. */
  Bias = 0,
  Residual = 1,
  Backward = 2,
}

/** A vector of T. */
// @ts-ignore: decorator
@inline
function passV<T extends number>(pass: Pass, x: usize, bias: usize, residual: usize, y: usize, dropped: v128, scale: v128): void {
  let v = v128.load(x);
  if (pass != Pass.Backward) v = v128.add<T>(v, v128.load(bias));
  v = v128.andnot(v128.mul<T>(v, scale), dropped);
  if (pass == Pass.Residual) v = v128.add<T>(v, v128.load(residual));
  v128.store(y, v);
  if (pass == Pass.Backward) v128.store(bias, v128.add<T>(v128.load(bias), v));
}

/** Eight f32. A flag beside itself is the flag in 32 bits, as in affine.ts. */
// @ts-ignore: decorator
@inline
function pass8F32(pass: Pass, x: usize, bias: usize, residual: usize, y: usize, dropped: v128, scale: v128): void {
  passV<f32>(pass, x, bias, residual, y, v128.shuffle<i16>(dropped, dropped, 0, 8, 1, 9, 2, 10, 3, 11), scale);
  passV<f32>(pass, x + 16, bias + 16, residual + 16, y + 16, v128.shuffle<i16>(dropped, dropped, 4, 12, 5, 13, 6, 14, 7, 15), scale);
}

/** Eight f64. */
// @ts-ignore: decorator
@inline
function pass8F64(pass: Pass, x: usize, bias: usize, residual: usize, y: usize, dropped: v128, scale: v128): void {
  const low = i32x4.extend_low_i16x8_s(dropped);
  const high = i32x4.extend_high_i16x8_s(dropped);
  passV<f64>(pass, x, bias, residual, y, i64x2.extend_low_i32x4_s(low), scale);
  passV<f64>(pass, x + 16, bias + 16, residual + 16, y + 16, i64x2.extend_high_i32x4_s(low), scale);
  passV<f64>(pass, x + 32, bias + 32, residual + 32, y + 32, i64x2.extend_low_i32x4_s(high), scale);
  passV<f64>(pass, x + 48, bias + 48, residual + 48, y + 48, i64x2.extend_high_i32x4_s(high), scale);
}

/** A step of f32 with a residual. */
// @ts-ignore: decorator
@inline
function step(
  x: usize, bias: usize, residual: usize, y: usize, d0: v128, d1: v128, d2: v128, d3: v128, scale: v128,
): void {
  pass8F32(Pass.Residual, x, bias, residual, y, d0, scale);
  pass8F32(Pass.Residual, x + 32, bias + 32, residual + 32, y + 32, d1, scale);
  pass8F32(Pass.Residual, x + 64, bias + 64, residual + 64, y + 64, d2, scale);
  pass8F32(Pass.Residual, x + 96, bias + 96, residual + 96, y + 96, d3, scale);
}

/** One element. */
// @ts-ignore: decorator
@inline
function pass1<T extends number>(pass: Pass, x: usize, bias: usize, residual: usize, y: usize, dropped: bool, scale: T): void {
  let v = load<T>(x);
  const b = load<T>(bias);
  if (pass != Pass.Backward) v = (v + b) as T;
  v = select<T>(0 as T, (v * scale) as T, dropped);
  if (pass == Pass.Residual) v = (v + load<T>(residual)) as T;
  store<T>(y, v);
  if (pass == Pass.Backward) store<T>(bias, (b + v) as T);
}

/**
 * n elements (n at most 2^30), f64 if `wide` and f32 otherwise, of which the first is in column `column` of its
 * row. The stream's arguments are those of `dropout`; residual is read in Pass.Residual only.
 */
export function fused(
  pass: Pass, src: usize, bias: usize, residual: usize, dst: usize, n: i32, features: i32, column: i32, wide: bool,
  keyLo: u32, keyHi: u32, offset: f64, first: f64, P: f64, scale: f64,
): void {
  const key = (u64(keyHi) << 32) | u64(keyLo);
  const origin = u64(offset) + u64(first);
  const s32 = f32x4.splat(f32(scale));
  const s64 = f64x2.splat(scale);
  const size = wide ? 3 : 2;
  let j = column;

  // Blocks, steps and the names of the lanes are those of dropout.ts.
  for (let i = 0; i < n;) {
    const at = origin + u64(i);
    let k = i - (i32(at) & (BLOCK - 1));
    const end = min(n, k + BLOCK);

    let base = key + (at / BLOCK) * WORDS * GAMMA;
    let gamma = GAMMA;
    let t = threshold(base, u64(P));
    if (t > 0x7fff) {
      t = 0x7fff;
      base = gamma = 0;
    }
    const T = i16x8.splat(i16(t));

    let a0 = words(base, gamma, 0);
    let a1 = words(base, gamma, 2);
    let a2 = words(base, gamma, 4);
    let a3 = words(base, gamma, 6);
    let b0 = words(base, gamma, 8);
    let b1 = words(base, gamma, 10);
    let b2 = words(base, gamma, 12);
    let b3 = words(base, gamma, 14);

    for (; k < end; k += STEP) {
      if (pass == Pass.Residual && !wide && k >= i) {
        for (; end - k >= 2 * STEP && features - j >= 2 * STEP; k += 2 * STEP) {
          const x = src + (k << 2);
          const b = bias + (j << 2);
          const r = residual + (k << 2);
          const y = dst + (k << 2);
          a0 = next(a0, b0);
          a1 = next(a1, b1);
          a2 = next(a2, b2);
          a3 = next(a3, b3);
          step(x, b, r, y, drops(T, a0, b0), drops(T, a1, b1), drops(T, a2, b2), drops(T, a3, b3), s32);
          b0 = next(b0, a0);
          b1 = next(b1, a1);
          b2 = next(b2, a2);
          b3 = next(b3, a3);
          step(x + 128, b + 128, r + 128, y + 128, drops(T, a0, b0), drops(T, a1, b1), drops(T, a2, b2), drops(T, a3, b3), s32);
          j += 2 * STEP;
          if (j == features) j = 0;
        }
        if (k == end) break;
      }

      const c0 = next(a0, b0);
      const c1 = next(a1, b1);
      const c2 = next(a2, b2);
      const c3 = next(a3, b3);
      a0 = b0;
      a1 = b1;
      a2 = b2;
      a3 = b3;
      b0 = c0;
      b1 = c1;
      b2 = c2;
      b3 = c3;
      let d0 = drops(T, a0, b0);
      let d1 = drops(T, a1, b1);
      let d2 = drops(T, a2, b2);
      const d3 = drops(T, a3, b3);

      // Elsewhere in four turns of eight elements, and one by one where a row or the call ends in them.
      for (let from = k; from < k + STEP; from += 8) {
        if (from >= i && from + 8 <= end && j + 8 <= features) {
          const x = src + (from << size);
          const b = bias + (j << size);
          const r = residual + (from << size);
          const y = dst + (from << size);
          if (wide) pass8F64(pass, x, b, r, y, d0, s64);
          else if (pass == Pass.Residual) pass8F32(Pass.Residual, x, b, r, y, d0, s32);
          else pass8F32(pass, x, b, r, y, d0, s32);
          j += 8;
          if (j == features) j = 0;
        } else {
          const flags = i16x8.bitmask(d0);
          for (let e = max(from, i); e < min(from + 8, end); ++e) {
            const x = src + (e << size);
            const b = bias + (j << size);
            const r = residual + (e << size);
            const y = dst + (e << size);
            const dropped = bool((flags >> (e - from)) & 1);
            if (wide) pass1<f64>(pass, x, b, r, y, dropped, scale);
            else pass1<f32>(pass, x, b, r, y, dropped, f32(scale));
            if (++j == features) j = 0;
          }
        }
        d0 = d1;
        d1 = d2;
        d2 = d3;
      }
    }
    i = end;
  }
}
