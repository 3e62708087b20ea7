/**
 * The layers for TF.js models. Each wraps the layer of dropout-wasm with the same name: the same bits for the same
 * seed, one key for each training call, and the input itself otherwise. A model is stored with all options and the
 * states of the streams, so a loaded model draws the masks that the original would have drawn next.
 * @module
 */
import { InputSpec } from '@tensorflow/tfjs-layers';
import * as arrays from 'dropout-wasm';
import { ArrayLayer, type ArrayLayerClass, type LayerArgs, type RateArgs, RateLayer, register } from './layer.js';

/** Arguments of Dropout and AlphaDropout. */
export interface DropoutArgs extends RateArgs {
  /**
   * The shape of the draws, which are broadcast to the shape of x, batch axis included: 1 shares a draw along an axis,
   * null copies the size of x. By default every element has its own draw.
   */
  noiseShape?: arrays.NoiseShape | null;
}

/** Arguments of the layers that drop whole channels. */
export interface ChannelArgs extends RateArgs {
  /** Position of the channel axis: 'last' (the default, as in TF.js) or 'first'. */
  channels?: arrays.Channels;
}

/** Arguments of GaussianNoise. */
export interface GaussianNoiseArgs extends LayerArgs {
  /** Standard deviation of the noise, a finite number of at least 0. */
  stddev: number;
}

/** Arguments of DropPath. */
export interface DropPathArgs extends RateArgs {
  /** Whether kept samples are scaled by 1 / (1 − rate). Default true. */
  scaleByKeep?: boolean;
}

/** Arguments of DropBlock2d. */
export interface DropBlockArgs extends ChannelArgs {
  /** Height and width of a block, a positive integer. Default 7; it is clamped to the image. */
  blockSize?: number;
}

/** Arguments of LockedDropout. */
export interface LockedDropoutArgs extends RateArgs {
  /** Whether x is [batch, time, features] (default true, as in TF.js) instead of [time, batch, features]. */
  batchFirst?: boolean;
}

/**
 * Dropout as a TF.js layer. In training, each call draws a new mask, even with a seed (a seeded layer of TF.js reuses
 * one mask at every step). Otherwise the input passes through.
 *
 * @example
 * import { Dropout } from 'dropout-wasm/tfjs';
 * model.add(new Dropout({ rate: 0.5, seed: 1 }));
 */
export class Dropout extends RateLayer<arrays.Dropout> {
  /** The name under which a model stores the layer. */
  static readonly className: string = 'DropoutWasm';

  /** @throws TypeError, RangeError unless args.rate is a number from 0 to 1 and every other argument is valid */
  constructor(args: DropoutArgs) {
    super(arrays.Dropout, args);
  }
}

/** Alpha dropout, for networks with SELU. It keeps the mean and variance of x, which TF.js's own layer does not. */
export class AlphaDropout extends RateLayer<arrays.AlphaDropout> {
  static readonly className: string = 'AlphaDropoutWasm';

  /** @throws TypeError, RangeError unless args.rate is a number from 0 to 1 and every other argument is valid */
  constructor(args: DropoutArgs) {
    super(arrays.AlphaDropout, args);
  }
}

/**
 * A layer for images or sequences. The batch axis is always present, so the rank can be checked when a model is built.
 */
abstract class ChannelLayer<L extends arrays.Layer & { p: number }> extends RateLayer<L> {
  constructor(layer: ArrayLayerClass<L>, args: ChannelArgs, rank: ConstructorParameters<typeof InputSpec>[0]) {
    super(layer, args, { channels: 'last' });
    this.inputSpec = [new InputSpec(rank)];
  }
}

/** Dropout of whole channels of sequences [batch, length, channels], like TF.js's `SpatialDropout1D`. */
export class Dropout1d extends ChannelLayer<arrays.Dropout1d> {
  static readonly className: string = 'Dropout1dWasm';

  /** @throws TypeError, RangeError unless args.rate is a number from 0 to 1 and every other argument is valid */
  constructor(args: ChannelArgs) {
    super(arrays.Dropout1d, args, { ndim: 3 });
  }
}

/**
 * Dropout of whole feature maps [batch, height, width, channels], like Keras's `SpatialDropout2D`.
 *
 * @example
 * model.add(layers.conv2d({ filters: 32, kernelSize: 3 }));
 * model.add(new Dropout2d({ rate: 0.2 }));
 */
export class Dropout2d extends ChannelLayer<arrays.Dropout2d> {
  static readonly className: string = 'Dropout2dWasm';

  /** @throws TypeError, RangeError unless args.rate is a number from 0 to 1 and every other argument is valid */
  constructor(args: ChannelArgs) {
    super(arrays.Dropout2d, args, { ndim: 4 });
  }
}

/** Dropout of whole volumes [batch, depth, height, width, channels], like Keras's `SpatialDropout3D`. */
export class Dropout3d extends ChannelLayer<arrays.Dropout3d> {
  static readonly className: string = 'Dropout3dWasm';

  /** @throws TypeError, RangeError unless args.rate is a number from 0 to 1 and every other argument is valid */
  constructor(args: ChannelArgs) {
    super(arrays.Dropout3d, args, { ndim: 5 });
  }
}

/** Alpha dropout of whole channels, for x [batch, …, channels]. */
export class FeatureAlphaDropout extends ChannelLayer<arrays.FeatureAlphaDropout> {
  static readonly className: string = 'FeatureAlphaDropoutWasm';

  /** @throws TypeError, RangeError unless args.rate is a number from 0 to 1 and every other argument is valid */
  constructor(args: ChannelArgs) {
    super(arrays.FeatureAlphaDropout, args, { minNDim: 2 });
  }
}

/** Multiplies x by noise of mean 1 and variance rate / (1 − rate). Unlike TF.js's layer, it takes a seed. */
export class GaussianDropout extends RateLayer<arrays.GaussianDropout> {
  static readonly className: string = 'GaussianDropoutWasm';

  /** @throws TypeError, RangeError unless args.rate is a number from 0 to 1 and every other argument is valid */
  constructor(args: RateArgs) {
    super(arrays.GaussianDropout, args);
  }
}

/** Adds noise of mean 0 to x. Unlike TF.js's layer, it takes a seed. */
export class GaussianNoise extends ArrayLayer<arrays.GaussianNoise> {
  static readonly className: string = 'GaussianNoiseWasm';

  /**
   * @throws TypeError, RangeError unless args.stddev is a finite number of at least 0 and every other argument is valid
   */
  constructor(args: GaussianNoiseArgs) {
    super(arrays.GaussianNoise, args);
  }

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

  protected get amount(): number {
    return this.stddev;
  }
}

/** Stochastic depth: one draw for each sample, for the branch of a residual block. The first axis is the batch. */
export class DropPath extends RateLayer<arrays.DropPath> {
  static readonly className: string = 'DropPathWasm';

  /** @throws TypeError, RangeError unless args.rate is a number from 0 to 1 and every other argument is valid */
  constructor(args: DropPathArgs) {
    super(arrays.DropPath, args);
  }
}

/**
 * Dropout of squares of feature maps [batch, height, width, channels]. The rest is divided by the fraction that was
 * kept.
 */
export class DropBlock2d extends ChannelLayer<arrays.DropBlock2d> {
  static readonly className: string = 'DropBlock2dWasm';

  /** @throws TypeError, RangeError unless args.rate is a number from 0 to 1 and every other argument is valid */
  constructor(args: DropBlockArgs) {
    super(arrays.DropBlock2d, args, { ndim: 4 });
  }
}

/**
 * Variational dropout for recurrent networks: one mask for all time steps, of this training call and of later ones,
 * until `reset()`. Until then the batch size is fixed. The mask in use is stored with the model.
 *
 * @example
 * const locked = new LockedDropout({ rate: 0.3 });
 * await model.fit(x, y, { callbacks: { onBatchBegin: async () => locked.reset() } }); // a new mask for every batch
 */
export class LockedDropout extends RateLayer<arrays.LockedDropout> {
  static readonly className: string = 'LockedDropoutWasm';

  /** @throws TypeError, RangeError unless args.rate is a number from 0 to 1 and every other argument is valid */
  constructor(args: LockedDropoutArgs) {
    super(arrays.LockedDropout, args, { batchFirst: true });
    this.inputSpec = [new InputSpec({ ndim: 3 })];
  }

  /** Discards the mask. The next training call draws a new one. */
  reset(): void {
    this.arrays.reset();
  }
}

for (const layer of [
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
])
  register(layer);
