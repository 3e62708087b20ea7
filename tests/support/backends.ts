/** Both backends on their own, and the whole package on each of them. */
import { vi } from 'vitest';
import type { Affine, Extras, Fused, Gaussian, Kernel } from '../../src/backend/interface.js';
import { referenceExtras } from '../../src/backend/reference/extras.js';
import { referenceFused } from '../../src/backend/reference/fused.js';
import { referenceGaussian } from '../../src/backend/reference/gaussian.js';
import { referenceKernel } from '../../src/backend/reference/kernel.js';
import type { Backend as Info } from '../../src/backend/select.js';
import { WasmExtras } from '../../src/backend/wasm/extras.js';
import { WasmFused } from '../../src/backend/wasm/fused.js';
import { WasmGaussian } from '../../src/backend/wasm/gaussian.js';
import { WasmKernel } from '../../src/backend/wasm/kernel.js';
import { extrasModule, fusedModule, gaussianModule, kernelModule } from '../../src/backend/wasm/modules.js';
import { Scratch } from '../../src/backend/wasm/scratch.js';
import type { Package } from './layers.js';

export type { Package };

type Name = Info['name'];

/** All parts of a backend. */
export type Backend = Kernel & Extras & Fused & Gaussian;

const isPlain = ({ shift, fill }: Affine) => Object.is(shift, -0) && Object.is(fill, 0);

const combine = (kernel: Kernel, extras: Extras, fused: Fused, gaussian: Gaussian): Backend => ({
  dropout: (...call) => (isPlain(call[3]) ? kernel : extras).dropout(...call),
  mask: (...call) => kernel.mask(...call),
  applyMask: (...call) => extras.applyMask(...call),
  fused: (...call) => fused.fused(...call),
  fusedBackward: (...call) => fused.fusedBackward(...call),
  noise: (...call) => gaussian.noise(...call),
});

const scratch = new Scratch();
const wasmKernel = new WasmKernel(kernelModule(), scratch);

export const wasm: Backend = combine(
  wasmKernel,
  new WasmExtras(extrasModule(), scratch),
  new WasmFused(fusedModule(), scratch),
  new WasmGaussian(gaussianModule(), scratch),
);

export const reference: Backend = combine(referenceKernel, referenceExtras, referenceFused, referenceGaussian);

export const backends: [Name, Backend][] = [
  ['wasm-simd', wasm],
  ['reference', reference],
];

/** A fresh copy of the package on the named backend. For the reference, WebAssembly fails as it does under a strict CSP. */
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
    const pkg = await import('../../src/index.js');
    if (pkg.backend().name !== name) throw new Error(`the backend is ${pkg.backend().name}`);
    return pkg;
  } finally {
    WebAssembly.Module = Module;
  }
}

export const packages: [Name, Package][] = [
  ['wasm-simd', await load('wasm-simd')],
  ['reference', await load('reference')],
];
