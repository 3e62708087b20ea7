/**
 * dropout-wasm/tfjs: the layers of this package inside TensorFlow.js gradients and models.
 *
 * Values are read from a tensor's backend and written to a new tensor, so every backend serves.
 * Importing this registers the layers for `loadLayersModel`, as TF.js registers its own.
 * @module
 */
export { replaceBuiltins } from './builtins.js';
export type { LayerArgs, RateArgs } from './layer.js';
export {
  AlphaDropout,
  type ChannelArgs,
  DropBlock2d,
  type DropBlockArgs,
  Dropout,
  Dropout1d,
  Dropout2d,
  Dropout3d,
  type DropoutArgs,
  DropPath,
  type DropPathArgs,
  FeatureAlphaDropout,
  GaussianDropout,
  GaussianNoise,
  type GaussianNoiseArgs,
  LockedDropout,
  type LockedDropoutArgs,
} from './layers.js';
export { dropout } from './ops.js';
