/**
 * Where the kernel comes from: inlined by the bundler as text and decoded on first use, so that an
 * import does no work.
 * @module
 */
import base64 from '../../dist/kernel.wasm';

export const kernelModule = (): WebAssembly.Module =>
  new WebAssembly.Module(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)));
