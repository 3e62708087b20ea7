/**
 * dropout-wasm: dropout at the speed of a memory copy, with the same bits in every runtime.
 * @module
 */
export { Arena } from './arena.js';
export {
  type ApplyMaskOptions,
  applyMask,
  type DropoutOptions,
  dropout,
  type MaskFormat,
  type MaskOptions,
  mask,
} from './functional.js';
export { Generator, type GeneratorJSON, manualSeed } from './generator.js';
export { type Backend, backend } from './kernel/backend.js';
export { Dropout, type DropoutJSON, type DropoutLayerOptions } from './layers/dropout.js';
export type { FloatArray, Input, Like, Result, Tensor } from './tensor.js';
