/**
 * Gaussian dropout and noise as stateless calls.
 * @module
 */
import { gaussian } from '../backend/select.js';
import { checkDeviation, checkKey, checkOptions } from '../core/check.js';
import { checkDraws, checkOffset, NO_KEY, type StreamStart } from '../core/draws.js';
import type { Broadcast } from '../core/shapes.js';
import { type FloatArray, type Input, type Like, open, type Result, shapeOf } from '../core/tensor.js';
import type { U64 } from '../core/u64.js';
import { SLICE_OPTIONS, type SliceOptions } from './common.js';
import { clear, copy, resultOf } from './result.js';
import { checkSlice, type Slice, sliceDraws, writeSlice } from './slice.js';

/** Options of `gaussianNoise`. */
export interface NoiseOptions<X extends Input> extends Omit<SliceOptions<X>, 'p'> {
  /** Standard deviation of the noise, a finite number of at least 0. */
  stddev: number;
}

const NOISE_OPTIONS: readonly string[] = ['stddev', 'key', 'offset', 'slice', 'out'];

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
 * import { gaussianDropout, Generator } from 'dropout-wasm';
 *
 * const y = gaussianDropout(Float32Array.of(1, 2, 3, 4), { p: 0.5, key: new Generator(42).next() });
 * console.log(Array.from(y, (value) => value.toFixed(2))); // [ '1.47', '0.32', '3.11', '5.23' ]
 */
export function gaussianDropout<X extends Input>(x: X, options: SliceOptions<X>): Result<X> {
  const { p, key, offset, slice, out } = checkOptions(options, SLICE_OPTIONS);
  const { key: word } = checkDraws(p, key, offset);
  return callNoise(x, { offset, slice, out }, word, (x, out, start, broadcast) =>
    gaussianDropoutInto(x, out, p, start, broadcast),
  );
}

/**
 * Adds normal noise of mean 0 to x. Its gradient with respect to x is dy itself. stddev = 0 copies x.
 *
 * @param x elements in row-major order, of any shape
 * @returns `out`, or a new array or tensor like x
 * @throws TypeError or RangeError that names the argument, before anything is written
 * @example
 * import { gaussianNoise, Generator } from 'dropout-wasm';
 *
 * const y = gaussianNoise(Float32Array.of(1, 2, 3, 4), { stddev: 0.1, key: new Generator(42).next() });
 * console.log(Array.from(y, (value) => value.toFixed(2))); // [ '1.05', '1.92', '3.00', '4.03' ]
 */
export function gaussianNoise<X extends Input>(x: X, options: NoiseOptions<X>): Result<X> {
  const { stddev, key, offset, slice, out } = checkOptions(options, NOISE_OPTIONS);
  checkDeviation(stddev);
  checkOffset(offset);
  const word = key === undefined && stddev === 0 ? NO_KEY : checkKey(key);
  return callNoise(x, { offset, slice, out }, word, (x, out, start, broadcast) =>
    gaussianNoiseInto(x, out, stddev, start, broadcast),
  );
}

/** A stateless call that draws noise: checks its other arguments and writes the result. */
function callNoise<X extends Input>(
  x: X,
  { offset, slice, out }: { offset: number | undefined; slice: Slice | undefined; out: Like<X> | undefined },
  key: U64,
  write: (x: FloatArray, out: FloatArray, start: StreamStart, broadcast?: Broadcast) => void,
): Result<X> {
  const part = checkSlice(slice, offset);
  const input = open(x);
  const own = part && sliceDraws(part, shapeOf(input));
  return resultOf<X>(input, out, (target) =>
    own
      ? writeSlice(own, input.data, target, (x, out, offset, broadcast) => write(x, out, { key, offset }, broadcast))
      : write(input.data, target, { key, offset: offset ?? 0 }),
  );
}

/** `gaussianDropout` on checked arguments. */
export function gaussianDropoutInto(
  x: FloatArray,
  out: FloatArray,
  p: number,
  start: StreamStart,
  broadcast?: Broadcast,
): void {
  if (p === 1) clear(out, x.length);
  else if (p > 0) gaussian().noise(x, out, start, deviationFor(p), false, broadcast);
  else copy(x, out);
}

/** `gaussianNoise` on checked arguments. */
export function gaussianNoiseInto(
  x: FloatArray,
  out: FloatArray,
  stddev: number,
  start: StreamStart,
  broadcast?: Broadcast,
): void {
  if (stddev > 0) gaussian().noise(x, out, start, stddev, true, broadcast);
  else copy(x, out);
}
