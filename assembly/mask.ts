/**
 * Writes drop flags as a mask in memory, 1 = kept:
 *
 *   bytes   element i is byte i, 0 or 1
 *   bits    element i is bit i % 8 of byte i / 8; unused bits of the last byte are 0
 */

/** Packs the drop flags of a step into one word, element 0 in bit 0. */
// @ts-ignore: decorator
@inline
export function bitmask32(d0: v128, d1: v128, d2: v128, d3: v128): u32 {
  return u32(i8x16.bitmask(i8x16.narrow_i16x8_s(d0, d1)))
    | (u32(i8x16.bitmask(i8x16.narrow_i16x8_s(d2, d3))) << 16);
}

/**
 * Writes mask elements from … to − 1 of the call. They belong to the step that begins at element k and has the drop
 * flags d0 … d3.
 */
export function writeMask(
  isBits: bool, dst: usize, k: i32, from: i32, to: i32, d0: v128, d1: v128, d2: v128, d3: v128,
): void {
  const whole = to - from == 32;
  const y = dst + k;
  if (whole && !isBits) {
    v128.store(y, v128.andnot(i8x16.splat(1), i8x16.narrow_i16x8_s(d0, d1)));
    v128.store(y, v128.andnot(i8x16.splat(1), i8x16.narrow_i16x8_s(d2, d3)), 16);
    return;
  }
  const kept = ~bitmask32(d0, d1, d2, d3);
  if (whole) storeBits32(dst, k, kept);
  else
    for (let j = from; j < to; ++j) {
      const flag = (kept >>> (j - k)) & 1;
      if (isBits) storeBit(dst, j, flag);
      else store<u8>(dst + j, flag);
    }
}

/**
 * Writes a whole step to a bit mask. If the step begins in the middle of a byte, it completes that byte and ends in the
 * fourth byte after it, so the u32 store stays within the mask.
 */
// @ts-ignore: decorator
@inline
function storeBits32(dst: usize, i: i32, kept: u32): void {
  const y = dst + (i >> 3);
  const r = i & 7;
  if (r) {
    store<u8>(y, load<u8>(y) | (kept << r));
    store<u32>(y, kept >>> (8 - r), 1);
  } else store<u32>(y, kept);
}

/** Writes one element of a bit mask. The first element of a byte clears the other bits. */
// @ts-ignore: decorator
@inline
function storeBit(dst: usize, i: i32, kept: u32): void {
  const y = dst + (i >> 3);
  const r = i & 7;
  store<u8>(y, (r ? load<u8>(y) : 0) | (kept << r));
}
