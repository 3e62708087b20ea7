/**
 * Masks in memory, 1 = kept: writing the stream's flags as bytes or bits, and applying a mask of the
 * caller's.
 *
 *   bytes   element i is byte i: 0 or 1 (any value but 0 counts as kept when applied)
 *   bits    element i is bit i % 8 of byte i / 8; the last byte's unused bits are 0
 */
import { scale1F32, scale1F64, scale8F32, scale8F64 } from "./scale";

/** A step's drop flags as the bits of one word, element 0 in bit 0. */
// @ts-ignore: decorator
@inline
export function toBits(d0: v128, d1: v128, d2: v128, d3: v128): u32 {
  return u32(i8x16.bitmask(i8x16.narrow_i16x8_s(d0, d1)))
    | (u32(i8x16.bitmask(i8x16.narrow_i16x8_s(d2, d3))) << 16);
}

/** Writes a step of a byte mask. */
// @ts-ignore: decorator
@inline
export function bytes32(dst: usize, i: i32, d0: v128, d1: v128, d2: v128, d3: v128): void {
  const y = dst + i;
  v128.store(y, v128.andnot(i8x16.splat(1), i8x16.narrow_i16x8_s(d0, d1)));
  v128.store(y, v128.andnot(i8x16.splat(1), i8x16.narrow_i16x8_s(d2, d3)), 16);
}

/**
 * Writes a step of a bit mask. Where the stream's steps lie across the mask's bytes, the first byte is
 * already begun and the other bits fill exactly the four after it.
 */
// @ts-ignore: decorator
@inline
export function bits32(dst: usize, i: i32, kept: u32): void {
  const y = dst + (i >> 3);
  const r = i & 7;
  if (r) {
    store<u8>(y, load<u8>(y) | (kept << r));
    store<u32>(y, kept >>> (8 - r), 1);
  } else store<u32>(y, kept);
}

/** Writes one element of a bit mask; a byte's first element clears the rest of it. */
// @ts-ignore: decorator
@inline
export function bit(dst: usize, i: i32, dropped: bool): void {
  const y = dst + (i >> 3);
  const r = i & 7;
  store<u8>(y, (r ? load<u8>(y) : 0) | (u32(!dropped) << r));
}

/** The drop flag of one element of a caller's mask. */
// @ts-ignore: decorator
@inline
function dropped1(mask: usize, i: i32, bits: bool): bool {
  return bits ? !((load<u8>(mask + (i >> 3)) >>> (i & 7)) & 1) : !load<u8>(mask + i);
}

/** The drop flags of eight elements of a caller's mask; i is a multiple of 8. */
// @ts-ignore: decorator
@inline
function dropped8(mask: usize, i: i32, bits: bool): v128 {
  const kept = bits
    ? v128.and(v128.load8_splat(mask + (i >> 3)), i16x8(1, 2, 4, 8, 16, 32, 64, 128))
    : v128.load8x8_u(mask + i);
  return i16x8.eq(kept, i16x8.splat(0));
}

/**
 * Applies a mask of the caller's, bytes or bits, to n elements (n at most 2^30), f64 if `wide` and f32
 * otherwise: kept → x · scale, dropped → +0.
 */
export function applyMask(src: usize, mask: usize, dst: usize, n: i32, wide: bool, bits: bool, scale: f64): void {
  const s32 = f32x4.splat(f32(scale));
  const s64 = f64x2.splat(scale);
  const whole = n & -8;
  let i = 0;
  for (; i < whole; i += 8) {
    const dropped = dropped8(mask, i, bits);
    if (wide) scale8F64(src + (i << 3), dst + (i << 3), dropped, s64);
    else scale8F32(src + (i << 2), dst + (i << 2), dropped, s32);
  }
  for (; i < n; ++i) {
    const dropped = dropped1(mask, i, bits);
    if (wide) scale1F64(src + (i << 3), dst + (i << 3), dropped, scale);
    else scale1F32(src + (i << 2), dst + (i << 2), dropped, f32(scale));
  }
}
