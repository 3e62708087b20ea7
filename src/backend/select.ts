/**
 * Selects the backend once, at the first call that needs one: WebAssembly, or the reference where that fails or gives
 * wrong bits.
 * @module
 */
import { wrongType } from '../core/check.js';
import { areExtrasRight, isFusedRight, isGaussianRight, isKernelRight } from './answers.js';
import type { Extras, Fused, Gaussian, Kernel } from './interface.js';
import { referenceExtras } from './reference/extras.js';
import { referenceFused } from './reference/fused.js';
import { referenceGaussian } from './reference/gaussian.js';
import { referenceKernel } from './reference/kernel.js';
import { kernelDigest } from './wasm/digest.js';
import { WasmExtras } from './wasm/extras.js';
import { WasmFused } from './wasm/fused.js';
import { WasmGaussian } from './wasm/gaussian.js';
import { WasmKernel } from './wasm/kernel.js';
import { extrasModule, fusedModule, gaussianModule, kernelModule } from './wasm/modules.js';
import { Scratch } from './wasm/scratch.js';
import { reasonOf, type WasmModule } from './wasm/types.js';

/** The implementation in use: the WebAssembly kernel, or the TypeScript reference. */
export type Backend = WasmBackend | ReferenceBackend;

interface BackendInfo {
  /** SHA-256 of kernel.wasm. It is the same in every build of a version (docs/runtimes.md). */
  kernelDigest: string;
}

/** The WebAssembly kernel. */
export interface WasmBackend extends BackendInfo {
  /** Tells it from `ReferenceBackend`. */
  name: 'wasm-simd';
  /** Why the reference replaces a part of it. */
  reason?: string;
}

/** The TypeScript reference. */
export interface ReferenceBackend extends BackendInfo {
  /** Tells it from `WasmBackend`. */
  name: 'reference';
  /** Why it replaces the WebAssembly kernel: the engine's error, or wrong bits in the known-answer test. */
  reason: string;
}

let reason: string | undefined;
let selectedKernel: Kernel | undefined;
let selectedExtras: Extras | undefined;
let selectedFused: Fused | undefined;
let selectedGaussian: Gaussian | undefined;
let sharedScratch: Scratch | undefined;

function scratch(): Scratch {
  sharedScratch ??= new Scratch();
  return sharedScratch;
}

/** @throws Error unless that part of the backend gives the known bits; the engine's error where it refuses the module */
const proveKernel = (module: WasmModule): Kernel => prove(new WasmKernel(module, scratch()), isKernelRight);
const proveExtras = (module: WasmModule): Extras => prove(new WasmExtras(module, scratch()), areExtrasRight);
const proveFused = (module: WasmModule): Fused => prove(new WasmFused(module, scratch()), isFusedRight);
const proveGaussian = (module: WasmModule): Gaussian => prove(new WasmGaussian(module, scratch()), isGaussianRight);

function prove<K>(part: K, isRight: (part: K) => boolean): K {
  if (!isRight(part)) throw new Error('the module gives wrong bits here');
  return part;
}

/** Returns the WebAssembly implementation, or the reference where the engine refuses it or gives wrong bits. */
function withFallback<K>(wasm: () => K, reference: K): K {
  try {
    return wasm();
  } catch (error) {
    reason ??= reasonOf(error);
    return reference;
  }
}

export function kernel(): Kernel {
  selectedKernel ??= withFallback(() => proveKernel(kernelModule()), referenceKernel);
  return selectedKernel;
}

/** The other parts are the reference's where the kernel is. */
const onSameBackend = <K>(wasm: () => K, reference: K): K =>
  kernel() === referenceKernel ? reference : withFallback(wasm, reference);

/** Each module is loaded on first use. A module that a program never uses is tree-shaken. */
export function extras(): Extras {
  selectedExtras ??= onSameBackend(() => proveExtras(extrasModule()), referenceExtras);
  return selectedExtras;
}

export function fused(): Fused {
  selectedFused ??= onSameBackend(() => proveFused(fusedModule()), referenceFused);
  return selectedFused;
}

export function gaussian(): Gaussian {
  selectedGaussian ??= onSameBackend(() => proveGaussian(gaussianModule()), referenceGaussian);
  return selectedGaussian;
}

/**
 * Supplies a compiled module, for runtimes that refuse to compile bytes and that no entry of the package covers. Call
 * it before the first call that needs the module. kernel.wasm is always required.
 *
 * The module is instantiated and has to give the known bits for some dozen elements. That recognizes a module of another
 * kind or version, not every corruption.
 *
 * @param module kernel.wasm, extras.wasm, fused.wasm or gaussian.wasm of this package
 * @throws TypeError for any other module; Error if that module is in use already
 * @example
 * import { readFile } from 'node:fs/promises';
 * import { backend, useModule } from 'dropout-wasm';
 *
 * // Where a bundler makes a WebAssembly.Module of it: import kernel from 'dropout-wasm/kernel.wasm'
 * const file = new URL(import.meta.resolve('dropout-wasm/kernel.wasm'));
 * useModule(await WebAssembly.compile(await readFile(file)));
 * console.log(backend().name); // wasm-simd
 */
export function useModule(module: WasmModule): void {
  let names: string[];
  try {
    names = WebAssembly.Module.exports(module).map(({ name }) => name);
  } catch {
    throw wrongType('module', 'a WebAssembly.Module', module);
  }
  const has = (name: string) => names.includes(name);
  const part = has('dropout') ? 'kernel' : has('affine') ? 'extras' : has('fused') ? 'fused' : 'gaussian';
  // Parts that fell back to the reference are selected again.
  if (selectedKernel === referenceKernel) selectedKernel = undefined;
  if (selectedExtras === referenceExtras) selectedExtras = undefined;
  if (selectedFused === referenceFused) selectedFused = undefined;
  if (selectedGaussian === referenceGaussian) selectedGaussian = undefined;
  if ({ kernel: selectedKernel, extras: selectedExtras, fused: selectedFused, gaussian: selectedGaussian }[part])
    throw new Error(`${part}.wasm is in use already`);
  try {
    if (part === 'kernel') selectedKernel = proveKernel(module);
    else if (part === 'extras') selectedExtras = proveExtras(module);
    else if (part === 'fused') selectedFused = proveFused(module);
    else selectedGaussian = proveGaussian(module);
  } catch (cause) {
    const known = 'kernel.wasm, extras.wasm, fused.wasm or gaussian.wasm of this version';
    throw wrongType('module', known, names, String(cause));
  }
  reason = undefined;
}

/**
 * Tells which implementation is in use. Both give the same bits.
 *
 * @example
 * import { backend } from 'dropout-wasm';
 *
 * const { name, kernelDigest, reason } = backend();
 * console.log(name, kernelDigest.length, reason); // wasm-simd 64 undefined
 */
export function backend(): Backend {
  if (kernel() === referenceKernel) return { name: 'reference', kernelDigest, reason: reason! };
  return { name: 'wasm-simd', kernelDigest, ...(reason !== undefined && { reason }) };
}
