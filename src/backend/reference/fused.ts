/**
 * The reference of fused.wasm: dropout fused with bias and residual.
 * @module
 */
import { setArray } from '../../core/tensor.js';
import type { Fused } from '../interface.js';
import { rounding } from './affine.js';
import { drawsOf } from './stream.js';

export const referenceFused: Fused = {
  fused(x, bias, residual, out, draws, scale) {
    const round = rounding(x);
    const s = round(scale);
    drawsOf(draws)(0, x.length, (i, kept) => {
      const y = kept ? round(round(x[i]! + bias[i % bias.length]!) * s) : 0;
      out[i] = residual ? round(y + residual[i]!) : y;
    });
  },

  fusedBackward(dy, dx, dbias, draws, scale) {
    const round = rounding(dy);
    const s = round(scale);
    const sums = new (dy.BYTES_PER_ELEMENT === 8 ? Float64Array : Float32Array)(dbias.length);
    drawsOf(draws)(0, dy.length, (i, kept) => {
      const gradient = kept ? round(dy[i]! * s) : 0;
      dx[i] = gradient;
      sums[i % sums.length]! += gradient;
    });
    setArray(dbias, sums);
  },
};
