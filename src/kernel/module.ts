/**
 * Where the kernel comes from: inlined as text and decoded on first use, so that an import does no work.
 * @module
 */
import { kernelHex } from './inlined.js';

export const kernelModule = (): WebAssembly.Module =>
  new WebAssembly.Module(Uint8Array.from(kernelHex.match(/../g)!, (byte) => Number.parseInt(byte, 16)));
