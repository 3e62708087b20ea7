/** What every suite runs over: both kernels on their own, and the whole package on each of them. */
import { vi } from 'vitest';
import type { Backend } from '../src/kernel/backend.js';
import type { Extras, Gaussian, Kernel } from '../src/kernel/kernel.js';
import { extrasModule, gaussianModule, kernelModule } from '../src/kernel/modules.js';
import { WasmKernel } from '../src/kernel/wasm.js';
import { WasmExtras } from '../src/kernel/wasm-extras.js';
import { WasmGaussian } from '../src/kernel/wasm-gaussian.js';
import { referenceExtras } from '../src/reference/extras.js';
import { reference } from '../src/reference/index.js';
import { referenceGaussian } from '../src/reference/normal.js';

type Name = Backend['name'];

const wasm = new WasmKernel(kernelModule());

export const kernels: [Name, Kernel][] = [
  ['wasm-simd', wasm],
  ['reference', reference],
];

export const extras: [Name, Extras][] = [
  ['wasm-simd', new WasmExtras(extrasModule(), wasm.scratch)],
  ['reference', referenceExtras],
];

export const gaussians: [Name, Gaussian][] = [
  ['wasm-simd', new WasmGaussian(gaussianModule(), wasm.scratch)],
  ['reference', referenceGaussian],
];

export type Package = typeof import('../src/index.js');

/** A fresh copy of the package that has settled for the named backend, as it would under a strict CSP. */
export async function load(name: Name): Promise<Package> {
  vi.resetModules();
  const { Module } = WebAssembly;
  try {
    if (name === 'reference')
      WebAssembly.Module = class {
        constructor() {
          throw new WebAssembly.CompileError('forbidden by the test');
        }
      } as never;
    const fresh = await import('../src/index.js');
    if (fresh.backend().name !== name) throw new Error(`the backend is ${fresh.backend().name}`);
    return fresh;
  } finally {
    WebAssembly.Module = Module;
  }
}

export const packages: [Name, Package][] = [
  ['wasm-simd', await load('wasm-simd')],
  ['reference', await load('reference')],
];
