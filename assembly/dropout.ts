/**
 * The hot loop: draws the stream and writes, for each element of the call, whatever the sink makes of
 * its drop flag: the scaled activation (f32, f64) or its place in a mask (bytes, bits).
 *
 *   element of the stream   0        offset                                  4096
 *   block                   |--------|=======================================|====== …
 *   step (32)               |----|----|----|====|====|====|====|====|====|====|
 *                           stepped,  head  whole steps, two in an iteration  tail
 *                           unused
 *
 * Any block can be made without the ones before it; inside a block the lanes are stepped to the first
 * element. Only [dst, dst + n) is written, and each element is read before its place is written, so
 * dst may be src.
 */
import { scale8F32, scale8F64 } from "./affine";
import { mark, toBits } from "./mask";
import { spread } from "./spread";
import { BLOCK, GAMMA, STEP, WORDS, drops, next, threshold, words } from "./stream";

/** What becomes of the flags. One loop for all keeps the module under 4096 bytes; a branch a step is free. */
export const enum Sink {
  F32 = 0,
  F64 = 1,
  Bytes = 2,
  Bits = 3,
}

/**
 * Takes n elements of the key's stream (n at most 2^30), from element `offset + first` on, and writes what becomes of
 * them from the start of dst on. Those two are whole f64 up to 2^53, apart so that a tensor can be worked off in
 * pieces without their sum being rounded. A key comes as two halves, since a 64-bit integer would be a BigInt in
 * JavaScript. P is the drop probability in units of 2^-32, a whole f64 from 0 to 2^32.
 *
 * The others serve the sinks F32 and F64 only: kept → x · scale + shift, dropped → fill, each flag spread over
 * `repeats` runs of `run` elements (spread.ts).
 */
export function dropout(
  sink: Sink, src: usize, dst: usize, n: i32, keyLo: u32, keyHi: u32, offset: f64, first: f64, P: f64,
  scale: f64, shift: f64, fill: f64, repeats: i32, row: i32, run: i32,
): void {
  const key = (u64(keyHi) << 32) | u64(keyLo);
  const origin = u64(offset) + u64(first);
  const plain = sink <= Sink.F64 && reinterpret<i64>(shift) == i64.MIN_VALUE && !reinterpret<i64>(fill);
  const hot = plain && sink == Sink.F32 && repeats * run == 1;
  const s32 = f32x4.splat(f32(scale));
  const s64 = f64x2.splat(scale);

  // i: the first element of the call in this block. k: the first element of a step; below i while skipping.
  for (let i = 0; i < n;) {
    const at = origin + u64(i);
    let k = i - (i32(at) & (BLOCK - 1));
    const end = min(n, k + BLOCK);

    let base = key + (at / BLOCK) * WORDS * GAMMA;
    let gamma = GAMMA;
    let t = threshold(base, u64(P));
    if (t > 0x7fff) {
      // T = 65536 drops all, but 32768 is no signed 16-bit number. Lanes seeded with zeros give zeros for
      // ever, and those are below any positive threshold.
      t = 0x7fff;
      base = gamma = 0;
    }
    const T = i16x8.splat(i16(t));

    // s0 of lanes 0 … 7 in a0 … a3, s1 in b0 … b3
    let a0 = words(base, gamma, 0);
    let a1 = words(base, gamma, 2);
    let a2 = words(base, gamma, 4);
    let a3 = words(base, gamma, 6);
    let b0 = words(base, gamma, 8);
    let b1 = words(base, gamma, 10);
    let b2 = words(base, gamma, 12);
    let b3 = words(base, gamma, 14);

    for (; k < end; k += STEP) {
      // Two steps an iteration let (a, b) change roles instead of places: 8 % faster than one.
      if (hot && k >= i) {
        for (; end - k >= 2 * STEP; k += 2 * STEP) {
          const x = src + (k << 2);
          const y = dst + (k << 2);
          a0 = next(a0, b0);
          a1 = next(a1, b1);
          a2 = next(a2, b2);
          a3 = next(a3, b3);
          scale8F32(x, y, drops(T, a0, b0), s32);
          scale8F32(x + 32, y + 32, drops(T, a1, b1), s32);
          scale8F32(x + 64, y + 64, drops(T, a2, b2), s32);
          scale8F32(x + 96, y + 96, drops(T, a3, b3), s32);
          b0 = next(b0, a0);
          b1 = next(b1, a1);
          b2 = next(b2, a2);
          b3 = next(b3, a3);
          scale8F32(x + 128, y + 128, drops(T, a0, b0), s32);
          scale8F32(x + 160, y + 160, drops(T, a1, b1), s32);
          scale8F32(x + 192, y + 192, drops(T, a2, b2), s32);
          scale8F32(x + 224, y + 224, drops(T, a3, b3), s32);
        }
        if (k == end) break;
      }

      const c0 = next(a0, b0);
      const c1 = next(a1, b1);
      const c2 = next(a2, b2);
      const c3 = next(a3, b3);
      a0 = b0;
      a1 = b1;
      a2 = b2;
      a3 = b3;
      b0 = c0;
      b1 = c1;
      b2 = c2;
      b3 = c3;
      const d0 = drops(T, a0, b0);
      const d1 = drops(T, a1, b1);
      const d2 = drops(T, a2, b2);
      const d3 = drops(T, a3, b3);

      if (sink >= Sink.Bytes) {
        mark(sink == Sink.Bits, dst, k, max(k, i), min(k + STEP, end), d0, d1, d2, d3);
        continue;
      }
      if (plain && run == 1 && k >= i && end - k >= STEP) {
        // A whole step within one row: its flags serve every repeat as they are.
        const above = repeats == 1 ? 0 : k / row;
        if (k - above * row + STEP <= row) {
          let at = k + above * (repeats - 1) * row;
          for (let r = 0; r < repeats; ++r, at += row) {
            if (sink == Sink.F64) {
              const x = src + (at << 3);
              const y = dst + (at << 3);
              scale8F64(x, y, d0, s64);
              scale8F64(x + 64, y + 64, d1, s64);
              scale8F64(x + 128, y + 128, d2, s64);
              scale8F64(x + 192, y + 192, d3, s64);
            } else {
              const x = src + (at << 2);
              const y = dst + (at << 2);
              scale8F32(x, y, d0, s32);
              scale8F32(x + 32, y + 32, d1, s32);
              scale8F32(x + 64, y + 64, d2, s32);
              scale8F32(x + 96, y + 96, d3, s32);
            }
          }
          continue;
        }
      }
      const from = max(k, i);
      const flags = toBits(d0, d1, d2, d3) >>> (from - k);
      spread(src, dst, sink == Sink.F64, from, min(k + STEP, end), flags, repeats, row, run, scale, shift, fill);
    }
    i = end;
  }
}
