/** What every suite runs over: both kernels on their own, and the whole package on each of them. */
import { vi } from 'vitest';
import type { Extras, Gaussian, Kernel } from '../../src/backend/interface.js';
import { referenceExtras } from '../../src/backend/reference/extras.js';
import { referenceGaussian } from '../../src/backend/reference/gaussian.js';
import { referenceKernel } from '../../src/backend/reference/kernel.js';
import type { Backend } from '../../src/backend/select.js';
import { WasmExtras } from '../../src/backend/wasm/extras.js';
import { WasmGaussian } from '../../src/backend/wasm/gaussian.js';
import { WasmKernel } from '../../src/backend/wasm/kernel.js';
import { extrasModule, gaussianModule, kernelModule } from '../../src/backend/wasm/modules.js';

type Name = Backend['name'];

const wasm = new WasmKernel(kernelModule());

export const kernels: [Name, Kernel][] = [
  ['wasm-simd', wasm],
  ['reference', referenceKernel],
];

export const extras: [Name, Extras][] = [
  ['wasm-simd', new WasmExtras(extrasModule(), wasm.scratch)],
  ['reference', referenceExtras],
];

export const gaussians: [Name, Gaussian][] = [
  ['wasm-simd', new WasmGaussian(gaussianModule(), wasm.scratch)],
  ['reference', referenceGaussian],
];

export type Package = typeof import('../../src/index.js');

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
    const fresh = await import('../../src/index.js');
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
