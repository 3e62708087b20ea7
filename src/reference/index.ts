/**
 * The reference backend: the same bits as the kernel in plain TypeScript, for reading, for tests, and
 * for engines without WebAssembly SIMD. `threshold` and `pieces` in stream.ts are the heart of it.
 * @module
 */
import type { FloatArray } from '../tensor.js';
import { type Draw, forEachElement } from './stream.js';

export const reference = {
  name: 'reference' as const,

  dropout(x: FloatArray, out: FloatArray, draw: Draw, scale: number): void {
    forEachElement(draw, x.length, scaled(x, out, scale));
  },

  mask(out: Uint8Array, length: number, bits: boolean, draw: Draw): void {
    if (!bits) return forEachElement(draw, length, (i, kept) => { out[i] = Number(kept); });
    out.fill(0, 0, Math.ceil(length / 8));
    forEachElement(draw, length, (i, kept) => { out[Math.floor(i / 8)]! |= Number(kept) << (i % 8); });
  },

  applyMask(x: FloatArray, mask: Uint8Array, bits: boolean, out: FloatArray, scale: number): void {
    const write = scaled(x, out, scale);
    for (let i = 0; i < x.length; i++)
      write(i, bits ? ((mask[Math.floor(i / 8)]! >> (i % 8)) & 1) === 1 : mask[i] !== 0);
  },
};

/** Kept → x · scale, rounded to the dtype at each operation; dropped → +0, whatever x was. */
function scaled(x: FloatArray, out: FloatArray, scale: number): (i: number, kept: boolean) => void {
  const s = x.BYTES_PER_ELEMENT === 4 ? Math.fround(scale) : scale;
  return (i, kept) => { out[i] = kept ? x[i]! * s : 0; };
}
