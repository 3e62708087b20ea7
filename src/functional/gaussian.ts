/**
 * Gaussian dropout and noise as stateless calls.
 * @module
 */
import { gaussian } from '../backend/select.js';
import { checkDeviation, checkKey, checkOptions, checkWhole } from '../core/check.js';
import { type FloatArray, type Input, open, type Result } from '../core/tensor.js';
import type { U64 } from '../core/u64.js';
import { CALL_OPTIONS, type CallOptions, checkDraws, NO_KEY } from './common.js';
import { clear, copy, resultOf } from './result.js';

/** Options of `gaussianNoise`. */
export interface NoiseOptions<X extends Input> extends Omit<CallOptions<X>, 'p'> {
  /** Standard deviation of the noise, a finite number of at least 0. */
  stddev: number;
}

const NOISE_OPTIONS: readonly string[] = ['stddev', 'key', 'offset', 'out'];

/** Standard deviation of the factor of GaussianDropout: its variance is that of inverted dropout with the same p. */
const deviationFor = (p: number): number => Math.sqrt(p / (1 - p));

/**
 * Gaussian dropout (Srivastava et al. 2014, section 10): multiplies x by noise of mean 1 and variance p / (1 − p), the
 * variance of dropout with the same p. The gradient with respect to x is the same call on dy. p = 0 copies x. p = 1,
 * whose variance would be infinite, gives zeros like every other kind of dropout.
 *
 * @param x elements in row-major order, of any shape
 * @returns `out`, or a new array or tensor like x
 * @throws TypeError or RangeError that names the argument, before anything is written
 * @example
 * const y = gaussianDropout(x, { p: 0.5, key: new Generator(42).next() });
 */
export function gaussianDropout<X extends Input>(x: X, options: CallOptions<X>): Result<X> {
  const { p, key, offset = 0, out } = checkOptions(options, CALL_OPTIONS);
  const draws = checkDraws(p, key, offset);
  const input = open(x);
  return resultOf<X>(input, out, (target) => gaussianDropoutInto(input.data, target, p, draws.key, offset));
}

/**
 * Adds normal noise of mean 0 to x. Its gradient with respect to x is dy itself. stddev = 0 copies x.
 *
 * @param x elements in row-major order, of any shape
 * @returns `out`, or a new array or tensor like x
 * @throws TypeError or RangeError that names the argument, before anything is written
 * @example
 * const y = gaussianNoise(x, { stddev: 0.1, key: new Generator(42).next() });
 */
export function gaussianNoise<X extends Input>(x: X, options: NoiseOptions<X>): Result<X> {
  const { stddev, key, offset = 0, out } = checkOptions(options, NOISE_OPTIONS);
  checkDeviation(stddev);
  checkWhole(offset, 'offset');
  const word = key === undefined && stddev === 0 ? NO_KEY : checkKey(key);
  const input = open(x);
  return resultOf<X>(input, out, (target) => gaussianNoiseInto(input.data, target, stddev, word, offset));
}

/** `gaussianDropout` on checked arguments. */
export function gaussianDropoutInto(x: FloatArray, out: FloatArray, p: number, key: U64 = NO_KEY, offset = 0): void {
  if (p === 1) clear(out, x.length);
  else if (p > 0) gaussian().noise(x, out, key, offset, deviationFor(p), false);
  else copy(x, out);
}

/** `gaussianNoise` on checked arguments. */
export function gaussianNoiseInto(x: FloatArray, out: FloatArray, stddev: number, key: U64 = NO_KEY, offset = 0): void {
  if (stddev > 0) gaussian().noise(x, out, key, offset, stddev, true);
  else copy(x, out);
}
