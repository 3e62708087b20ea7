/**
 * The export of kernel.wasm: a pure function of pointers and numbers that works on the imported memory. Pointers are
 * byte addresses of any alignment, dst may be src, and nothing is written outside the result.
 */
import { Sink, draw } from "./dropout";

/** Plain dropout and masks: shift and fill are ignored. */
export function dropout(
  sink: Sink, src: usize, dst: usize, n: i32, keyLo: u32, keyHi: u32, offset: f64, first: f64, P: f64,
  scale: f64, shift: f64, fill: f64, repeats: i32, row: i32, run: i32,
): void {
  draw(false, sink, src, dst, n, keyLo, keyHi, offset, first, P, scale, shift, fill, repeats, row, run);
}
