/**
 * Applies a mask that the caller provides:
 *
 *   bytes   element i is byte i, nonzero = kept
 *   bits    element i is bit i % 8 of byte i / 8, 1 = kept
 */
import { affine1F32, affine1F64, affine8F32, affine8F64 } from "./affine";

/** The drop flag of element i. */
// @ts-ignore: decorator
@inline
function dropFlag(mask: usize, i: i32, isBits: bool): bool {
  return isBits ? !((load<u8>(mask + (i >> 3)) >>> (i & 7)) & 1) : !load<u8>(mask + i);
}

/** The drop flags of elements i … i + 7, where i is a multiple of 8. */
// @ts-ignore: decorator
@inline
function dropFlags8(mask: usize, i: i32, isBits: bool): v128 {
  const kept = isBits
    ? v128.and(v128.load8_splat(mask + (i >> 3)), i16x8(1, 2, 4, 8, 16, 32, 64, 128))
    : v128.load8x8_u(mask + i);
  return i16x8.eq(kept, i16x8.splat(0));
}

/** Writes n elements (n ≤ 2^30), f64 if `isF64`, otherwise f32: kept → x · scale + shift, dropped → fill. */
export function applyMask(
  src: usize, mask: usize, dst: usize, n: i32, isF64: bool, isBits: bool, scale: f64, shift: f64, fill: f64,
): void {
  const scale32 = f32x4.splat(f32(scale));
  const shift32 = f32x4.splat(f32(shift));
  const fill32 = f32x4.splat(f32(fill));
  const scale64 = f64x2.splat(scale);
  const shift64 = f64x2.splat(shift);
  const fill64 = f64x2.splat(fill);
  const whole = n & -8;
  let i = 0;
  for (; i < whole; i += 8) {
    const dropped = dropFlags8(mask, i, isBits);
    if (isF64) affine8F64(src + (i << 3), dst + (i << 3), dropped, scale64, shift64, fill64);
    else affine8F32(src + (i << 2), dst + (i << 2), dropped, scale32, shift32, fill32);
  }
  for (; i < n; ++i) {
    const dropped = dropFlag(mask, i, isBits);
    if (isF64) affine1F64(src + (i << 3), dst + (i << 3), dropped, scale, shift, fill);
    else affine1F32(src + (i << 2), dst + (i << 2), dropped, f32(scale), f32(shift), f32(fill));
  }
}
