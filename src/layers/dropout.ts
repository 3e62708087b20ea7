/**
 * The Dropout layer.
 * @module
 */
import type { Nest } from '../backend/interface.js';
import { checkNoiseShape, type NoiseShape, nestOf } from '../core/shapes.js';
import { type Input, shapeOf } from '../core/tensor.js';
import type { LayerOptions } from './layer.js';
import { MaskLayer } from './mask-layer.js';

export interface DropoutLayerOptions extends LayerOptions {
  /**
   * The shape in which draws are made, to be broadcast to that of x: 1 shares one along an axis, null copies the
   * size of x. As long as the shape of x, or shorter and aligned to its end.
   */
  noiseShape?: NoiseShape | null;
}

/**
 * Dropout (Srivastava et al. 2014), inverted, as PyTorch's `nn.Dropout`: while training, each forward
 * zeroes elements with probability p by a new mask and scales the rest by 1 / (1 − p); in evaluation it
 * returns its input itself.
 *
 * @example
 * const layer = new Dropout(0.5, { generator: new Generator(42) });
 * const y = layer.forward(x);   // draws one key
 * const dx = layer.backward(dy); // the same mask, made again
 * layer.eval().forward(x) === x; // true
 */
export class Dropout extends MaskLayer {
  static override readonly type: string = 'Dropout';
  readonly noiseShape: NoiseShape | undefined;

  /** @throws TypeError, RangeError for a p that is no number from 0 to 1, or options of another type */
  constructor(p = 0.5, options: DropoutLayerOptions = {}) {
    super(p, options);
    const noiseShape = options.noiseShape ?? undefined;
    this.noiseShape = noiseShape === undefined ? undefined : [...checkNoiseShape(noiseShape)];
  }

  protected override options(): Record<string, unknown> {
    return this.noiseShape ? { p: this.p, noiseShape: [...this.noiseShape] } : super.options();
  }

  protected override nest(x: Input): Nest | undefined {
    return this.noiseShape && nestOf(this.noiseShape, shapeOf(x));
  }
}
