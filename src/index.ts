/**
 * dropout-wasm: dropout at the speed of a memory copy, with the same bits in every runtime.
 * @module
 */
export { Arena, type ArenaOptions, useMemory } from './arena.js';
export { type Backend, backend, type ReferenceBackend, useModule, type WasmBackend } from './backend/select.js';
export type { Channels, NoiseShape } from './core/shapes.js';
export type { DataLike, FloatArray, Input, Like, Result, Tensor } from './core/tensor.js';
export { alphaDropout, alphaDropoutBackward } from './functional/alpha.js';
export type { CallOptions, DropoutOptions, SliceOptions } from './functional/common.js';
export { type DropBlockOptions, dropBlock2d } from './functional/drop-block.js';
export { dropout } from './functional/dropout.js';
export {
  biasDropoutResidual,
  biasDropoutResidualBackward,
  type FusedBackwardOptions,
  type FusedOptions,
} from './functional/fused.js';
export { gaussianDropout, gaussianNoise, type NoiseOptions } from './functional/gaussian.js';
export { type ApplyMaskOptions, applyMask, type MaskFormat, type MaskOptions, mask } from './functional/mask.js';
export type { Slice } from './functional/slice.js';
export { Generator, type GeneratorJSON, manualSeed } from './generator.js';
/** @internal */
export { internalMaps, internals } from './internals.js';
export * from './layers/registry.js';
