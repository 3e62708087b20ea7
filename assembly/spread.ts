/**
 * Broadcast noise. x has shape [rows, repeats, row, run], noise has shape [rows, row], and noise element [i, j] applies
 * to all of x[i, :, j, :]:
 *
 *   row = 4, repeats = 2, run = 1      a b c d  a b c d  e f g h  e f g h
 *   row = 2, repeats = 1, run = 3      a a a b b b  c c c d d d
 */
import { affine1F32, affine1F64, affine8F32, affine8F64 } from "./affine";

/** Unpacks the low eight bits of a word into drop flags of 16 bits each: 1 → −1, 0 → 0. */
// @ts-ignore: decorator
@inline
function unpackFlags8(flags: i32): v128 {
  const bits = i16x8(1, 2, 4, 8, 16, 32, 64, 128);
  return i16x8.eq(v128.and(i16x8.splat(i16(flags)), bits), bits);
}

/**
 * Applies noise elements from … to − 1 of the call. Bit 0 of `flags` is the drop flag of element `from`, bit 1 the flag
 * of the next, and so on.
 */
export function spread(
  src: usize, dst: usize, isF64: bool, from: i32, to: i32, flags: i32, repeats: i32, row: i32, run: i32,
  scale: f64, shift: f64, fill: f64,
): void {
  const scale32 = f32x4.splat(f32(scale));
  const shift32 = f32x4.splat(f32(shift));
  const fill32 = f32x4.splat(f32(fill));
  const scale64 = f64x2.splat(scale);
  const shift64 = f64x2.splat(shift);
  const fill64 = f64x2.splat(fill);

  for (let m = 1; from < to; from += m, flags >>= m) {
    const i = from / row;
    // m noise elements cover contiguous elements of x: the rest of the row if run is 1, otherwise one run.
    if (run == 1) m = min(to, (i + 1) * row) - from;
    const width = m * run;
    // Bit e of `word` is the flag of element e. The flag of a run fills the word.
    const word = run == 1 ? flags : -(flags & 1);
    let begin = (i * (repeats - 1) * row + from) * run;
    for (let r = 0; r < repeats; ++r, begin += row * run) {
      let e = 0;
      if (isF64) {
        let x = src + (begin << 3);
        let y = dst + (begin << 3);
        for (; e + 8 <= width; e += 8, x += 64, y += 64)
          affine8F64(x, y, unpackFlags8(word >> e), scale64, shift64, fill64);
        for (; e < width; ++e, x += 8, y += 8)
          affine1F64(x, y, bool((word >> e) & 1), scale, shift, fill);
      } else {
        let x = src + (begin << 2);
        let y = dst + (begin << 2);
        for (; e + 8 <= width; e += 8, x += 32, y += 32)
          affine8F32(x, y, unpackFlags8(word >> e), scale32, shift32, fill32);
        for (; e < width; ++e, x += 4, y += 4)
          affine1F32(x, y, bool((word >> e) & 1), f32(scale), f32(shift), f32(fill));
      }
    }
  }
}
