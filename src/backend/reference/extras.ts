/**
 * The reference of what extras.wasm does.
 * @module
 */

import type { FloatArray } from '../../core/tensor.js';
import type { U64 } from '../../core/u64.js';
import type { Affine, Extras } from '../interface.js';
import { affine, rounding } from './affine.js';
import { forEachElement } from './stream.js';

export const referenceExtras: Extras = {
  applyMask(x: FloatArray, mask: Uint8Array, bits: boolean, out: FloatArray, numbers: Affine): void {
    const write = affine(x, out, numbers);
    for (let i = 0; i < x.length; i++) write(i, bits ? ((mask[Math.floor(i / 8)]! >> (i % 8)) & 1) > 0 : mask[i]! > 0);
  },

  fused(
    x: FloatArray,
    bias: FloatArray,
    residual: FloatArray | undefined,
    out: FloatArray,
    key: U64,
    offset: number,
    P: number,
    scale: number,
  ): void {
    const round = rounding(x);
    const s = round(scale);
    forEachElement(key, offset, P, x.length, (i, kept) => {
      const y = kept ? round(round(x[i]! + bias[i % bias.length]!) * s) : 0;
      out[i] = residual ? round(y + residual[i]!) : y;
    });
  },

  fusedBackward(
    dy: FloatArray,
    dx: FloatArray,
    dbias: FloatArray,
    key: U64,
    offset: number,
    P: number,
    scale: number,
  ): void {
    const round = rounding(dy);
    const s = round(scale);
    const sums = new (dy.BYTES_PER_ELEMENT === 8 ? Float64Array : Float32Array)(dbias.length);
    forEachElement(key, offset, P, dy.length, (i, kept) => {
      const gradient = kept ? round(dy[i]! * s) : 0;
      dx[i] = gradient;
      sums[i % sums.length]! += gradient;
    });
    dbias.set(sums);
  },
};
