/**
 * Layers that drop whole channels.
 * @module
 */

import type { Affine, Nest } from '../backend/interface.js';
import { type Channels, checkChannels } from '../core/axes.js';
import { wrongValue } from '../core/check.js';
import { type NoiseShape, nestOf } from '../core/shapes.js';
import { type Input, tensorShape } from '../core/tensor.js';
import { alpha, alphaGradient } from '../functional/alpha.js';
import type { LayerOptions } from './layer.js';
import { MaskLayer } from './mask-layer.js';

export interface ChannelOptions extends LayerOptions {
  /** Where the channels of x are: 'first' (behind the batch axis, if there is one), or 'last'. */
  channels?: Channels;
}

/** The noise shape of one draw a channel, and a sample if there is a batch axis. */
function channelNoise(rank: number, batched: boolean, channels: Channels): NoiseShape {
  const noise: (number | null)[] = new Array(rank).fill(1);
  if (batched) noise[0] = null;
  noise[channels === 'last' ? rank - 1 : Number(batched)] = null;
  return noise;
}

abstract class ChannelLayer extends MaskLayer {
  readonly channels: Channels;

  /** @throws TypeError, RangeError for a p that is no number from 0 to 1, or options of another type */
  constructor(p = 0.5, options: ChannelOptions = {}) {
    super(p, options);
    this.channels = checkChannels(options.channels === undefined ? 'first' : options.channels);
  }

  /** Whether the first axis is the batch. @throws RangeError for a rank that does not serve */
  protected abstract batched(shape: readonly number[]): boolean;

  protected override options(): Record<string, unknown> {
    return { p: this.p, channels: this.channels };
  }

  protected override nest(x: Input): Nest | undefined {
    const shape = tensorShape(x);
    return nestOf(channelNoise(shape.length, this.batched(shape), this.channels), shape);
  }
}

/** Of channels with the same axes always: the rank tells whether there is a batch. */
abstract class DropoutNd extends ChannelLayer {
  /** Names of the axes that a channel has. */
  protected abstract readonly axes: readonly string[];

  protected override batched(shape: readonly number[]): boolean {
    const axes = this.channels === 'first' ? ['channels', ...this.axes] : [...this.axes, 'channels'];
    const rank = axes.length;
    if (shape.length !== rank && shape.length !== rank + 1)
      throw wrongValue('x.shape', `[batch, ${axes.join(', ')}] or [${axes.join(', ')}]`, shape);
    return shape.length > rank;
  }
}

/**
 * Dropout of whole channels of sequences (Tompson et al. 2015), as PyTorch's `nn.Dropout1d` and Keras's
 * `SpatialDropout1D`: x is [batch, channels, length], or [channels, length] without a batch axis.
 *
 * @example
 * const layer = new Dropout1d(0.5, { channels: 'last' });
 * layer.forward({ data, shape: [8, 100, 64] }); // zeroes whole columns of each of the 8 samples
 */
export class Dropout1d extends DropoutNd {
  static override readonly type: string = 'Dropout1d';

  protected readonly axes: readonly string[] = ['length'];
}

/** Dropout of whole feature maps, as `Dropout1d`: x is [batch, channels, height, width] or [channels, height, width]. */
export class Dropout2d extends DropoutNd {
  static override readonly type: string = 'Dropout2d';

  protected readonly axes: readonly string[] = ['height', 'width'];
}

/** Dropout of whole volumes, as `Dropout1d`: x is [batch, channels, depth, height, width] or without batch. */
export class Dropout3d extends DropoutNd {
  static override readonly type: string = 'Dropout3d';

  protected readonly axes: readonly string[] = ['depth', 'height', 'width'];
}

/**
 * Alpha dropout of whole channels, as PyTorch's `nn.FeatureAlphaDropout`: x is [batch, channels, …] of any rank from
 * 2 on, and one draw decides for a channel of a sample.
 */
export class FeatureAlphaDropout extends ChannelLayer {
  static override readonly type: string = 'FeatureAlphaDropout';

  protected override batched(shape: readonly number[]): boolean {
    const axes = this.channels === 'first' ? 'channels, …' : '…, channels';
    if (shape.length < 2) throw wrongValue('x.shape', `[batch, ${axes}] of rank 2 or more`, shape);
    return true;
  }

  protected override numbers(p: number): Affine {
    return alpha(p);
  }

  protected override gradientNumbers(p: number): Affine {
    return alphaGradient(p);
  }
}
