/**
 * The base class of layers with a mask.
 * @module
 */
import { drawsFor } from '../core/draws.js';
import type { FloatArray } from '../core/tensor.js';
import { dropoutInto, INVERTED, type Scaling, scaleBy } from '../functional/common.js';
import { type MaskFormat, maskByOnes, maskOf } from '../functional/mask.js';
import { type ForwardContext, Layer } from './layer.js';

/** The base class of layers that drop elements by a mask. */
export abstract class MaskLayer extends Layer {
  /** @internal How kept and dropped elements are computed. Default: inverted dropout. */
  readonly scaling: Scaling = INVERTED;

  /**
   * Probability that an element is dropped, from 0 to 1.
   * @throws TypeError, RangeError when set to anything else
   */
  get p(): number {
    return this.amount;
  }

  set p(p: number) {
    this.amount = this.checkAmount(p);
  }

  /**
   * The mask of the latest forward, for every element of x; 1 = kept. After an evaluation forward every element is
   * kept.
   *
   * @param format 'bytes' (the default) or 'bits', element i in bit i % 8 of byte ⌊i / 8⌋
   * @throws Error before any forward; TypeError, RangeError for another format
   */
  mask(format: MaskFormat = 'bytes'): Uint8Array {
    return this.maskOf(this.latestForward('mask'), format);
  }

  protected apply(
    x: FloatArray,
    out: FloatArray,
    { amount, key, broadcast }: ForwardContext,
    affineFor = this.scaling.forward,
  ): void {
    dropoutInto(x, out, amount, affineFor(amount), drawsFor(amount, key), broadcast);
  }

  protected gradient(dy: FloatArray, out: FloatArray, context: ForwardContext): void {
    this.apply(dy, out, context, this.scaling.gradient);
  }

  protected maskOf({ length, amount, key, broadcast }: ForwardContext, format: MaskFormat): Uint8Array {
    const draws = drawsFor(amount, key);
    if (!broadcast) return maskOf(length, format, draws);
    return maskByOnes(length, format, (ones) => dropoutInto(ones, ones, amount, scaleBy(1), draws, broadcast));
  }
}
