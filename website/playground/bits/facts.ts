/** What runs in this browser. */
import { backend } from 'dropout-wasm';

export function facts(): [name: string, value: string][] {
  const { name, reason, kernelDigest } = backend();
  return [
    ['backend', name === 'wasm-simd' ? 'wasm-simd, the WebAssembly kernel' : 'reference, the same bits in TypeScript'],
    ...(reason === undefined ? [] : ([['reason', reason]] satisfies [string, string][])),
    ['SHA-256 of the kernel', kernelDigest],
    ['WebAssembly', typeof WebAssembly === 'object' ? 'yes' : 'no'],
    ['threads of the processor', `${navigator.hardwareConcurrency}`],
    ['cross-origin isolated, as shared memory needs', crossOriginIsolated ? 'yes' : 'no'],
    ['Float16Array', 'Float16Array' in globalThis ? 'yes' : 'no'],
    ['browser', navigator.userAgent],
  ];
}
