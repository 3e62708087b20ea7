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
import { bit, bits32, bytes32, toBits } from "./mask";
import { scale1F32, scale1F64, scale8F32, scale8F64 } from "./scale";
import { BLOCK, GAMMA, STEP, WORDS, drops, mix, next, threshold } from "./stream";

/** What becomes of the flags. One loop for all keeps the module under 4096 bytes; a branch a step is free. */
export const enum Sink { F32, F64, Bytes, Bits }

/**
 * Writes n elements (n at most 2^30), element 0 from place `offset` of the stream of `key`. P is the drop probability in units of 2^-32; src and scale serve the sinks F32 and F64 only.
 */
export function run(sink: Sink, src: usize, dst: usize, n: i32, key: u64, offset: u64, P: u64, scale: f64): void {
  const s32 = f32x4.splat(f32(scale));
  const s64 = f64x2.splat(scale);

  // i: the first element of the call in this block. k: the first element of a step; below i while skipping.
  for (let i = 0; i < n;) {
    const at = offset + u64(i);
    let k = i - (i32(at) & (BLOCK - 1));
    const end = min(n, k + BLOCK);
    const base = key + (at / BLOCK) * WORDS * GAMMA;

    let t = threshold(base, P);
    let stride = i64x2.splat(2 * GAMMA);
    let w = i64x2.add(i64x2.splat(base), i64x2(GAMMA, 2 * GAMMA));
    if (t > 0x7fff) {
      // T = 65536 drops all, but 32768 is no signed 16-bit number. Lanes of zeros give zeros for ever,
      // and those are below any positive threshold.
      t = 0x7fff;
      w = stride = i64x2.splat(0);
    }
    const T = i16x8.splat(i16(t));

    // s0 of lanes 0 … 7 in a0 … a3, s1 in b0 … b3
    let a0 = mix(w);
    let a1 = mix(w = i64x2.add(w, stride));
    let a2 = mix(w = i64x2.add(w, stride));
    let a3 = mix(w = i64x2.add(w, stride));
    let b0 = mix(w = i64x2.add(w, stride));
    let b1 = mix(w = i64x2.add(w, stride));
    let b2 = mix(w = i64x2.add(w, stride));
    let b3 = mix(i64x2.add(w, stride));

    for (; k < end; k += STEP) {
      // Two steps an iteration let (a, b) change roles instead of places: 8 % faster than one.
      if (sink == Sink.F32 && k >= i) {
        for (; end - k >= 2 * STEP; k += 2 * STEP) {
          a0 = next(a0, b0);
          a1 = next(a1, b1);
          a2 = next(a2, b2);
          a3 = next(a3, b3);
          scale8F32(src, dst, k, drops(T, a0, b0), s32);
          scale8F32(src, dst, k + 8, drops(T, a1, b1), s32);
          scale8F32(src, dst, k + 16, drops(T, a2, b2), s32);
          scale8F32(src, dst, k + 24, drops(T, a3, b3), s32);
          b0 = next(b0, a0);
          b1 = next(b1, a1);
          b2 = next(b2, a2);
          b3 = next(b3, a3);
          scale8F32(src, dst, k + 32, drops(T, a0, b0), s32);
          scale8F32(src, dst, k + 40, drops(T, a1, b1), s32);
          scale8F32(src, dst, k + 48, drops(T, a2, b2), s32);
          scale8F32(src, dst, k + 56, drops(T, a3, b3), s32);
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

      if (sink != Sink.F32 && k >= i && end - k >= STEP) {
        if (sink == Sink.F64) {
          scale8F64(src, dst, k, d0, s64);
          scale8F64(src, dst, k + 8, d1, s64);
          scale8F64(src, dst, k + 16, d2, s64);
          scale8F64(src, dst, k + 24, d3, s64);
        } else if (sink == Sink.Bytes) bytes32(dst, k, d0, d1, d2, d3);
        else bits32(dst, k, ~toBits(d0, d1, d2, d3));
      } else {
        // Before the call (no element), across one of its ends, or an f32 step with no second one.
        const flags = toBits(d0, d1, d2, d3);
        const stop = min(k + STEP, end);
        for (let j = max(k, i); j < stop; ++j) {
          const dropped = bool((flags >>> (j - k)) & 1);
          if (sink == Sink.F32) scale1F32(src, dst, j, dropped, f32(scale));
          else if (sink == Sink.F64) scale1F64(src, dst, j, dropped, scale);
          else if (sink == Sink.Bytes) store<u8>(dst + j, u8(!dropped));
          else bit(dst, j, dropped);
        }
      }
    }
    i = end;
  }
}
