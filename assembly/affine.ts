/**
 * Element arithmetic: kept → x · scale, or x · scale + shift if `isAffine`; dropped → +0, or fill if `isAffine`.
 * Dropped elements are masked out, never multiplied by 0, so NaN and ±Inf are dropped too.
 *
 *   dropped   d0    d1    d2    d3    d4    d5    d6    d7      one vector, flags of 16 bits: 0 or −1
 *   f32       low                     high                      two vectors, flags widened to 32 bits
 *   f64       d01         d23         d45         d67           four vectors, flags widened to 64 bits
 *
 * The 8 or 1 in a function name is the number of elements it handles. src and dst are their addresses and may be equal.
 * isAffine is a constant in every call, so that each module gets one half of the code.
 */

/** The flags of elements 0 … 3, widened to 32 bits: duplicating a flag takes one instruction on every machine. */
// @ts-ignore: decorator
@inline
export function low32(dropped: v128): v128 {
  return i32x4.extend_low_i16x8_s(dropped);
}

/** The flags of elements 4 … 7. A shuffle is one instruction on x86, where extend_high takes two (8 % of the loop). */
// @ts-ignore: decorator
@inline
export function high32(dropped: v128): v128 {
  return v128.shuffle<i16>(dropped, dropped, 4, 4, 5, 5, 6, 6, 7, 7);
}

/** One vector of T, with flags as wide as its elements. */
// @ts-ignore: decorator
@inline
export function applyV<T extends number>(
  isAffine: bool, x: v128, dropped: v128, scale: v128, shift: v128, fill: v128,
): v128 {
  const y = v128.mul<T>(x, scale);
  return isAffine ? v128.bitselect(fill, v128.add<T>(y, shift), dropped) : v128.andnot(y, dropped);
}

// @ts-ignore: decorator
@inline
export function apply8F32(
  isAffine: bool, src: usize, dst: usize, dropped: v128, scale: v128, shift: v128, fill: v128,
): void {
  v128.store(dst, applyV<f32>(isAffine, v128.load(src), low32(dropped), scale, shift, fill));
  v128.store(dst + 16, applyV<f32>(isAffine, v128.load(src + 16), high32(dropped), scale, shift, fill));
}

// @ts-ignore: decorator
@inline
export function apply8F64(
  isAffine: bool, src: usize, dst: usize, dropped: v128, scale: v128, shift: v128, fill: v128,
): void {
  const low = low32(dropped);
  const high = high32(dropped);
  v128.store(dst, applyV<f64>(isAffine, v128.load(src), i64x2.extend_low_i32x4_s(low), scale, shift, fill));
  v128.store(dst + 16, applyV<f64>(isAffine, v128.load(src + 16), i64x2.extend_high_i32x4_s(low), scale, shift, fill));
  v128.store(dst + 32, applyV<f64>(isAffine, v128.load(src + 32), i64x2.extend_low_i32x4_s(high), scale, shift, fill));
  v128.store(dst + 48, applyV<f64>(isAffine, v128.load(src + 48), i64x2.extend_high_i32x4_s(high), scale, shift, fill));
}

// @ts-ignore: decorator
@inline
export function apply1<T extends number>(
  isAffine: bool, src: usize, dst: usize, dropped: bool, scale: T, shift: T, fill: T,
): void {
  const y = (load<T>(src) * scale) as T;
  store<T>(dst, isAffine ? select<T>(fill, (y + shift) as T, dropped) : select<T>(0 as T, y, dropped));
}
