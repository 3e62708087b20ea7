/**
 * Layers that drop whole channels.
 * @module
 */
import { wrongValue } from '../core/check.js';
import { type Broadcast, broadcastOf, type Channels, checkChannels } from '../core/shapes.js';
import { type OpenInput, requireShape } from '../core/tensor.js';
import { ALPHA } from '../functional/alpha.js';
import type { Scaling } from '../functional/common.js';
import type { LayerOptions, LayerOptionTable } from './layer.js';
import { MaskLayer } from './mask-layer.js';

/** Options of the layers that drop whole channels. */
export interface ChannelOptions extends LayerOptions {
  /** Position of the channel axis: 'first' (the default), right after the batch axis if there is one, or 'last'. */
  channels?: Channels;
}

/** The elements of a channel share a draw. Subclasses differ in the axes of a channel. */
abstract class ChannelLayer extends MaskLayer {
  static override readonly options: LayerOptionTable = { channels: { default: 'first', check: checkChannels } };
  /** Position of the channel axis. */
  declare readonly channels: Channels;
  /** Names of the axes within a channel. Undefined allows any axes and requires a batch axis. */
  protected abstract readonly axes: readonly string[] | undefined;

  /**
   * @param p probability that a channel is dropped, from 0 to 1. Default 0.5
   * @throws TypeError, RangeError unless p is a number from 0 to 1 and every option is valid
   */
  constructor(p = 0.5, options: ChannelOptions = {}) {
    super(p, options);
  }

  /** One draw for each channel, and for each sample if there is a batch axis. */
  protected override broadcast(x: OpenInput): Broadcast | undefined {
    const shape = requireShape(x);
    const { length: rank } = shape;
    const batched = this.isBatched(shape);
    const noiseShape: (number | null)[] = new Array(rank).fill(1);
    if (batched) noiseShape[0] = null;
    noiseShape[this.channels === 'last' ? rank - 1 : Number(batched)] = null;
    return broadcastOf(noiseShape, shape);
  }

  /** Whether the first axis is the batch, judged by the rank. @throws RangeError for a rank that fits neither case */
  private isBatched(shape: readonly number[]): boolean {
    const within = this.axes ?? ['…'];
    const axes = (this.channels === 'first' ? ['channels', ...within] : [...within, 'channels']).join(', ');
    if (!this.axes) {
      if (shape.length < 2) throw wrongValue('x.shape', `[batch, ${axes}] of rank 2 or more`, shape);
      return true;
    }
    const rank = within.length + 1;
    if (shape.length !== rank && shape.length !== rank + 1)
      throw wrongValue('x.shape', `[batch, ${axes}] or [${axes}]`, shape);
    return shape.length > rank;
  }
}

/**
 * Dropout of whole channels of sequences (Tompson et al. 2015), like PyTorch's `nn.Dropout1d` and Keras's
 * `SpatialDropout1D`. x is [batch, channels, length], or [channels, length] without a batch axis.
 *
 * @example
 * import { Dropout1d } from 'dropout-wasm';
 *
 * const layer = new Dropout1d(0.5, { channels: 'last', seed: 42 });
 * const x = { data: new Float32Array(8).fill(1), shape: [1, 2, 4] };
 * console.log(layer.forward(x).data); // Float32Array(8) [ 2, 0, 0, 2, 2, 0, 0, 2 ]
 */
export class Dropout1d extends ChannelLayer {
  static override readonly type: string = 'Dropout1d';
  protected readonly axes: readonly string[] = ['length'];
}

/**
 * Dropout of whole feature maps (Tompson et al. 2015), like PyTorch's `nn.Dropout2d` and Keras's `SpatialDropout2D`. x
 * is [batch, channels, height, width], or [channels, height, width] without a batch axis.
 *
 * @example
 * import { Dropout2d } from 'dropout-wasm';
 *
 * const layer = new Dropout2d(0.5, { seed: 42 });
 * const x = { data: new Float32Array(12).fill(1), shape: [1, 3, 2, 2] };
 * console.log(layer.forward(x).data); // Float32Array(12) [ 2, 2, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0 ]
 */
export class Dropout2d extends ChannelLayer {
  static override readonly type: string = 'Dropout2d';
  protected readonly axes: readonly string[] = ['height', 'width'];
}

/**
 * Dropout of whole volumes (Tompson et al. 2015), like PyTorch's `nn.Dropout3d` and Keras's `SpatialDropout3D`. x is
 * [batch, channels, depth, height, width], or the same without the batch axis.
 *
 * @example
 * import { Dropout3d } from 'dropout-wasm';
 *
 * const layer = new Dropout3d(0.5, { seed: 42 });
 * const x = { data: new Float32Array(16).fill(1), shape: [1, 2, 2, 2, 2] };
 * console.log(layer.forward(x).data); // Float32Array(16) [ 2, 2, 2, 2, 2, 2, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0 ]
 */
export class Dropout3d extends ChannelLayer {
  static override readonly type: string = 'Dropout3d';
  protected readonly axes: readonly string[] = ['depth', 'height', 'width'];
}

/**
 * Alpha dropout of whole channels, like PyTorch's `nn.FeatureAlphaDropout`, for networks with SELU. x is
 * [batch, channels, …] of rank 2 or more. There is one draw for each channel of each sample.
 *
 * @example
 * import { FeatureAlphaDropout } from 'dropout-wasm';
 *
 * const layer = new FeatureAlphaDropout(0.5, { seed: 42 });
 * const y = layer.forward({ data: new Float32Array(6).fill(1), shape: [1, 3, 2] });
 * console.log(Array.from(y.data, (value) => value.toFixed(2)));
 * // [ '1.67', '1.67', '-0.78', '-0.78', '-0.78', '-0.78' ]
 */
export class FeatureAlphaDropout extends ChannelLayer {
  static override readonly type: string = 'FeatureAlphaDropout';
  declare protected readonly axes: undefined;
  /** @internal */
  override readonly scaling: Scaling = ALPHA;
}
