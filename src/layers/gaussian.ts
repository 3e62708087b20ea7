/**
 * Layers of normal noise. They drop nothing, so they have no mask.
 * @module
 */
import { checkDeviation, isOptions } from '../core/check.js';
import { drawsFor } from '../core/draws.js';
import type { FloatArray } from '../core/tensor.js';
import { gaussianDropoutInto, gaussianNoiseInto } from '../functional/gaussian.js';
import { copy } from '../functional/result.js';
import { type ForwardContext, Layer, type LayerOptions } from './layer.js';

/**
 * Gaussian dropout (Srivastava et al. 2014), like Keras's `GaussianDropout`: in training, x is multiplied by noise of
 * mean 1 and variance p / (1 − p). p = 1 gives zeros.
 *
 * @example
 * import { GaussianDropout } from 'dropout-wasm';
 *
 * const layer = new GaussianDropout(0.2, { seed: 42 });
 * const y = layer.forward(Float32Array.of(1, 2, 3, 4));
 * console.log(Array.from(y, (value) => value.toFixed(2))); // [ '1.23', '1.16', '3.06', '4.62' ]
 */
export class GaussianDropout extends Layer {
  static override readonly type: string = 'GaussianDropout';
  /**
   * @param p the p of a Dropout layer with the same mean and variance, from 0 to 1. Default 0.5
   * @throws TypeError, RangeError unless p is a number from 0 to 1 and every option is valid
   */
  constructor(p = 0.5, options: LayerOptions = {}) {
    super(p, options);
  }

  /**
   * The p of a Dropout layer with the same mean and variance, from 0 to 1.
   * @throws TypeError, RangeError when set to anything else
   */
  get p(): number {
    return this.amount;
  }

  set p(p: number) {
    this.amount = this.checkAmount(p);
  }

  protected apply(x: FloatArray, out: FloatArray, { amount, key }: ForwardContext): void {
    gaussianDropoutInto(x, out, amount, drawsFor(amount, key));
  }

  protected gradient(dy: FloatArray, out: FloatArray, { amount, key }: ForwardContext): void {
    gaussianDropoutInto(dy, out, amount, drawsFor(amount, key));
  }
}

/**
 * Additive noise of mean 0, like Keras's `GaussianNoise`: in training, x + N(0, stddev²).
 *
 * @example
 * import { GaussianNoise } from 'dropout-wasm';
 *
 * const layer = new GaussianNoise(0.1, { seed: 42 });
 * const y = layer.forward(Float32Array.of(1, 2, 3, 4));
 * console.log(Array.from(y, (value) => value.toFixed(2))); // [ '1.05', '1.92', '3.00', '4.03' ]
 */
export class GaussianNoise extends Layer {
  static override readonly type: string = 'GaussianNoise';
  static override readonly parameter = 'stddev';

  /**
   * @param stddev standard deviation of the noise, a finite number of at least 0
   * @throws TypeError, RangeError unless stddev and every option are valid
   */
  constructor(stddev: number, options: LayerOptions = {}) {
    super(stddev, options);
  }

  /**
   * Standard deviation of the noise, a finite number of at least 0.
   * @throws TypeError, RangeError when set to anything else
   */
  get stddev(): number {
    return this.amount;
  }

  set stddev(stddev: number) {
    this.amount = this.checkAmount(stddev);
  }

  protected override checkAmount(stddev: number): number {
    return checkDeviation(stddev, isOptions(stddev) ? 'stddev is the first argument' : undefined);
  }

  protected override needsKey(amount: number): boolean {
    return amount > 0;
  }

  protected apply(x: FloatArray, out: FloatArray, { amount, key }: ForwardContext): void {
    gaussianNoiseInto(x, out, amount, drawsFor(0, key));
  }

  protected gradient(dy: FloatArray, out: FloatArray): void {
    copy(dy, out);
  }
}
