/**
 * The exports of extras.wasm: pure functions, as in kernel.ts. The module is loaded on first use. Splitting the code
 * into four modules keeps each under 4096 bytes, so that every browser compiles it synchronously.
 */
import { Sink, draw } from "./dropout";

export { applyMask } from "./apply";

/** Dropout with shift and fill: kept → x · scale + shift, dropped → fill. It writes no masks. */
export function affine(
  sink: Sink, src: usize, dst: usize, n: i32, keyLo: u32, keyHi: u32, offset: f64, first: f64, P: f64,
  scale: f64, shift: f64, fill: f64, repeats: i32, row: i32, run: i32,
): void {
  draw(true, sink, src, dst, n, keyLo, keyHi, offset, first, P, scale, shift, fill, repeats, row, run);
}
