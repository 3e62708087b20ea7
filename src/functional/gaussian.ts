/**
 * Gaussian noise as stateless calls.
 * @module
 */

import { gaussian } from '../backend/select.js';
import { checkDeviation, checkWhole, checkWord, given } from '../core/check.js';
import { copy, dataOf, type Input, type Result, resultFor } from '../core/tensor.js';
import { ANY, type CallOptions, checkStream } from './common.js';

export interface NoiseOptions<X extends Input> extends Omit<CallOptions<X>, 'p'> {
  /** Standard deviation of the noise, from 0 on. */
  stddev: number;
}

/** Of GaussianDropout's factor: the variance that inverted dropout of the same p has. */
const deviation = (p: number): number => Math.sqrt(p / (1 - p));

/**
 * Gaussian dropout (Srivastava et al. 2014, section 10): x times noise of mean 1 and variance p / (1 − p), which
 * is that of dropout with the same p. The gradient with respect to x is the same call on dy. p = 0 copies x;
 * p = 1, where no variance serves, gives zeros as in every other kind of dropout.
 *
 * @throws TypeError, RangeError that names the argument, before anything is written
 * @example
 * const y = gaussianDropout(x, { p: 0.5, key: new Generator(42).next() });
 */
export function gaussianDropout<X extends Input>(x: X, options: CallOptions<X>): Result<X> {
  const { p, key, offset = 0, out } = given(options);
  const word = checkStream(p, key, offset);
  const result = resultFor(x, out);
  multiply(x, result, p, word, offset);
  return result;
}

/**
 * x + noise of mean 0. Its gradient with respect to x is dy itself.
 *
 * @throws TypeError, RangeError that names the argument, before anything is written
 * @example
 * const y = gaussianNoise(x, { stddev: 0.1, key: new Generator(42).next() });
 */
export function gaussianNoise<X extends Input>(x: X, options: NoiseOptions<X>): Result<X> {
  const { stddev, key, offset = 0, out } = given(options);
  checkDeviation(stddev);
  checkWhole(offset, 'offset');
  const word = key === undefined && stddev === 0 ? ANY : checkWord(key, 'key');
  const result = resultFor(x, out);
  add(x, result, stddev, word, offset);
  return result;
}

/** `gaussianDropout` on checked arguments. */
export function multiply(x: Input, out: Input, p: number, key = ANY, offset = 0): void {
  if (p === 1) dataOf(out).fill(0, 0, dataOf(x).length);
  else noise(x, out, deviation(p), key, offset, false);
}

/** `gaussianNoise` on checked arguments. */
export function add(x: Input, out: Input, stddev: number, key = ANY, offset = 0): void {
  noise(x, out, stddev, key, offset, true);
}

function noise(x: Input, out: Input, stddev: number, key: typeof ANY, offset: number, additive: boolean): void {
  if (stddev > 0) gaussian().noise(dataOf(x), dataOf(out), key, offset, stddev, additive);
  else copy(x, out);
}
