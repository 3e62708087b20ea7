/**
 * Broadcast noise. x has shape [rows, repeats, row, run], noise has shape [rows, row], and noise element [i, j] applies
 * to all of x[i, :, j, :]:
 *
 *   row = 4, repeats = 2, run = 1      a b c d  a b c d  e f g h  e f g h
 *   row = 2, repeats = 1, run = 3      a a a b b b  c c c d d d
 */
import { apply1, apply8F32, apply8F64, applyV } from "./affine";

/** Unpacks the low eight bits of a word into drop flags of 16 bits each: 1 → −1, 0 → 0. */
// @ts-ignore: decorator
@inline
function unpackFlags8(flags: i32): v128 {
  const bits = i16x8(1, 2, 4, 8, 16, 32, 64, 128);
  return i16x8.eq(v128.and(i16x8.splat(i16(flags)), bits), bits);
}

/** Repeats each of the low m bits of a word `run` times. */
// @ts-ignore: decorator
@inline
function repeatBits(bits: u32, m: i32, run: i32): u64 {
  let word: u64 = 0;
  while (m > 0) word = (word << run) | (u64((bits >>> --m) & 1) * ((1 << run) - 1));
  return word;
}

/** Bytes from `src` to `src + bytes`, at least one vector, with one drop flag for all. */
// @ts-ignore: decorator
@inline
function applyRun<T extends number>(
  isAffine: bool, src: usize, dst: usize, bytes: i32, dropped: v128, scale: v128, shift: v128, fill: v128,
): void {
  // The last vector ends with the run and may overlap the one before it, so it is read before that one is written.
  const last = bytes - 16;
  const x = v128.load(src + last);
  for (let at = 0; at < last; at += 16)
    v128.store(dst + at, applyV<T>(isAffine, v128.load(src + at), dropped, scale, shift, fill));
  v128.store(dst + last, applyV<T>(isAffine, x, dropped, scale, shift, fill));
}

/**
 * Applies noise elements from … to − 1 of the call, at most 32. Bit 0 of `flags` is the drop flag of element `from`,
 * bit 1 the flag of the next, and so on.
 */
export function spread(
  isAffine: bool, src: usize, dst: usize, isF64: bool, from: i32, to: i32, flags: u32, repeats: i32, row: i32, run: i32,
  scale: f64, shift: f64, fill: f64,
): void {
  const scale32 = f32x4.splat(f32(scale));
  const shift32 = f32x4.splat(f32(shift));
  const fill32 = f32x4.splat(f32(fill));
  const scale64 = f64x2.splat(scale);
  const shift64 = f64x2.splat(shift);
  const fill64 = f64x2.splat(fill);
  const log2Size = isF64 ? 3 : 2;
  const bytes = run << log2Size;
  // Two or three f32.
  const isShort = run > 1 && bytes < 16;

  for (let m = 0; from < to; from += m, flags >>>= m) {
    const i = from / row;
    // The noise elements of a row cover contiguous elements of x, in each of its repeats.
    m = min(to, (i + 1) * row) - from;
    let word = u64(flags);
    if (isShort) {
      // 21 runs fit into a word.
      m = min(m, 21);
      word = repeatBits(flags, m, run);
    }
    const width = m * run;
    let x = src + (i * (repeats - 1) * row + from) * bytes;
    let y = x - src + dst;
    for (let r = 0; r < repeats; ++r, x += row * bytes, y += row * bytes) {
      if (bytes >= 16) {
        for (let q = 0; q < m; ++q) {
          const dropped = i32x4.splat(-((flags >>> q) & 1));
          const at = q * bytes;
          if (isF64) applyRun<f64>(isAffine, x + at, y + at, bytes, dropped, scale64, shift64, fill64);
          else applyRun<f32>(isAffine, x + at, y + at, bytes, dropped, scale32, shift32, fill32);
        }
        continue;
      }
      let e = 0;
      for (; e + 8 <= width; e += 8) {
        const dropped = unpackFlags8(i32(word >>> e));
        const at = e << log2Size;
        if (isF64) apply8F64(isAffine, x + at, y + at, dropped, scale64, shift64, fill64);
        else apply8F32(isAffine, x + at, y + at, dropped, scale32, shift32, fill32);
      }
      for (; e < width; ++e) {
        const isDropped = bool((word >>> e) & 1);
        const at = e << log2Size;
        if (isF64) apply1<f64>(isAffine, x + at, y + at, isDropped, scale, shift, fill);
        else apply1<f32>(isAffine, x + at, y + at, isDropped, f32(scale), f32(shift), f32(fill));
      }
    }
  }
}
