/**
 * Bias, dropout and residual in one pass over x, as at the end of a transformer sublayer:
 *
 *   forward    y = dropout(x + bias) + residual
 *   backward   dx = dropout(dy); dbias[j] += dx[i, j] for each row i, in order
 *
 * x is a row-major matrix with `features` columns; bias and dbias are one row.
 */
import { BLOCK, GAMMA, STEP, WORDS, dropFlags, next, threshold, words } from "./stream";

export const enum FusedMode {
  /** y = dropout(x + bias) */
  Bias = 0,
  /** y = dropout(x + bias) + residual */
  Residual = 1,
  /** dx = dropout(dy), with dy as src, dx as dst and dbias as bias. */
  Backward = 2,
}

/** One vector of T. */
// @ts-ignore: decorator
@inline
function fusedV<T extends number>(
  mode: FusedMode, x: usize, bias: usize, residual: usize, y: usize, dropped: v128, scale: v128,
): void {
  let v = v128.load(x);
  if (mode != FusedMode.Backward) v = v128.add<T>(v, v128.load(bias));
  v = v128.andnot(v128.mul<T>(v, scale), dropped);
  if (mode == FusedMode.Residual) v = v128.add<T>(v, v128.load(residual));
  v128.store(y, v);
  if (mode == FusedMode.Backward) v128.store(bias, v128.add<T>(v128.load(bias), v));
}

/** Eight f32. The flags are widened by a shuffle, as in scale8F32. */
// @ts-ignore: decorator
@inline
function fused8F32(
  mode: FusedMode, x: usize, bias: usize, residual: usize, y: usize, dropped: v128, scale: v128,
): void {
  const low = v128.shuffle<i16>(dropped, dropped, 0, 8, 1, 9, 2, 10, 3, 11);
  const high = v128.shuffle<i16>(dropped, dropped, 4, 12, 5, 13, 6, 14, 7, 15);
  fusedV<f32>(mode, x, bias, residual, y, low, scale);
  fusedV<f32>(mode, x + 16, bias + 16, residual + 16, y + 16, high, scale);
}

/** Eight f64. */
// @ts-ignore: decorator
@inline
function fused8F64(
  mode: FusedMode, x: usize, bias: usize, residual: usize, y: usize, dropped: v128, scale: v128,
): void {
  const low = i32x4.extend_low_i16x8_s(dropped);
  const high = i32x4.extend_high_i16x8_s(dropped);
  fusedV<f64>(mode, x, bias, residual, y, i64x2.extend_low_i32x4_s(low), scale);
  fusedV<f64>(mode, x + 16, bias + 16, residual + 16, y + 16, i64x2.extend_high_i32x4_s(low), scale);
  fusedV<f64>(mode, x + 32, bias + 32, residual + 32, y + 32, i64x2.extend_low_i32x4_s(high), scale);
  fusedV<f64>(mode, x + 48, bias + 48, residual + 48, y + 48, i64x2.extend_high_i32x4_s(high), scale);
}

/** One step of f32 in FusedMode.Residual. */
// @ts-ignore: decorator
@inline
function fusedStepF32(
  x: usize, bias: usize, residual: usize, y: usize, d0: v128, d1: v128, d2: v128, d3: v128, scale: v128,
): void {
  fused8F32(FusedMode.Residual, x, bias, residual, y, d0, scale);
  fused8F32(FusedMode.Residual, x + 32, bias + 32, residual + 32, y + 32, d1, scale);
  fused8F32(FusedMode.Residual, x + 64, bias + 64, residual + 64, y + 64, d2, scale);
  fused8F32(FusedMode.Residual, x + 96, bias + 96, residual + 96, y + 96, d3, scale);
}

/** One element. */
// @ts-ignore: decorator
@inline
function fused1<T extends number>(
  mode: FusedMode, x: usize, bias: usize, residual: usize, y: usize, dropped: bool, scale: T,
): void {
  let v = load<T>(x);
  const b = load<T>(bias);
  if (mode != FusedMode.Backward) v = (v + b) as T;
  v = select<T>(0 as T, (v * scale) as T, dropped);
  if (mode == FusedMode.Residual) v = (v + load<T>(residual)) as T;
  store<T>(y, v);
  if (mode == FusedMode.Backward) store<T>(bias, (b + v) as T);
}

/**
 * Processes n elements (n ≤ 2^30), f64 if `isF64`, otherwise f32. The first is in column `column` of its row. residual
 * is read only in FusedMode.Residual. keyLo … P are as in `dropout`.
 */
export function fused(
  mode: FusedMode, src: usize, bias: usize, residual: usize, dst: usize, n: i32, features: i32, column: i32,
  isF64: bool, keyLo: u32, keyHi: u32, offset: f64, first: f64, P: f64, scale: f64,
): void {
  const key = (u64(keyHi) << 32) | u64(keyLo);
  const origin = u64(offset) + u64(first);
  const s32 = f32x4.splat(f32(scale));
  const s64 = f64x2.splat(scale);
  const log2Size = isF64 ? 3 : 2;
  let j = column;

  // Blocks, steps, i, k, end and the lanes are as in dropout.ts; j is the column of the next element.
  for (let i = 0; i < n;) {
    const element = origin + u64(i);
    let k = i - (i32(element) & (BLOCK - 1));
    const end = min(n, k + BLOCK);

    let base = key + (element / BLOCK) * WORDS * GAMMA;
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
      // The hot loop: f32 with a residual, two whole steps within one row.
      if (mode == FusedMode.Residual && !isF64 && k >= i) {
        for (; end - k >= 2 * STEP && features - j >= 2 * STEP; k += 2 * STEP) {
          const x = src + (k << 2);
          const b = bias + (j << 2);
          const r = residual + (k << 2);
          const y = dst + (k << 2);
          a0 = next(a0, b0);
          a1 = next(a1, b1);
          a2 = next(a2, b2);
          a3 = next(a3, b3);
          fusedStepF32(
            x, b, r, y,
            dropFlags(T, a0, b0), dropFlags(T, a1, b1), dropFlags(T, a2, b2), dropFlags(T, a3, b3), s32,
          );
          b0 = next(b0, a0);
          b1 = next(b1, a1);
          b2 = next(b2, a2);
          b3 = next(b3, a3);
          fusedStepF32(
            x + 128, b + 128, r + 128, y + 128,
            dropFlags(T, a0, b0), dropFlags(T, a1, b1), dropFlags(T, a2, b2), dropFlags(T, a3, b3), s32,
          );
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
      let d0 = dropFlags(T, a0, b0);
      let d1 = dropFlags(T, a1, b1);
      let d2 = dropFlags(T, a2, b2);
      const d3 = dropFlags(T, a3, b3);

      // Otherwise eight elements at a time, one by one where a row or the call ends.
      for (let from = k; from < k + STEP; from += 8) {
        if (from >= i && from + 8 <= end && j + 8 <= features) {
          const x = src + (from << log2Size);
          const b = bias + (j << log2Size);
          const r = residual + (from << log2Size);
          const y = dst + (from << log2Size);
          if (isF64) fused8F64(mode, x, b, r, y, d0, s64);
          // A constant mode compiles without mode checks.
          else if (mode == FusedMode.Residual) fused8F32(FusedMode.Residual, x, b, r, y, d0, s32);
          else fused8F32(mode, x, b, r, y, d0, s32);
          j += 8;
          if (j == features) j = 0;
        } else {
          const flags = i16x8.bitmask(d0);
          for (let e = max(from, i); e < min(from + 8, end); ++e) {
            const x = src + (e << log2Size);
            const b = bias + (j << log2Size);
            const r = residual + (e << log2Size);
            const y = dst + (e << log2Size);
            const dropped = bool((flags >> (e - from)) & 1);
            if (isF64) fused1<f64>(mode, x, b, r, y, dropped, scale);
            else fused1<f32>(mode, x, b, r, y, dropped, f32(scale));
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
