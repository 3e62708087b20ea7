/**
 * What happens to the numbers: kept → x · scale, dropped → +0 whatever x was. A dropped element is
 * selected away, never multiplied by 0, so that NaN and ±Inf end there.
 *
 *   dropped   d0     d1     d2     d3     d4     d5     d6     d7      8 × i16, 0 or −1
 *   f32       [low half, widened to 4 × i32]  [high half]              2 vectors
 *   f64       [low, low] [low, high] [high, low] [high, high]          4 vectors
 *
 * src and dst are where the elements lie, and may be the same.
 */

/**
 * Eight f32. A flag beside itself is the flag in 32 bits: one unpack instruction, where extend_high takes
 * two (8 % of the hot loop on x86).
 */
// @ts-ignore: decorator
@inline
export function scale8F32(src: usize, dst: usize, dropped: v128, scale: v128): void {
  v128.store(dst, v128.andnot(f32x4.mul(v128.load(src), scale), v128.shuffle<i16>(dropped, dropped, 0, 8, 1, 9, 2, 10, 3, 11)));
  v128.store(dst, v128.andnot(f32x4.mul(v128.load(src, 16), scale), v128.shuffle<i16>(dropped, dropped, 4, 12, 5, 13, 6, 14, 7, 15)), 16);
}

/** Eight f64. */
// @ts-ignore: decorator
@inline
export function scale8F64(src: usize, dst: usize, dropped: v128, scale: v128): void {
  const low = i32x4.extend_low_i16x8_s(dropped);
  const high = i32x4.extend_high_i16x8_s(dropped);
  v128.store(dst, v128.andnot(f64x2.mul(v128.load(src), scale), i64x2.extend_low_i32x4_s(low)));
  v128.store(dst, v128.andnot(f64x2.mul(v128.load(src, 16), scale), i64x2.extend_high_i32x4_s(low)), 16);
  v128.store(dst, v128.andnot(f64x2.mul(v128.load(src, 32), scale), i64x2.extend_low_i32x4_s(high)), 32);
  v128.store(dst, v128.andnot(f64x2.mul(v128.load(src, 48), scale), i64x2.extend_high_i32x4_s(high)), 48);
}

/** One f32, for heads and tails. */
// @ts-ignore: decorator
@inline
export function scale1F32(src: usize, dst: usize, dropped: bool, scale: f32): void {
  store<f32>(dst, select<f32>(0, load<f32>(src) * scale, dropped));
}

/** One f64, for heads and tails. */
// @ts-ignore: decorator
@inline
export function scale1F64(src: usize, dst: usize, dropped: bool, scale: f64): void {
  store<f64>(dst, select<f64>(0, load<f64>(src) * scale, dropped));
}
