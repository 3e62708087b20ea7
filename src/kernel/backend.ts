/**
 * The choice of backend, made once, at the first call that needs one.
 * @module
 */
import { reference } from '../reference/index.js';
import type { Kernel } from './kernel.js';
import { kernelModule } from './module.js';
import { WasmKernel } from './wasm.js';

export interface Backend {
  name: Kernel['name'];
  /** Why it is not the WebAssembly kernel. */
  reason?: string;
}

let chosen: { kernel: Kernel; reason?: string } | undefined;

/** The kernel where the engine takes it, and the reference, with the same bits, where it does not. */
function choose(): { kernel: Kernel; reason?: string } {
  try {
    return { kernel: new WasmKernel(kernelModule()) };
  } catch (error) {
    return { kernel: reference, reason: error instanceof Error ? error.message : String(error) };
  }
}

export function kernel(): Kernel {
  chosen ??= choose();
  return chosen.kernel;
}

/**
 * Which implementation serves this process; both give the same bits.
 *
 * @example
 * backend(); // { name: 'wasm-simd' }, or { name: 'reference', reason: 'WebAssembly is not defined' }
 */
export function backend(): Backend {
  const { name } = kernel();
  const reason = chosen?.reason;
  return reason === undefined ? { name } : { name, reason };
}
