/**
 * The choice of backend, made once, at the first call that needs one.
 * @module
 */

import { wrongType } from '../core/check.js';
import type { Extras, Gaussian, Kernel } from './interface.js';
import { referenceExtras } from './reference/extras.js';
import { referenceGaussian } from './reference/gaussian.js';
import { reference } from './reference/kernel.js';
import { kernelDigest } from './wasm/digest.js';
import { WasmExtras } from './wasm/extras.js';
import { WasmGaussian } from './wasm/gaussian.js';
import { WasmKernel } from './wasm/kernel.js';
import { extrasModule, gaussianModule, kernelModule } from './wasm/modules.js';
import type { Scratch } from './wasm/scratch.js';
import type { WasmModule } from './wasm/types.js';

export interface Backend {
  name: 'wasm-simd' | 'reference';
  /** SHA-256 of kernel.wasm, which every build of this version has (docs/runtimes.md). */
  kernelDigest: string;
  /** Why it, or a part of it, is not the WebAssembly kernel. */
  reason?: string;
}

let reason: string | undefined;
let chosen: Kernel | undefined;
let extrasChosen: Extras | undefined;
let gaussianChosen: Gaussian | undefined;

/** Modules that the caller handed over. */
const handed: { kernel?: WasmModule; extras?: WasmModule; gaussian?: WasmModule } = {};

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
  chosen ??= orReference<Kernel>(() => new WasmKernel(handed.kernel ?? kernelModule()), reference);
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
  extrasChosen ??= part((scratch) => new WasmExtras(handed.extras ?? extrasModule(), scratch), referenceExtras);
  return extrasChosen;
}

export function gaussian(): Gaussian {
  gaussianChosen ??= part(
    (scratch) => new WasmGaussian(handed.gaussian ?? gaussianModule(), scratch),
    referenceGaussian,
  );
  return gaussianChosen;
}

/**
 * Hands over a module that the program has compiled, for runtimes that refuse to compile bytes and that the package's
 * own entries do not know. To be called before the first use of what it holds, and for kernel.wasm at least.
 *
 * @param module kernel.wasm, extras.wasm or gaussian.wasm of this package
 * @throws TypeError for any other; Error if that part is in use already
 * @example
 * import kernel from 'dropout-wasm/kernel.wasm'; // where the bundler makes a WebAssembly.Module of it
 * useModule(kernel);
 */
export function useModule(module: WasmModule): void {
  if (Object.prototype.toString.call(module) !== '[object WebAssembly.Module]')
    throw wrongType('module', 'a WebAssembly.Module', module);
  const names = WebAssembly.Module.exports(module).map(({ name }) => name);
  const part = names.includes('dropout') ? 'kernel' : names.includes('fused') ? 'extras' : 'gaussian';
  if (part === 'gaussian' && !names.includes('noise'))
    throw wrongType('module', 'kernel.wasm, extras.wasm or gaussian.wasm', names);
  // What the reference had to take over is chosen anew.
  if (chosen === reference) chosen = undefined;
  if (extrasChosen === referenceExtras) extrasChosen = undefined;
  if (gaussianChosen === referenceGaussian) gaussianChosen = undefined;
  if ({ kernel: chosen, extras: extrasChosen, gaussian: gaussianChosen }[part])
    throw new Error(`${part}.wasm is in use already`);
  handed[part] = module;
  reason = undefined;
}

/**
 * Which implementation serves this process; both give the same bits.
 *
 * @example
 * backend(); // { name: 'wasm-simd', kernelDigest: '4f…' }, or { name: 'reference', …, reason: 'CompileError: …' }
 */
export function backend(): Backend {
  return {
    name: kernel() === reference ? 'reference' : 'wasm-simd',
    kernelDigest,
    ...(reason !== undefined && { reason }),
  };
}
