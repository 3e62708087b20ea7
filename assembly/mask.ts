/**
 * Masks in memory, 1 = kept: writing the stream's flags as bytes or bits.
 *
 *   bytes   element i is byte i: 0 or 1
 *   bits    element i is bit i % 8 of byte i / 8; the last byte's unused bits are 0
 */
/** A step's drop flags as the bits of one word, element 0 in bit 0. */
// @ts-ignore: decorator
@inline
export function toBits(d0: v128, d1: v128, d2: v128, d3: v128): u32 {
  return u32(i8x16.bitmask(i8x16.narrow_i16x8_s(d0, d1)))
    | (u32(i8x16.bitmask(i8x16.narrow_i16x8_s(d2, d3))) << 16);
}

/** Writes what a step's flags say of elements from … to − 1 of the call; k is where the step begins. */
export function mark(
  bits: bool, dst: usize, k: i32, from: i32, to: i32, d0: v128, d1: v128, d2: v128, d3: v128,
): void {
  const whole = to - from == 32;
  const y = dst + k;
  if (whole && !bits) {
    v128.store(y, v128.andnot(i8x16.splat(1), i8x16.narrow_i16x8_s(d0, d1)));
    v128.store(y, v128.andnot(i8x16.splat(1), i8x16.narrow_i16x8_s(d2, d3)), 16);
    return;
  }
  const kept = ~toBits(d0, d1, d2, d3);
  if (whole) bits32(dst, k, kept);
  else
    for (let j = from; j < to; ++j) {
      const flag = (kept >>> (j - k)) & 1;
      if (bits) bit(dst, j, flag);
      else store<u8>(dst + j, flag);
    }
}

/**
 * Writes a step of a bit mask. Where the stream's steps lie across the mask's bytes, the first byte is
 * already begun and the other bits fill exactly the four after it.
 */
// @ts-ignore: decorator
@inline
function bits32(dst: usize, i: i32, kept: u32): void {
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
function bit(dst: usize, i: i32, kept: u32): void {
  const y = dst + (i >> 3);
  const r = i & 7;
  store<u8>(y, (r ? load<u8>(y) : 0) | (kept << r));
}
