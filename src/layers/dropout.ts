/**
 * The Dropout and AlphaDropout layers, which drop single elements.
 * @module
 */
import { type Broadcast, broadcastOf, checkNoiseShape, type NoiseShape } from '../core/shapes.js';
import { type OpenInput, shapeOf } from '../core/tensor.js';
import { ALPHA } from '../functional/alpha.js';
import type { Scaling } from '../functional/common.js';
import type { LayerOptions, LayerOptionTable } from './layer.js';
import { MaskLayer } from './mask-layer.js';

/** Options of Dropout and AlphaDropout. */
export interface DropoutLayerOptions extends LayerOptions {
  /**
   * The shape of the draws, which are broadcast to the shape of x: 1 shares a draw along an axis, null copies the size
   * of x. It has as many axes as x, or fewer, aligned to the last axis. By default every element has its own draw.
   */
  noiseShape?: NoiseShape | null;
}

const copyNoiseShape = (value: NoiseShape | null | undefined): NoiseShape | undefined =>
  value == null ? undefined : Object.freeze([...checkNoiseShape(value)]);

/**
 * Inverted dropout (Srivastava et al. 2014), like PyTorch's `nn.Dropout`. In training, each forward draws a new mask,
 * zeroes elements with probability p and scales the rest by 1 / (1 − p). In evaluation it returns x itself.
 *
 * @example
 * import { Dropout } from 'dropout-wasm';
 *
 * const layer = new Dropout(0.5, { seed: 42 });
 * const x = Float32Array.of(1, 2, 3, 4);
 * console.log(layer.forward(x)); // Float32Array(4) [ 2, 0, 0, 8 ]
 * console.log(layer.backward(new Float32Array(4).fill(1))); // Float32Array(4) [ 2, 0, 0, 2 ]
 * console.log(layer.eval().forward(x) === x); // true
 */
export class Dropout extends MaskLayer {
  static override readonly type: string = 'Dropout';
  static override readonly options: LayerOptionTable = { noiseShape: { default: undefined, check: copyNoiseShape } };
  /** The shape of the draws; undefined where every element has its own draw. */
  declare readonly noiseShape: NoiseShape | undefined;

  /**
   * @param p probability that an element is dropped, from 0 to 1. Default 0.5
   * @throws TypeError, RangeError unless p is a number from 0 to 1 and every option is valid
   */
  constructor(p = 0.5, options: DropoutLayerOptions = {}) {
    super(p, options);
  }

  protected override broadcast(x: OpenInput): Broadcast | undefined {
    return this.noiseShape && broadcastOf(this.noiseShape, shapeOf(x));
  }
}

/**
 * Alpha dropout (Klambauer et al. 2017), like PyTorch's `nn.AlphaDropout`, for networks with SELU. Dropped elements
 * take the value at which SELU saturates, and an affine map keeps the mean and variance of x.
 *
 * @example
 * import { AlphaDropout } from 'dropout-wasm';
 *
 * const layer = new AlphaDropout(0.1, { seed: 42 });
 * const y = layer.forward(Float32Array.of(1, 2, 3, 4));
 * console.log(Array.from(y, (value) => value.toFixed(2))); // [ '1.08', '2.00', '-1.46', '3.85' ]
 */
export class AlphaDropout extends Dropout {
  static override readonly type: string = 'AlphaDropout';
  /** @internal */
  override readonly scaling: Scaling = ALPHA;
}
