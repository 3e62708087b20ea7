/**
 * The reference backend: the same bits as the kernel in plain TypeScript, for reading, for tests, and
 * for engines without WebAssembly SIMD. `threshold` and `pieces` in stream.ts are the heart of it.
 * @module
 */

import { noiseLength } from '../../core/shapes.js';
import type { FloatArray } from '../../core/tensor.js';
import type { U64 } from '../../core/u64.js';
import type { Affine, Kernel, Nest } from '../interface.js';
import { affine } from './affine.js';
import { forEachElement } from './stream.js';

export const reference: Kernel = {
  dropout(x: FloatArray, out: FloatArray, key: U64, offset: number, P: number, numbers: Affine, nest?: Nest): void {
    const write = affine(x, out, numbers);
    if (!nest) {
      forEachElement(key, offset, P, x.length, write);
      return;
    }
    const noise = new Uint8Array(noiseLength(nest));
    this.mask(noise, noise.length, false, key, offset, P);
    for (let i = 0; i < x.length; i++) write(i, noise[noiseOf(i, nest)] === 1);
  },

  mask(out: Uint8Array, length: number, bits: boolean, key: U64, offset: number, P: number): void {
    const perByte = bits ? 8 : 1;
    out.fill(0, 0, Math.ceil(length / perByte));
    forEachElement(key, offset, P, length, (i, kept) => {
      out[Math.floor(i / perByte)]! |= Number(kept) << (i % perByte);
    });
  },
};

/** Which element of the noise serves element i: its coordinates along the nest, without the repeats. */
function noiseOf(i: number, nest: Nest): number {
  let index = 0;
  let stride = 1;
  for (let place = nest.length - 1; place >= 0; place--) {
    const size = nest[place]!;
    if (place % 2 === 0) {
      index += stride * (i % size);
      stride *= size;
    }
    i = Math.floor(i / size);
  }
  return index;
}
