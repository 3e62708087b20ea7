/**
 * Selects the backend once, at the first call that needs one: WebAssembly, or the reference where that fails.
 * @module
 */

import { wrongType } from '../core/check.js';
import type { Extras, Gaussian, Kernel } from './interface.js';
import { referenceExtras } from './reference/extras.js';
import { referenceGaussian } from './reference/gaussian.js';
import { referenceKernel } from './reference/kernel.js';
import { kernelDigest } from './wasm/digest.js';
import { WasmExtras } from './wasm/extras.js';
import { WasmGaussian } from './wasm/gaussian.js';
import { WasmKernel } from './wasm/kernel.js';
import { extrasModule, gaussianModule, kernelModule } from './wasm/modules.js';
import type { Scratch } from './wasm/scratch.js';
import type { WasmModule } from './wasm/types.js';

/** The implementation in use. */
export interface Backend {
  /** The WebAssembly kernel or the TypeScript reference. */
  name: 'wasm-simd' | 'reference';
  /** SHA-256 of kernel.wasm. It is the same in every build of a version (docs/runtimes.md). */
  kernelDigest: string;
  /** Why the reference replaces all or part of the WebAssembly backend. */
  reason?: string;
}

let reason: string | undefined;
let selectedKernel: Kernel | undefined;
let selectedExtras: Extras | undefined;
let selectedGaussian: Gaussian | undefined;

/** Modules passed to `useModule`. */
const userModules: { kernel?: WasmModule; extras?: WasmModule; gaussian?: WasmModule } = {};

/** Creates the WebAssembly implementation, or returns the reference where the engine refuses. */
function withFallback<K>(wasm: () => K, reference: K): K {
  try {
    return wasm();
  } catch (error) {
    reason ??= String(error);
    return reference;
  }
}

export function kernel(): Kernel {
  selectedKernel ??= withFallback<Kernel>(() => new WasmKernel(userModules.kernel ?? kernelModule()), referenceKernel);
  return selectedKernel;
}

/** Selects extras or gaussian on the backend of the kernel, whose scratch memory they share. */
function onSameBackend<K>(wasm: (scratch: Scratch) => K, reference: K): K {
  const main = kernel();
  return main instanceof WasmKernel ? withFallback(() => wasm(main.scratch), reference) : reference;
}

/** Each module is loaded on first use. A module that a program never uses is tree-shaken. */
export function extras(): Extras {
  selectedExtras ??= onSameBackend(
    (scratch) => new WasmExtras(userModules.extras ?? extrasModule(), scratch),
    referenceExtras,
  );
  return selectedExtras;
}

export function gaussian(): Gaussian {
  selectedGaussian ??= onSameBackend(
    (scratch) => new WasmGaussian(userModules.gaussian ?? gaussianModule(), scratch),
    referenceGaussian,
  );
  return selectedGaussian;
}

/**
 * Supplies a compiled module, for runtimes that refuse to compile bytes and that no entry of the package covers. Call
 * it before the first call that needs the module. kernel.wasm is always required.
 *
 * @param module kernel.wasm, extras.wasm or gaussian.wasm of this package
 * @throws TypeError for any other module; Error if that module is in use already
 * @example
 * import kernel from 'dropout-wasm/kernel.wasm'; // where the bundler turns it into a WebAssembly.Module
 * useModule(kernel);
 */
export function useModule(module: WasmModule): void {
  if (Object.prototype.toString.call(module) !== '[object WebAssembly.Module]')
    throw wrongType('module', 'a WebAssembly.Module', module);
  const names = WebAssembly.Module.exports(module).map(({ name }) => name);
  const part = names.includes('dropout') ? 'kernel' : names.includes('fused') ? 'extras' : 'gaussian';
  if (part === 'gaussian' && !names.includes('noise'))
    throw wrongType('module', 'kernel.wasm, extras.wasm or gaussian.wasm', names);
  // Parts that fell back to the reference are selected again.
  if (selectedKernel === referenceKernel) selectedKernel = undefined;
  if (selectedExtras === referenceExtras) selectedExtras = undefined;
  if (selectedGaussian === referenceGaussian) selectedGaussian = undefined;
  if ({ kernel: selectedKernel, extras: selectedExtras, gaussian: selectedGaussian }[part])
    throw new Error(`${part}.wasm is in use already`);
  userModules[part] = module;
  reason = undefined;
}

/**
 * Tells which implementation is in use. Both give the same bits.
 *
 * @example
 * backend(); // { name: 'wasm-simd', kernelDigest: '4f…' }, or { name: 'reference', …, reason: 'CompileError: …' }
 */
export function backend(): Backend {
  return {
    name: kernel() === referenceKernel ? 'reference' : 'wasm-simd',
    kernelDigest,
    ...(reason !== undefined && { reason }),
  };
}
