/**
 * Layers of normal noise: they drop nothing, so they have no mask.
 * @module
 */
import { checkDeviation, checkProbability } from '../core/check.js';
import { copy, type Input } from '../core/tensor.js';
import { add, multiply } from '../functional/gaussian.js';
import { Layer, type LayerOptions, type Pass } from './layer.js';

/**
 * Gaussian dropout (Srivastava et al. 2014), as Keras's: while training, x times noise of mean 1 and variance
 * p / (1 − p). p = 1 gives zeros.
 *
 * @example
 * const layer = new GaussianDropout(0.2, { generator: new Generator(42) });
 * const y = layer.forward(x);
 */
export class GaussianDropout extends Layer {
  static override readonly type: string = 'GaussianDropout';
  #p: number;

  /** @throws TypeError, RangeError for a p that is no number from 0 to 1, or options of another type */
  constructor(p = 0.5, options: LayerOptions = {}) {
    super(options);
    this.#p = checkProbability(p);
  }

  /** That of dropout with the same mean and variance. Setting it is checked like the constructor. */
  get p(): number {
    return this.#p;
  }

  set p(p: number) {
    this.#p = checkProbability(p);
  }

  protected get amount(): number {
    return this.#p;
  }

  protected options(): Record<string, unknown> {
    return { p: this.#p };
  }

  protected apply(x: Input, out: Input, { amount, key }: Pass): void {
    multiply(x, out, amount, key);
  }

  protected gradient(dy: Input, out: Input, { amount, key }: Pass): void {
    multiply(dy, out, amount, key);
  }
}

/**
 * Additive noise of mean 0, as Keras's `GaussianNoise`: while training, x + N(0, stddev).
 *
 * @example
 * const layer = new GaussianNoise(0.1, { generator: new Generator(42) });
 * const y = layer.forward(x);
 */
export class GaussianNoise extends Layer {
  static override readonly type: string = 'GaussianNoise';
  static override readonly amount = 'stddev';
  #stddev: number;

  /** @throws TypeError, RangeError for a stddev that is no finite number from 0 on, or options of another type */
  constructor(stddev: number, options: LayerOptions = {}) {
    super(options);
    this.#stddev = checkDeviation(stddev);
  }

  /** Standard deviation of the noise. Setting it is checked like the constructor. */
  get stddev(): number {
    return this.#stddev;
  }

  set stddev(stddev: number) {
    this.#stddev = checkDeviation(stddev);
  }

  protected get amount(): number {
    return this.#stddev;
  }

  protected options(): Record<string, unknown> {
    return { stddev: this.#stddev };
  }

  protected override stochastic(amount: number): boolean {
    return amount > 0;
  }

  protected apply(x: Input, out: Input, { amount, key }: Pass): void {
    add(x, out, amount, key);
  }

  protected gradient(dy: Input, out: Input): void {
    copy(dy, out);
  }
}
