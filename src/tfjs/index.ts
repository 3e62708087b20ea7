/**
 * dropout-wasm/tfjs: the layers of this package inside TensorFlow.js gradients and models.
 *
 * Importing this entry registers the layers for `loadLayersModel`, as TF.js registers its own. The kernel that they run
 * is registered with a backend when it first serves that backend (kernel.ts).
 * @module
 */
export { replaceBuiltins } from './builtins.js';
export { type TfjsPath, tfjsPath } from './kernel.js';
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
  type StoredLock,
} from './layers.js';
export {
  type MonteCarloPredict,
  type MonteCarloPredictOptions,
  monteCarloPredict,
  type PredictStreamOptions,
} from './monte-carlo.js';
export { dropout, type TensorDropoutOptions } from './ops.js';
export {
  type RecurrentDropout,
  type RecurrentDropoutOptions,
  recurrentDropout,
  type SetRecurrentDropoutOptions,
  setRecurrentDropout,
} from './recurrent.js';
export { type ToBuiltinsOptions, toBuiltins } from './to-builtins.js';
