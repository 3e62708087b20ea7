/**
 * The choice of backend, made once, at the first call that needs one.
 * @module
 */
import { reference } from '../reference/index.js';
import type { Kernel } from './kernel.js';
import { kernelModule } from './module.js';
import { WasmKernel } from './wasm.js';

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
    return new WasmKernel(kernelModule());
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
 * Which implementation serves this process; both give the same bits.
 *
 * @example
 * backend(); // { name: 'wasm-simd' }, or { name: 'reference', reason: 'ReferenceError: WebAssembly …' }
 */
export function backend(): Backend {
  kernel();
  return reason ? { name: 'reference', reason } : { name: 'wasm-simd' };
}
