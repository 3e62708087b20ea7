/**
 * Element arithmetic: kept → x · scale + shift, dropped → fill. Dropped elements are masked out, never multiplied by 0,
 * so NaN and ±Inf are dropped too.
 *
 * Plain dropout has fill +0 and shift −0. Adding −0 changes no bit of any product.
 *
 *   dropped   d0    d1    d2    d3    d4    d5    d6    d7      one vector, flags of 16 bits: 0 or −1
 *   f32       low                     high                      two vectors, flags widened to 32 bits
 *   f64       d01         d23         d45         d67           four vectors, flags widened to 64 bits
 *
 * The 8 or 1 in a function name is the number of elements it handles. src and dst are their addresses and may be equal.
 */

/**
 * Plain dropout of f32, for the hot loop. Duplicating a 16-bit flag widens it to 32 bits in one unpack instruction,
 * where extend_high takes two (8 % of the loop on x86). Outside hot loops, the shuffle's 14 extra bytes matter more.
 */
// @ts-ignore: decorator
@inline
export function scale8F32(src: usize, dst: usize, dropped: v128, scale: v128): void {
  const low = v128.shuffle<i16>(dropped, dropped, 0, 8, 1, 9, 2, 10, 3, 11);
  const high = v128.shuffle<i16>(dropped, dropped, 4, 12, 5, 13, 6, 14, 7, 15);
  v128.store(dst, v128.andnot(f32x4.mul(v128.load(src), scale), low));
  v128.store(dst, v128.andnot(f32x4.mul(v128.load(src, 16), scale), high), 16);
}

/** Plain dropout of f64. */
// @ts-ignore: decorator
@inline
export function scale8F64(src: usize, dst: usize, dropped: v128, scale: v128): void {
  const low = i32x4.extend_low_i16x8_s(dropped);
  const high = i32x4.extend_high_i16x8_s(dropped);
  const d01 = i64x2.extend_low_i32x4_s(low);
  const d23 = i64x2.extend_high_i32x4_s(low);
  const d45 = i64x2.extend_low_i32x4_s(high);
  const d67 = i64x2.extend_high_i32x4_s(high);
  v128.store(dst, v128.andnot(f64x2.mul(v128.load(src), scale), d01));
  v128.store(dst, v128.andnot(f64x2.mul(v128.load(src, 16), scale), d23), 16);
  v128.store(dst, v128.andnot(f64x2.mul(v128.load(src, 32), scale), d45), 32);
  v128.store(dst, v128.andnot(f64x2.mul(v128.load(src, 48), scale), d67), 48);
}

// @ts-ignore: decorator
@inline
export function affine8F32(src: usize, dst: usize, dropped: v128, scale: v128, shift: v128, fill: v128): void {
  const low = i32x4.extend_low_i16x8_s(dropped);
  const high = i32x4.extend_high_i16x8_s(dropped);
  v128.store(dst, v128.bitselect(fill, f32x4.add(f32x4.mul(v128.load(src), scale), shift), low));
  v128.store(dst, v128.bitselect(fill, f32x4.add(f32x4.mul(v128.load(src, 16), scale), shift), high), 16);
}

// @ts-ignore: decorator
@inline
export function affine8F64(src: usize, dst: usize, dropped: v128, scale: v128, shift: v128, fill: v128): void {
  const low = i32x4.extend_low_i16x8_s(dropped);
  const high = i32x4.extend_high_i16x8_s(dropped);
  const d01 = i64x2.extend_low_i32x4_s(low);
  const d23 = i64x2.extend_high_i32x4_s(low);
  const d45 = i64x2.extend_low_i32x4_s(high);
  const d67 = i64x2.extend_high_i32x4_s(high);
  v128.store(dst, v128.bitselect(fill, f64x2.add(f64x2.mul(v128.load(src), scale), shift), d01));
  v128.store(dst, v128.bitselect(fill, f64x2.add(f64x2.mul(v128.load(src, 16), scale), shift), d23), 16);
  v128.store(dst, v128.bitselect(fill, f64x2.add(f64x2.mul(v128.load(src, 32), scale), shift), d45), 32);
  v128.store(dst, v128.bitselect(fill, f64x2.add(f64x2.mul(v128.load(src, 48), scale), shift), d67), 48);
}

// @ts-ignore: decorator
@inline
export function affine1F32(src: usize, dst: usize, dropped: bool, scale: f32, shift: f32, fill: f32): void {
  store<f32>(dst, select<f32>(fill, load<f32>(src) * scale + shift, dropped));
}

// @ts-ignore: decorator
@inline
export function affine1F64(src: usize, dst: usize, dropped: bool, scale: f64, shift: f64, fill: f64): void {
  store<f64>(dst, select<f64>(fill, load<f64>(src) * scale + shift, dropped));
}
