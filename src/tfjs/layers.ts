/**
 * The layers for TF.js models. Each wraps the layer of dropout-wasm with the same name: the same bits for the same
 * seed, one key for each training call, and the input itself otherwise. A model is stored with all options and the
 * states of the streams, so a loaded model draws the masks that the original would have drawn next.
 * @module
 */
import type { serialization, Tensor } from '@tensorflow/tfjs-core';
import { ArrayLayer, type LayerArgs, type Rank, type RateArgs, RateLayer, registerLayer } from './layer.js';
import { arrays, checkWord, isOptions, withoutNulls } from './shared.js';

/** Arguments of Dropout and AlphaDropout. */
export interface DropoutArgs extends RateArgs {
  /**
   * The shape of the draws, which are broadcast to the shape of x, batch axis included: 1 shares a draw along an axis,
   * null copies the size of x. By default every element has its own draw.
   */
  noiseShape?: arrays.NoiseShape | null | undefined;
}

/** Arguments of the layers that drop whole channels. */
export interface ChannelArgs extends RateArgs {
  /** Position of the channel axis: 'last' (the default, as in TF.js) or 'first'. */
  channels?: arrays.Channels | null | undefined;
}

/** Arguments of GaussianNoise. */
export interface GaussianNoiseArgs extends LayerArgs {
  /** Standard deviation of the noise, a finite number of at least 0. */
  stddev: number;
}

/** Arguments of DropPath. */
export interface DropPathArgs extends RateArgs {
  /** Whether kept samples are scaled by 1 / (1 − rate). Default true. */
  scaleByKeep?: boolean | null | undefined;
}

/** Arguments of DropBlock2d. */
export interface DropBlockArgs extends ChannelArgs {
  /** Height and width of a block, a positive integer. Default 7; it is clamped to the image. */
  blockSize?: number | null | undefined;
}

/** Arguments of LockedDropout. */
export interface LockedDropoutArgs extends RateArgs {
  /** Whether x is [batch, time, features] (default true, as in TF.js) instead of [time, batch, features]. */
  batchFirst?: boolean | null | undefined;
  /**
   * How long a mask is used: for one training call ('call', the default), or until `reset()` ('reset'). Instead of
   * 'reset': the mask in use, as in `getConfig()`.
   */
  lock?: 'call' | 'reset' | StoredLock | null | undefined;
}

/** The mask in use, as JSON. */
export interface StoredLock {
  /** The key of the mask, in hex with the prefix 0x. */
  key: string;
  /** The size of the batch axis. */
  batch: number;
  /** The size of the feature axis. */
  features: number;
}

/**
 * Dropout as a TF.js layer. In training, each call draws a new mask, even with a seed (a seeded layer of TF.js reuses
 * one mask at every step). Otherwise the input passes through.
 *
 * @example
 * import '@tensorflow/tfjs-backend-cpu';
 * import { ones } from '@tensorflow/tfjs-core';
 * import { Dropout } from 'dropout-wasm/tfjs';
 *
 * const layer = new Dropout({ rate: 0.5, seed: 42 });
 * console.log(layer.apply(ones([4]), { training: true }).dataSync()); // Float32Array(4) [ 2, 0, 0, 2 ]
 */
export class Dropout extends RateLayer<arrays.Dropout, DropoutArgs> {
  /** The name under which a model stores the layer. */
  static readonly className: string = 'DropoutWasm';
  /** @internal */
  static override readonly wrapped = arrays.Dropout;
}

/** Alpha dropout, for networks with SELU. It keeps the mean and variance of x, which TF.js's own layer does not. */
export class AlphaDropout extends RateLayer<arrays.AlphaDropout, DropoutArgs> {
  /** The name under which a model stores the layer. */
  static readonly className: string = 'AlphaDropoutWasm';
  /** @internal */
  static override readonly wrapped = arrays.AlphaDropout;
}

/** Dropout of whole channels of sequences [batch, length, channels], like TF.js's `SpatialDropout1D`. */
export class Dropout1d extends RateLayer<arrays.Dropout1d, ChannelArgs> {
  /** The name under which a model stores the layer. */
  static readonly className: string = 'Dropout1dWasm';
  /** @internal */
  static override readonly wrapped = arrays.Dropout1d;
  /** @internal */
  static override readonly rank: Rank = { ndim: 3 };
}

/**
 * Dropout of whole feature maps [batch, height, width, channels], like Keras's `SpatialDropout2D`.
 *
 * @example
 * import '@tensorflow/tfjs-backend-cpu';
 * import { ones } from '@tensorflow/tfjs-core';
 * import { Dropout2d } from 'dropout-wasm/tfjs';
 *
 * const layer = new Dropout2d({ rate: 0.5, seed: 42 });
 * console.log(layer.apply(ones([1, 2, 2, 3]), { training: true }).dataSync());
 * // Float32Array(12) [ 2, 0, 0, 2, 0, 0, 2, 0, 0, 2, 0, 0 ]
 */
export class Dropout2d extends RateLayer<arrays.Dropout2d, ChannelArgs> {
  /** The name under which a model stores the layer. */
  static readonly className: string = 'Dropout2dWasm';
  /** @internal */
  static override readonly wrapped = arrays.Dropout2d;
  /** @internal */
  static override readonly rank: Rank = { ndim: 4 };
}

/** Dropout of whole volumes [batch, depth, height, width, channels], like Keras's `SpatialDropout3D`. */
export class Dropout3d extends RateLayer<arrays.Dropout3d, ChannelArgs> {
  /** The name under which a model stores the layer. */
  static readonly className: string = 'Dropout3dWasm';
  /** @internal */
  static override readonly wrapped = arrays.Dropout3d;
  /** @internal */
  static override readonly rank: Rank = { ndim: 5 };
}

/** Alpha dropout of whole channels, for x [batch, …, channels]. */
export class FeatureAlphaDropout extends RateLayer<arrays.FeatureAlphaDropout, ChannelArgs> {
  /** The name under which a model stores the layer. */
  static readonly className: string = 'FeatureAlphaDropoutWasm';
  /** @internal */
  static override readonly wrapped = arrays.FeatureAlphaDropout;
  /** @internal */
  static override readonly rank: Rank = { minNDim: 2 };
}

/** Multiplies x by noise of mean 1 and variance rate / (1 − rate). Unlike TF.js's layer, it takes a seed. */
export class GaussianDropout extends RateLayer<arrays.GaussianDropout> {
  /** The name under which a model stores the layer. */
  static readonly className: string = 'GaussianDropoutWasm';
  /** @internal */
  static override readonly wrapped = arrays.GaussianDropout;
}

/** Adds noise of mean 0 to x. Unlike TF.js's layer, it takes a seed. */
export class GaussianNoise extends ArrayLayer<arrays.GaussianNoise, GaussianNoiseArgs> {
  /** The name under which a model stores the layer. */
  static readonly className: string = 'GaussianNoiseWasm';
  /** @internal */
  static override readonly wrapped = arrays.GaussianNoise;

  /**
   * Standard deviation of the noise.
   * @throws TypeError, RangeError when set to anything but a finite number of at least 0
   */
  get stddev(): number {
    return this.arrays.stddev;
  }

  set stddev(stddev: number) {
    this.arrays.stddev = stddev;
  }
}

/** Stochastic depth: one draw for each sample, for the branch of a residual block. The first axis is the batch. */
export class DropPath extends RateLayer<arrays.DropPath, DropPathArgs> {
  /** The name under which a model stores the layer. */
  static readonly className: string = 'DropPathWasm';
  /** @internal */
  static override readonly wrapped = arrays.DropPath;
}

/**
 * Dropout of squares of feature maps [batch, height, width, channels]. The rest is divided by the fraction that was
 * kept.
 */
export class DropBlock2d extends RateLayer<arrays.DropBlock2d, DropBlockArgs> {
  /** The name under which a model stores the layer. */
  static readonly className: string = 'DropBlock2dWasm';
  /** @internal */
  static override readonly wrapped = arrays.DropBlock2d;
  /** @internal */
  static override readonly rank: Rank = { ndim: 4 };
}

/**
 * Variational dropout for recurrent networks: one mask for all time steps of a training call. With `lock: 'reset'`,
 * later calls reuse the mask until `reset()`; until then the batch size is fixed, and the mask is stored with the model.
 *
 * @example
 * import '@tensorflow/tfjs-backend-cpu';
 * import { ones } from '@tensorflow/tfjs-core';
 * import { LockedDropout } from 'dropout-wasm/tfjs';
 *
 * const layer = new LockedDropout({ rate: 0.5, seed: 42, lock: 'reset' });
 * const forward = () => layer.apply(ones([1, 1, 8]), { training: true }).dataSync();
 * console.log(forward()); // Float32Array(8) [ 2, 0, 0, 2, 0, 0, 2, 0 ]
 * console.log(forward()); // Float32Array(8) [ 2, 0, 0, 2, 0, 0, 2, 0 ]
 * layer.reset(); // for example in onEpochBegin: a new mask for every epoch
 * console.log(forward()); // Float32Array(8) [ 2, 0, 0, 2, 0, 0, 0, 2 ]
 */
export class LockedDropout extends RateLayer<arrays.LockedDropout, LockedDropoutArgs> {
  /** The name under which a model stores the layer. */
  static readonly className: string = 'LockedDropoutWasm';
  /** @internal */
  static override readonly wrapped = arrays.LockedDropout;
  /** @internal */
  static override readonly rank: Rank = { ndim: 3 };
  /** How long a mask is used: for one training call, or until `reset()`. */
  declare readonly lock: 'call' | 'reset';

  /** @throws TypeError, RangeError that names the argument, before a child of the generator is taken */
  constructor(args: LockedDropoutArgs) {
    const { lock = 'call', ...rest } = withoutNulls(args) as unknown as LockedDropoutArgs & { lock?: 'call' };
    const isStored = isOptions(lock);
    if (!isStored) checkWord<'call' | 'reset'>(lock, 'lock', ['call', 'reset']);
    super(isStored ? args : rest);
    this.lock = isStored ? 'reset' : lock;
  }

  /** Discards the mask. The next training call draws a new one. */
  reset(): void {
    this.arrays.reset();
  }

  override getConfig(): serialization.ConfigDict {
    const config = super.getConfig();
    return { ...config, lock: config.lock ?? this.lock };
  }

  protected override forward(...args: Parameters<RateLayer<arrays.LockedDropout>['forward']>): Tensor {
    const y = super.forward(...args);
    if (this.lock === 'call') this.reset();
    return y;
  }
}

/** Every layer. */
export const LAYERS = [
  Dropout,
  Dropout1d,
  Dropout2d,
  Dropout3d,
  AlphaDropout,
  FeatureAlphaDropout,
  GaussianDropout,
  GaussianNoise,
  DropPath,
  DropBlock2d,
  LockedDropout,
];
LAYERS.forEach(registerLayer);
