/**
 * The reference backend: the same bits as the kernel in plain TypeScript, for reading, for tests, and
 * for engines without WebAssembly SIMD. `threshold` and `pieces` in stream.ts are the heart of it.
 * @module
 */
import type { FloatArray } from '../tensor.js';
import type { U64 } from '../u64.js';
import { forEachElement } from './stream.js';

export const reference = {
  dropout(x: FloatArray, out: FloatArray, key: U64, offset: number, P: number, scale: number): void {
    forEachElement(key, offset, P, x.length, scaled(x, out, scale));
  },

  mask(out: Uint8Array, length: number, bits: boolean, key: U64, offset: number, P: number): void {
    const perByte = bits ? 8 : 1;
    out.fill(0, 0, Math.ceil(length / perByte));
    forEachElement(key, offset, P, length, (i, kept) => {
      out[Math.floor(i / perByte)]! |= Number(kept) << (i % perByte);
    });
  },

  applyMask(x: FloatArray, mask: Uint8Array, bits: boolean, out: FloatArray, scale: number): void {
    const write = scaled(x, out, scale);
    for (let i = 0; i < x.length; i++) write(i, bits ? ((mask[Math.floor(i / 8)]! >> (i % 8)) & 1) > 0 : mask[i]! > 0);
  },
};

/** Kept → x · scale, rounded to the dtype at each operation; dropped → +0, whatever x was. */
function scaled(x: FloatArray, out: FloatArray, scale: number): (i: number, kept: boolean) => void {
  const s = x.BYTES_PER_ELEMENT === 4 ? Math.fround(scale) : scale;
  return (i, kept) => {
    out[i] = kept ? x[i]! * s : 0;
  };
}
