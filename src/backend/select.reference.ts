/**
 * The selection in entries without WebAssembly: always the reference, with the same bits.
 * @module
 */
import type { Extras, Fused, Gaussian, Kernel } from './interface.js';
import { referenceExtras } from './reference/extras.js';
import { referenceFused } from './reference/fused.js';
import { referenceGaussian } from './reference/gaussian.js';
import { referenceKernel } from './reference/kernel.js';
import type { Backend } from './select.js';
import { kernelDigest } from './wasm/digest.js';

export const kernel = (): Kernel => referenceKernel;
export const extras = (): Extras => referenceExtras;
export const fused = (): Fused => referenceFused;
export const gaussian = (): Gaussian => referenceGaussian;

export const backend = (): Backend => ({
  name: 'reference',
  kernelDigest,
  reason: 'this entry of dropout-wasm holds no WebAssembly',
});

export function useModule(): never {
  throw new Error('this entry of dropout-wasm takes no WebAssembly');
}
