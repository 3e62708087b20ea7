/**
 * Bias, dropout and residual in one pass over x, as at the end of a transformer sublayer:
 *
 *   forward    y = dropout(x + bias) + residual
 *   backward   dx = dropout(dy); dbias[j] += dx[i, j] for each row i, in order
 *
 * x is a row-major matrix with `features` columns; bias and dbias are one row. In backward, the elements of a block are
 * summed right after they are written, from the cache.
 */
import { apply8F32, high32, low32 } from "./affine";
import { bitmask32 } from "./mask";
import { BLOCK, GAMMA, STEP, WORDS, dropFlags, next, threshold, words } from "./stream";

export const enum FusedMode {
  /** y = dropout(x + bias) */
  Bias = 0,
  /** y = dropout(x + bias) + residual */
  Residual = 1,
  /** dx = dropout(dy), with dy as src, dx as dst and dbias as bias. */
  Backward = 2,
}

/**
 * Four f32 in forward: dropout(x + bias) + (residual & mask | none). Without a residual, mask is 0 and none is −0, as
 * adding −0 changes no bit of any sum. So one loop serves both modes.
 */
// @ts-ignore: decorator
@inline
function forwardV(
  x: v128, bias: v128, residual: v128, dropped: v128, scale: v128, mask: v128, none: v128,
): v128 {
  const y = v128.andnot(f32x4.mul(f32x4.add(x, bias), scale), dropped);
  return f32x4.add(y, v128.or(v128.and(residual, mask), none));
}

// @ts-ignore: decorator
@inline
function forward4(
  x: usize, bias: usize, residual: usize, y: usize, dropped: v128, scale: v128, mask: v128, none: v128,
): void {
  v128.store(y, forwardV(v128.load(x), v128.load(bias), v128.load(residual), dropped, scale, mask, none));
}

/** Unpacks the low bits of a word, 1 = dropped, into the flags of one vector of T: −1 = dropped, 0 = kept. */
// @ts-ignore: decorator
@inline
function unpackFlags<T extends number>(flags: u32): v128 {
  const bits = sizeof<T>() == 4 ? i32x4(1, 2, 4, 8) : i32x4(1, 1, 2, 2);
  return i32x4.eq(v128.and(i32x4.splat(flags), bits), bits);
}

/** A whole step of f32 in forward. The bias of its first `left` elements is at `row`, that of the others at `bias`. */
// @ts-ignore: decorator
@inline
function forwardStep(
  x: usize, row: usize, left: i32, bias: usize, residual: usize, y: usize,
  d0: v128, d1: v128, d2: v128, d3: v128, scale: v128, mask: v128, none: v128,
): void {
  const past = left << 2;
  forward4(x, left > 0 ? row : bias + (0 - past), residual, y, low32(d0), scale, mask, none);
  forward4(x + 16, left > 4 ? row + 16 : bias + (16 - past), residual + 16, y + 16, high32(d0), scale, mask, none);
  forward4(x + 32, left > 8 ? row + 32 : bias + (32 - past), residual + 32, y + 32, low32(d1), scale, mask, none);
  forward4(x + 48, left > 12 ? row + 48 : bias + (48 - past), residual + 48, y + 48, high32(d1), scale, mask, none);
  forward4(x + 64, left > 16 ? row + 64 : bias + (64 - past), residual + 64, y + 64, low32(d2), scale, mask, none);
  forward4(x + 80, left > 20 ? row + 80 : bias + (80 - past), residual + 80, y + 80, high32(d2), scale, mask, none);
  forward4(x + 96, left > 24 ? row + 96 : bias + (96 - past), residual + 96, y + 96, low32(d3), scale, mask, none);
  forward4(
    x + 112, left > 28 ? row + 112 : bias + (112 - past), residual + 112, y + 112, high32(d3), scale, mask, none,
  );
}

/** Moves bytes up by n places, or down if n is negative, and zeros in. */
// @ts-ignore: decorator
@inline
function move(v: v128, n: i32): v128 {
  const place = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  return v128.swizzle(v, i8x16.sub(place, i8x16.splat(i8(n))));
}

/**
 * A whole step of f32 in forward, in which the row ends after `left` elements. The vector with its end is first written
 * with a wrong bias, then rewritten:
 *
 *   last 4 columns    w x y z               bytes moved down by 16 − part
 *   first 4 columns           a b c d       bytes moved up by part
 *   bias              y z a b               part = 8 bytes of the vector belong to the row that ends
 */
// @ts-ignore: decorator
@inline
function crossingStep(
  x: usize, bias: usize, features: i32, left: i32, residual: usize, y: usize,
  d0: v128, d1: v128, d2: v128, d3: v128, scale: v128, mask: v128, none: v128,
): void {
  const end = bias + (features << 2);
  const whole = left & -4;
  const part = (left & 3) << 2;
  // Before they are overwritten: y may be x or residual.
  const xe = v128.load(x + (whole << 2));
  const re = v128.load(residual + (whole << 2));
  forwardStep(x, end - (left << 2), left, bias, residual, y, d0, d1, d2, d3, scale, mask, none);
  const be = v128.or(move(v128.load(end - 16), part - 16), move(v128.load(bias), part));
  const de = unpackFlags<f32>(bitmask32(d0, d1, d2, d3) >>> whole);
  v128.store(y + (whole << 2), forwardV(xe, be, re, de, scale, mask, none));
}

/** One vector of T, in any mode. */
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
}

/** One element, in any mode. */
// @ts-ignore: decorator
@inline
function fused1<T extends number>(
  mode: FusedMode, x: usize, bias: usize, residual: usize, y: usize, dropped: bool, scale: T,
): void {
  let v = load<T>(x);
  if (mode != FusedMode.Backward) v = (v + load<T>(bias)) as T;
  v = select<T>(0 as T, (v * scale) as T, dropped);
  if (mode == FusedMode.Residual) v = (v + load<T>(residual)) as T;
  store<T>(y, v);
}

/** Elements from … to − 1 of the call, the first in column j. Bit 0 of `flags` is its drop flag. */
// @ts-ignore: decorator
@inline
function rows<T extends number>(
  mode: FusedMode, src: usize, bias: usize, residual: usize, dst: usize, from: i32, to: i32, flags: u32,
  j: i32, features: i32, scale: T, scales: v128,
): void {
  const lanes = 16 / sizeof<T>();
  for (let e = from; e < to; j = 0) {
    const end = min(to, e + features - j);
    let at = e << alignof<T>();
    let b = bias + (j << alignof<T>());
    for (; e + lanes <= end; e += lanes) {
      fusedV<T>(mode, src + at, b, residual + at, dst + at, unpackFlags<T>(flags), scales);
      at += 16;
      b += 16;
      flags >>>= lanes;
    }
    for (; e < end; ++e) {
      fused1<T>(mode, src + at, b, residual + at, dst + at, bool(flags & 1), scale);
      at += sizeof<T>();
      b += sizeof<T>();
      flags >>>= 1;
    }
  }
}

/** Adds n elements to the columns of a row, from column j on. */
// @ts-ignore: decorator
@inline
function sumRows<T extends number>(x: usize, row: usize, n: i32, j: i32, features: i32): void {
  const lanes = 16 / sizeof<T>();
  for (let e = 0; e < n; j = 0) {
    const end = min(n, e + features - j);
    let b = row + (j << alignof<T>());
    for (; e + 2 * lanes <= end; e += 2 * lanes) {
      v128.store(b, v128.add<T>(v128.load(b), v128.load(x)));
      v128.store(b, v128.add<T>(v128.load(b, 16), v128.load(x, 16)), 16);
      x += 32;
      b += 32;
    }
    for (; e < end; ++e) {
      store<T>(b, (load<T>(b) + load<T>(x)) as T);
      x += sizeof<T>();
      b += sizeof<T>();
    }
  }
}

/**
 * Processes n elements (n ≤ 2^30), f64 if `isF64`, otherwise f32. The first is in column `column` of its row. residual
 * counts in FusedMode.Residual only; in FusedMode.Bias it is the address of any n elements, such as src. keyLo … P are
 * as in `draw`.
 */
export function fused(
  mode: FusedMode, src: usize, bias: usize, residual: usize, dst: usize, n: i32, features: i32, column: i32,
  isF64: bool, keyLo: u32, keyHi: u32, offset: f64, first: f64, P: f64, scale: f64,
): void {
  const key = (u64(keyHi) << 32) | u64(keyLo);
  const origin = u64(offset) + u64(first);
  const s32 = f32x4.splat(f32(scale));
  const s64 = f64x2.splat(scale);
  const isBackward = mode == FusedMode.Backward;
  const isForwardF32 = !isF64 && !isBackward;
  // A step holds one end of a row, and a vector there reads as far as 12 bytes beyond bias.
  const canCross = features >= STEP && u64(bias) + (u64(features) << 2) + 12 <= u64(memory.size()) << 16;
  const mask = i32x4.splat(mode == FusedMode.Residual ? -1 : 0);
  const none = v128.andnot(f32x4.splat(-0.0), mask);
  let j = column;

  // Blocks, steps, i, k, end and the lanes are as in dropout.ts; j is the column of the next element.
  for (let i = 0; i < n;) {
    const element = origin + u64(i);
    let k = i - (i32(element) & (BLOCK - 1));
    const end = min(n, k + BLOCK);
    const start = j;

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
      // The hot loop: f32 in forward, whole steps within one row.
      if (isForwardF32 && k >= i) {
        for (; end - k >= STEP && features - j >= STEP; k += STEP) {
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
          forwardStep(
            src + (k << 2), bias + (j << 2), STEP, bias, residual + (k << 2), dst + (k << 2),
            dropFlags(T, a0, b0), dropFlags(T, a1, b1), dropFlags(T, a2, b2), dropFlags(T, a3, b3), s32, mask, none,
          );
          j += STEP;
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
      if (k + STEP <= i) continue;
      const d0 = dropFlags(T, a0, b0);
      const d1 = dropFlags(T, a1, b1);
      const d2 = dropFlags(T, a2, b2);
      const d3 = dropFlags(T, a3, b3);

      const from = max(k, i);
      const to = min(k + STEP, end);
      const col = j;
      j += to - from;
      if (j >= features) j = features < STEP ? j % features : j - features;
      if (!isF64 && to - from == STEP) {
        const x = src + (k << 2);
        const y = dst + (k << 2);
        if (isBackward) {
          // Plain dropout: shift and fill are ignored.
          apply8F32(false, x, y, d0, s32, s32, s32);
          apply8F32(false, x + 32, y + 32, d1, s32, s32, s32);
          apply8F32(false, x + 64, y + 64, d2, s32, s32, s32);
          apply8F32(false, x + 96, y + 96, d3, s32, s32, s32);
          continue;
        }
        if (canCross) {
          const r = residual + (k << 2);
          crossingStep(x, bias, features, features - col, r, y, d0, d1, d2, d3, s32, mask, none);
          continue;
        }
      }
      const flags = bitmask32(d0, d1, d2, d3) >>> (from - k);
      if (isF64) rows<f64>(mode, src, bias, residual, dst, from, to, flags, col, features, scale, s64);
      else rows<f32>(mode, src, bias, residual, dst, from, to, flags, col, features, f32(scale), s32);
    }
    if (isBackward) {
      if (isF64) sumRows<f64>(dst + (i << 3), bias, end - i, start, features);
      else sumRows<f32>(dst + (i << 2), bias, end - i, start, features);
    }
    i = end;
  }
}
