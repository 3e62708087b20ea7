/**
 * The choice of backend, made once, at the first call that needs one.
 * @module
 */
import { referenceExtras } from '../reference/extras.js';
import { reference } from '../reference/index.js';
import { referenceGaussian } from '../reference/normal.js';
import { extrasHex, gaussianHex, kernelHex } from './inlined.js';
import type { Extras, Gaussian, Kernel } from './kernel.js';
import { moduleOf } from './module.js';
import { WasmKernel } from './wasm.js';
import { WasmExtras } from './wasm-extras.js';
import { WasmGaussian } from './wasm-gaussian.js';

export interface Backend {
  name: 'wasm-simd' | 'reference';
  /** Why it is not the WebAssembly kernel. */
  reason?: string;
}

let chosen: Kernel | undefined;
let reason: string | undefined;

/** The kernel where the engine takes it, and the reference, with the same bits, where it does not. */
function choose(): Kernel {
  try {
    return new WasmKernel(moduleOf(kernelHex));
  } catch (error) {
    reason = String(error);
    return reference;
  }
}

export function kernel(): Kernel {
  chosen ??= choose();
  return chosen;
}

/**
 * The rest of the kernel, on the same backend, each part loaded when it is first asked for. Who uses none of it pays
 * nothing: a bundler drops it.
 */
export function extras(): Extras {
  const main = kernel();
  parts.extras ??= main instanceof WasmKernel ? new WasmExtras(moduleOf(extrasHex), main.scratch) : referenceExtras;
  return parts.extras;
}

export function gaussian(): Gaussian {
  const main = kernel();
  parts.gaussian ??=
    main instanceof WasmKernel ? new WasmGaussian(moduleOf(gaussianHex), main.scratch) : referenceGaussian;
  return parts.gaussian;
}

const parts: { extras?: Extras; gaussian?: Gaussian } = {};

/**
 * Which implementation serves this process; both give the same bits.
 *
 * @example
 * backend(); // { name: 'wasm-simd' }, or { name: 'reference', reason: 'ReferenceError: WebAssembly …' }
 */
export function backend(): Backend {
  kernel();
  return reason ? { name: 'reference', reason } : { name: 'wasm-simd' };
}
