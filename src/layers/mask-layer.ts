/**
 * What layers have that drop by a mask: p and the mask.
 * @module
 */

import type { Affine } from '../backend/interface.js';
import { checkProbability } from '../core/check.js';
import type { Input } from '../core/tensor.js';
import { drop, inverted } from '../functional/common.js';
import { type MaskFormat, maskOf, nestMask } from '../functional/mask.js';
import { Layer, type LayerOptions, type Pass } from './layer.js';

export abstract class MaskLayer extends Layer {
  #p: number;

  constructor(p: number, options: LayerOptions) {
    super(options);
    this.#p = checkProbability(p);
  }

  /** Probability that an element is dropped. Setting it is checked like the constructor. */
  get p(): number {
    return this.#p;
  }

  set p(p: number) {
    this.#p = checkProbability(p);
  }

  /**
   * The mask of the latest forward, for every element of x, 1 = kept; all kept after an evaluation forward.
   * @throws Error before any forward; TypeError, RangeError for another format
   */
  mask(format: MaskFormat = 'bytes'): Uint8Array {
    return this.maskOf(this.passed('mask'), format);
  }

  /** @internal For applyMask: what becomes of n elements that a mask keeps and drops; undefined for zeros all over. */
  numbersOf(gradient: boolean, _mask: Uint8Array, _bits: boolean, _n: number): Affine | undefined {
    if (this.#p === 1) return undefined;
    return gradient ? this.gradientNumbers(this.#p) : this.numbers(this.#p);
  }

  protected get amount(): number {
    return this.#p;
  }

  protected options(): Record<string, unknown> {
    return { p: this.#p };
  }

  /** What becomes of kept and dropped elements. */
  protected numbers(p: number): Affine {
    return inverted(p);
  }

  /** The same for the gradient. */
  protected gradientNumbers(p: number): Affine {
    return this.numbers(p);
  }

  protected apply(x: Input, out: Input, { amount, key, nest }: Pass): void {
    drop(x, out, amount, this.numbers(amount), key, 0, nest);
  }

  protected gradient(dy: Input, out: Input, { amount, key, nest }: Pass): void {
    drop(dy, out, amount, this.gradientNumbers(amount), key, 0, nest);
  }

  protected maskOf({ length, amount, key, nest }: Pass, format: MaskFormat): Uint8Array {
    return nest ? nestMask(nest, format, amount, key) : maskOf(length, format, amount, key);
  }
}
