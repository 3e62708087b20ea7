/**
 * What happens to the numbers: kept → x · scale + shift, dropped → fill, whatever x was. A dropped element is
 * selected away, never multiplied by 0, so that NaN and ±Inf end there.
 *
 * Plain dropout has shift −0, which changes no bit of any product, and fill +0.
 *
 *   dropped   d0     d1     d2     d3     d4     d5     d6     d7      8 × i16, 0 or −1
 *   f32       [low half, widened to 4 × i32]  [high half]              2 vectors
 *   f64       [low, low] [low, high] [high, low] [high, high]          4 vectors
 *
 * src and dst are where the elements lie, and may be the same.
 */

/**
 * Eight f32 of plain dropout, for the hot loop. A flag beside itself is the flag in 32 bits: one unpack, where
 * extend_high takes two (8 % of the loop on x86); elsewhere the 14 bytes that a shuffle is longer count for more.
 */
// @ts-ignore: decorator
@inline
export function scale8F32(src: usize, dst: usize, dropped: v128, scale: v128): void {
  v128.store(dst, v128.andnot(f32x4.mul(v128.load(src), scale), v128.shuffle<i16>(dropped, dropped, 0, 8, 1, 9, 2, 10, 3, 11)));
  v128.store(dst, v128.andnot(f32x4.mul(v128.load(src, 16), scale), v128.shuffle<i16>(dropped, dropped, 4, 12, 5, 13, 6, 14, 7, 15)), 16);
}

/** Eight f64 of plain dropout. */
// @ts-ignore: decorator
@inline
export function scale8F64(src: usize, dst: usize, dropped: v128, scale: v128): void {
  const front = i32x4.extend_low_i16x8_s(dropped);
  const back = i32x4.extend_high_i16x8_s(dropped);
  v128.store(dst, v128.andnot(f64x2.mul(v128.load(src), scale), i64x2.extend_low_i32x4_s(front)));
  v128.store(dst, v128.andnot(f64x2.mul(v128.load(src, 16), scale), i64x2.extend_high_i32x4_s(front)), 16);
  v128.store(dst, v128.andnot(f64x2.mul(v128.load(src, 32), scale), i64x2.extend_low_i32x4_s(back)), 32);
  v128.store(dst, v128.andnot(f64x2.mul(v128.load(src, 48), scale), i64x2.extend_high_i32x4_s(back)), 48);
}

/** Eight f32. */
// @ts-ignore: decorator
@inline
export function affine8F32(src: usize, dst: usize, dropped: v128, scale: v128, shift: v128, fill: v128): void {
  v128.store(dst, v128.bitselect(fill, f32x4.add(f32x4.mul(v128.load(src), scale), shift), i32x4.extend_low_i16x8_s(dropped)));
  v128.store(dst, v128.bitselect(fill, f32x4.add(f32x4.mul(v128.load(src, 16), scale), shift), i32x4.extend_high_i16x8_s(dropped)), 16);
}

/** Eight f64. */
// @ts-ignore: decorator
@inline
export function affine8F64(src: usize, dst: usize, dropped: v128, scale: v128, shift: v128, fill: v128): void {
  const front = i32x4.extend_low_i16x8_s(dropped);
  const back = i32x4.extend_high_i16x8_s(dropped);
  v128.store(dst, v128.bitselect(fill, f64x2.add(f64x2.mul(v128.load(src), scale), shift), i64x2.extend_low_i32x4_s(front)));
  v128.store(dst, v128.bitselect(fill, f64x2.add(f64x2.mul(v128.load(src, 16), scale), shift), i64x2.extend_high_i32x4_s(front)), 16);
  v128.store(dst, v128.bitselect(fill, f64x2.add(f64x2.mul(v128.load(src, 32), scale), shift), i64x2.extend_low_i32x4_s(back)), 32);
  v128.store(dst, v128.bitselect(fill, f64x2.add(f64x2.mul(v128.load(src, 48), scale), shift), i64x2.extend_high_i32x4_s(back)), 48);
}

/** One f32. */
// @ts-ignore: decorator
@inline
export function affine1F32(src: usize, dst: usize, dropped: bool, scale: f32, shift: f32, fill: f32): void {
  store<f32>(dst, select<f32>(fill, load<f32>(src) * scale + shift, dropped));
}

/** One f64. */
// @ts-ignore: decorator
@inline
export function affine1F64(src: usize, dst: usize, dropped: bool, scale: f64, shift: f64, fill: f64): void {
  store<f64>(dst, select<f64>(fill, load<f64>(src) * scale + shift, dropped));
}
