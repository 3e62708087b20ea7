/**
 * The modules in workerd (Cloudflare Workers), which refuses to compile bytes but imports .wasm files as modules. It has
 * no shared memory.
 * @module
 */

// @ts-expect-error: only this runtime imports a .wasm file as a WebAssembly.Module
import extras from '../../extras.wasm';
// @ts-expect-error
import fused from '../../fused.wasm';
// @ts-expect-error
import gaussian from '../../gaussian.wasm';
// @ts-expect-error
import kernel from '../../kernel.wasm';
import type { WasmModule } from './types.js';

export const kernelModule = (): WasmModule => kernel;
export const extrasModule = (): WasmModule => extras;
export const fusedModule = (): WasmModule => fused;
export const gaussianModule = (): WasmModule => gaussian;
