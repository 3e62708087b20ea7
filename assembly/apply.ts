/**
 * Applies a mask that the caller provides:
 *
 *   bytes   element i is byte i, nonzero = kept
 *   bits    element i is bit i % 8 of byte i / 8, 1 = kept
 */
import { apply8F32, apply8F64 } from "./affine";
import { spread } from "./spread";

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
    if (isF64) apply8F64(true, src + (i << 3), dst + (i << 3), dropped, scale64, shift64, fill64);
    else apply8F32(true, src + (i << 2), dst + (i << 2), dropped, scale32, shift32, fill32);
  }
  if (i < n) {
    // The last elements, as noise that is not broadcast.
    let flags: u32 = 0;
    if (isBits) flags = ~load<u8>(mask + (i >> 3));
    else for (let j = n; j-- > i;) flags = (flags << 1) | u32(!load<u8>(mask + j));
    spread(true, src, dst, isF64, i, n, flags, 1, n, 1, scale, shift, fill);
  }
}
