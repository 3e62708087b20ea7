/**
 * Where the modules come from in workerd (Cloudflare Workers), which refuses to compile bytes: imported as they are.
 * @module
 */

// @ts-expect-error: a WebAssembly.Module, in this runtime alone
import extras from '../../extras.wasm';
// @ts-expect-error
import gaussian from '../../gaussian.wasm';
// @ts-expect-error
import kernel from '../../kernel.wasm';
import type { WasmModule } from './types.js';

export const kernelModule = (): WasmModule => kernel;
export const extrasModule = (): WasmModule => extras;
export const gaussianModule = (): WasmModule => gaussian;
