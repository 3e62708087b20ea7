/**
 * dropout-wasm/tfjs: the layers of this package inside TensorFlow.js gradients and models.
 *
 * Values are read from a tensor's backend and written to a new tensor, so any backend whose tensors can be read
 * synchronously works. Importing this entry registers the layers for `loadLayersModel`, as TF.js registers its own.
 * @module
 */
export { replaceBuiltins } from './builtins.js';
export type { LayerArgs, RateArgs } from './layer.js';
export * from './layers.js';
export { dropout, type TensorDropoutOptions } from './ops.js';
export {
  type RecurrentDropout,
  type RecurrentDropoutOptions,
  recurrentDropout,
  type SetRecurrentDropoutOptions,
  setRecurrentDropout,
} from './recurrent.js';
export { type ToBuiltinsOptions, toBuiltins } from './to-builtins.js';
