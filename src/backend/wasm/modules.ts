/**
 * The modules, inlined as text and decoded on first use, so that importing the package does no work. The workerd
 * entry replaces only this file (modules.workerd.ts).
 * @module
 */
import { extrasText, fusedText, gaussianText, kernelText } from './inlined.js';
import type { WasmModule } from './types.js';

export const kernelModule = (isShared?: boolean): WasmModule => moduleOf(kernelText, isShared);
export const extrasModule = (isShared?: boolean): WasmModule => moduleOf(extrasText, isShared);
export const fusedModule = (isShared?: boolean): WasmModule => moduleOf(fusedText, isShared);
export const gaussianModule = (isShared?: boolean): WasmModule => moduleOf(gaussianText, isShared);

/** @throws the engine's error where it lacks or forbids WebAssembly */
const moduleOf = (text: string, isShared?: boolean): WasmModule =>
  new WebAssembly.Module(decode(isShared ? toShared(text) : text));

/**
 * The text of a module for shared memory. Only the import of the memory differs: the length of the section, and the
 * limits, which have a flag and a maximum of 65,536 pages.
 */
export const toShared = (text: string): string => text.replace(/;(-\/\$A.+?%5\.),,/, '>$1/,%<%<0');

/** Decodes the bytes of a module (scripts/build-kernel.js encodes them). */
export function decode(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  let n = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    // The array takes sums modulo 256.
    bytes[n++] = code < 40 ? 32 * code + text.charCodeAt(++i) - 92 : code - 44;
  }
  return bytes.subarray(0, n);
}
