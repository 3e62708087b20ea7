/**
 * Noise that is broadcast, element by element of it. x is rows · repeats · row · run elements, and noise element
 * (i, j) serves x[i, every, j, every]:
 *
 *   row = 4, repeats = 2, run = 1      a b c d  a b c d  e f g h  e f g h
 *   row = 2, repeats = 1, run = 3      a a a b b b  c c c d d d
 */
import { affine1F32, affine1F64, affine8F32, affine8F64 } from "./affine";

/** Drop flags of eight elements from the low bits of a word, as 0 or −1 in 16 bits each. */
// @ts-ignore: decorator
@inline
function dropped8(flags: i32): v128 {
  const bits = i16x8(1, 2, 4, 8, 16, 32, 64, 128);
  return i16x8.eq(v128.and(i16x8.splat(i16(flags)), bits), bits);
}

/** Noise elements from … to − 1 of the call, whose drop flags are the bits of `flags` from bit 0 on. */
export function spread(
  src: usize, dst: usize, wide: bool, from: i32, to: i32, flags: i32, repeats: i32, row: i32, run: i32,
  scale: f64, shift: f64, fill: f64,
): void {
  const a32 = f32x4.splat(f32(scale));
  const b32 = f32x4.splat(f32(shift));
  const c32 = f32x4.splat(f32(fill));
  const a64 = f64x2.splat(scale);
  const b64 = f64x2.splat(shift);
  const c64 = f64x2.splat(fill);

  for (let m = 1; from < to; from += m, flags >>= m) {
    const i = from / row;
    // Elements side by side: a flag for each of one row, or one flag's run.
    if (run == 1) m = min(to, (i + 1) * row) - from;
    const width = m * run;
    // A shared flag fills its word, to be found wherever one is looked for.
    const word = run == 1 ? flags : -(flags & 1);
    let at = (i * (repeats - 1) * row + from) * run;
    for (let r = 0; r < repeats; ++r, at += row * run) {
      let e = 0;
      if (wide) {
        let x = src + (at << 3);
        let y = dst + (at << 3);
        for (; e + 8 <= width; e += 8, x += 64, y += 64) affine8F64(x, y, dropped8(word >> e), a64, b64, c64);
        for (; e < width; ++e, x += 8, y += 8) affine1F64(x, y, bool((word >> e) & 1), scale, shift, fill);
      } else {
        let x = src + (at << 2);
        let y = dst + (at << 2);
        for (; e + 8 <= width; e += 8, x += 32, y += 32) affine8F32(x, y, dropped8(word >> e), a32, b32, c32);
        for (; e < width; ++e, x += 4, y += 4) affine1F32(x, y, bool((word >> e) & 1), f32(scale), f32(shift), f32(fill));
      }
    }
  }
}
