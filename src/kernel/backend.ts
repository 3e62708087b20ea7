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
import type { Scratch } from './scratch.js';
import { WasmKernel } from './wasm.js';
import { WasmExtras } from './wasm-extras.js';
import { WasmGaussian } from './wasm-gaussian.js';

export interface Backend {
  name: 'wasm-simd' | 'reference';
  /** Why it, or a part of it, is not the WebAssembly kernel. */
  reason?: string;
}

let chosen: Kernel | undefined;
let reason: string | undefined;

/** What the engine makes of WebAssembly, and the reference, with the same bits, where it refuses. */
function orReference<K>(wasm: () => K, reference: K): K {
  try {
    return wasm();
  } catch (error) {
    reason ??= String(error);
    return reference;
  }
}

export function kernel(): Kernel {
  chosen ??= orReference<Kernel>(() => new WasmKernel(moduleOf(kernelHex)), reference);
  return chosen;
}

/** A part of the kernel beside the main one, on the same backend. */
function part<K>(wasm: (scratch: Scratch) => K, reference: K): K {
  const main = kernel();
  return main instanceof WasmKernel ? orReference(() => wasm(main.scratch), reference) : reference;
}

/**
 * The rest of the kernel, each part loaded when it is first asked for. Who uses none of it pays nothing: a bundler
 * drops it.
 */
export function extras(): Extras {
  parts.extras ??= part((scratch) => new WasmExtras(moduleOf(extrasHex), scratch), referenceExtras);
  return parts.extras;
}

export function gaussian(): Gaussian {
  parts.gaussian ??= part((scratch) => new WasmGaussian(moduleOf(gaussianHex), scratch), referenceGaussian);
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
  return { name: kernel() === reference ? 'reference' : 'wasm-simd', ...(reason !== undefined && { reason }) };
}
