/**
 * Draws the mask stream and writes either the scaled activations (f32, f64) or the mask (bytes, bits). Plain f32
 * dropout runs in the loop marked "The hot loop".
 *
 *   stream element   0           origin                      4096         origin + n
 *   block            |                                       |            :        (not to scale)
 *   step             |....|....|.===|====|====|====|====|====|====|====|==..|
 *                    skipped    head whole steps                       tail
 *
 * Blocks are independent of each other. Within a block, the lanes are stepped up to the first element of the call.
 * Nothing is written outside the result, and each element is read before it is written, so dst may be src.
 */
import { apply8F32, apply8F64 } from "./affine";
import { bitmask32, writeMask } from "./mask";
import { spread } from "./spread";
import { BLOCK, GAMMA, STEP, WORDS, dropFlags, next, threshold, words } from "./stream";

/** What to write. One loop for all sinks keeps the module under 4096 bytes; its branch per step is free. */
export const enum Sink {
  F32 = 0,
  F64 = 1,
  Bytes = 2,
  Bits = 3,
}

/**
 * Processes n elements (n ≤ 2^30) of the key's stream, starting at stream element offset + first.
 *
 * - The key comes in two halves because a 64-bit integer would be a BigInt in JavaScript.
 * - offset and first are integers up to 2^53, passed as f64. They are separate so that a tensor can be processed in
 *   chunks without rounding their sum.
 * - P is the drop probability in units of 2^-32: an integer from 0 to 2^32, passed as f64.
 * - The remaining parameters apply to Sink.F32 and Sink.F64 only: kept → x · scale, dropped → +0 (affine.ts), with each
 *   flag broadcast to `repeats` runs of `run` elements (spread.ts).
 * - isAffine: kept → x · scale + shift, dropped → fill; no masks. It is a constant in every call.
 */
// @ts-ignore: decorator
@inline
export function draw(
  isAffine: bool, sink: Sink, src: usize, dst: usize, n: i32, keyLo: u32, keyHi: u32, offset: f64, first: f64, P: f64,
  scale: f64, shift: f64, fill: f64, repeats: i32, row: i32, run: i32,
): void {
  const key = (u64(keyHi) << 32) | u64(keyLo);
  const origin = u64(offset) + u64(first);
  const hot = sink == Sink.F32 && repeats * run == 1;
  const scale32 = f32x4.splat(f32(scale));
  const shift32 = f32x4.splat(f32(shift));
  const fill32 = f32x4.splat(f32(fill));
  const scale64 = f64x2.splat(scale);
  const shift64 = f64x2.splat(shift);
  const fill64 = f64x2.splat(fill);

  // Each iteration handles one block, which holds elements i … end − 1 of the call. k is the first element of a step;
  // k < i while steps are skipped.
  for (let i = 0; i < n;) {
    const element = origin + u64(i);
    let k = i - (i32(element) & (BLOCK - 1));
    const end = min(n, k + BLOCK);

    let base = key + (element / BLOCK) * WORDS * GAMMA;
    let gamma = GAMMA;
    let t = threshold(base, u64(P));
    if (t > 0x7fff) {
      // T = 65536 drops everything, but T − 32768 then overflows a signed 16-bit number. All-zero lanes stay zero, and
      // 0 is below every positive threshold.
      t = 0x7fff;
      base = gamma = 0;
    }
    const T = i16x8.splat(i16(t));

    let a0 = words(base, gamma, 0);
    let a1 = words(base, gamma, 2);
    let a2 = words(base, gamma, 4);
    let a3 = words(base, gamma, 6);
    let b0 = words(base, gamma, 8);
    let b1 = words(base, gamma, 10);
    let b2 = words(base, gamma, 12);
    let b3 = words(base, gamma, 14);

    for (; k < end; k += STEP) {
      // The hot loop: f32, two steps per iteration. That lets a and b swap roles instead of being copied,
      // which is 8 % faster than one step per iteration.
      if (hot && k >= i) {
        for (; end - k >= 2 * STEP; k += 2 * STEP) {
          const x = src + (k << 2);
          const y = dst + (k << 2);
          a0 = next(a0, b0);
          a1 = next(a1, b1);
          a2 = next(a2, b2);
          a3 = next(a3, b3);
          apply8F32(isAffine, x, y, dropFlags(T, a0, b0), scale32, shift32, fill32);
          apply8F32(isAffine, x + 32, y + 32, dropFlags(T, a1, b1), scale32, shift32, fill32);
          apply8F32(isAffine, x + 64, y + 64, dropFlags(T, a2, b2), scale32, shift32, fill32);
          apply8F32(isAffine, x + 96, y + 96, dropFlags(T, a3, b3), scale32, shift32, fill32);
          b0 = next(b0, a0);
          b1 = next(b1, a1);
          b2 = next(b2, a2);
          b3 = next(b3, a3);
          apply8F32(isAffine, x + 128, y + 128, dropFlags(T, a0, b0), scale32, shift32, fill32);
          apply8F32(isAffine, x + 160, y + 160, dropFlags(T, a1, b1), scale32, shift32, fill32);
          apply8F32(isAffine, x + 192, y + 192, dropFlags(T, a2, b2), scale32, shift32, fill32);
          apply8F32(isAffine, x + 224, y + 224, dropFlags(T, a3, b3), scale32, shift32, fill32);
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
      if (k + STEP <= i) continue;
      const d0 = dropFlags(T, a0, b0);
      const d1 = dropFlags(T, a1, b1);
      const d2 = dropFlags(T, a2, b2);
      const d3 = dropFlags(T, a3, b3);

      if (!isAffine && sink >= Sink.Bytes) {
        writeMask(sink == Sink.Bits, dst, k, max(k, i), min(k + STEP, end), d0, d1, d2, d3);
        continue;
      }
      // A whole step within one row: its flags apply unchanged to every repeat. extras.wasm has no room for that of f32.
      if (run == 1 && k >= i && end - k >= STEP && (!isAffine || sink == Sink.F64)) {
        const rowIndex = repeats == 1 ? 0 : k / row;
        if (k - rowIndex * row + STEP <= row) {
          let e = k + rowIndex * (repeats - 1) * row;
          for (let r = 0; r < repeats; ++r, e += row) {
            if (isAffine) {
              // Unrolled, this would exceed 4096 bytes.
              let e0 = d0;
              let e1 = d1;
              for (let at = 0; at < 256; at += 128) {
                const x = src + (e << 3) + at;
                const y = dst + (e << 3) + at;
                apply8F64(true, x, y, e0, scale64, shift64, fill64);
                apply8F64(true, x + 64, y + 64, e1, scale64, shift64, fill64);
                e0 = d2;
                e1 = d3;
              }
            } else if (sink == Sink.F64) {
              const x = src + (e << 3);
              const y = dst + (e << 3);
              apply8F64(false, x, y, d0, scale64, shift64, fill64);
              apply8F64(false, x + 64, y + 64, d1, scale64, shift64, fill64);
              apply8F64(false, x + 128, y + 128, d2, scale64, shift64, fill64);
              apply8F64(false, x + 192, y + 192, d3, scale64, shift64, fill64);
            } else {
              const x = src + (e << 2);
              const y = dst + (e << 2);
              apply8F32(false, x, y, d0, scale32, shift32, fill32);
              apply8F32(false, x + 32, y + 32, d1, scale32, shift32, fill32);
              apply8F32(false, x + 64, y + 64, d2, scale32, shift32, fill32);
              apply8F32(false, x + 96, y + 96, d3, scale32, shift32, fill32);
            }
          }
          continue;
        }
      }
      const from = max(k, i);
      const to = min(k + STEP, end);
      const flags = bitmask32(d0, d1, d2, d3) >>> (from - k);
      spread(isAffine, src, dst, sink == Sink.F64, from, to, flags, repeats, row, run, scale, shift, fill);
    }
    i = end;
  }
}
