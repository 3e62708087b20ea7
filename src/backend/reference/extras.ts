/**
 * The reference of extras.wasm: dropout with shift and fill, and a caller's mask.
 * @module
 */
import type { Extras } from '../interface.js';
import { affineWriter } from './affine.js';
import { referenceKernel } from './kernel.js';

export const referenceExtras: Extras = {
  dropout: referenceKernel.dropout,

  applyMask(x, mask, bits, out, affine) {
    const write = affineWriter(x, out, affine);
    for (let i = 0; i < x.length; i++) write(i, bits ? ((mask[Math.floor(i / 8)]! >> (i % 8)) & 1) > 0 : mask[i]! > 0);
  },
};
