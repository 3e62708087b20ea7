/**
 * The backend of the entries that hold no WebAssembly: the reference, with the same bits.
 * @module
 */
import { referenceExtras } from '../reference/extras.js';
import { reference } from '../reference/index.js';
import { referenceGaussian } from '../reference/normal.js';
import type { Backend } from './backend.js';
import { kernelDigest } from './digest.js';
import type { Extras, Gaussian, Kernel } from './kernel.js';

export const kernel = (): Kernel => reference;
export const extras = (): Extras => referenceExtras;
export const gaussian = (): Gaussian => referenceGaussian;

export const backend = (): Backend => ({
  name: 'reference',
  kernelDigest,
  reason: 'this entry of dropout-wasm holds no WebAssembly',
});

export function useModule(): never {
  throw new Error('this entry of dropout-wasm takes no WebAssembly');
}
