/**
 * Dropout as a stateless call.
 * @module
 */
import type { Input, Result } from '../core/tensor.js';
import { callDropout, type DropoutOptions, inverted } from './common.js';

/**
 * Inverted dropout (Srivastava et al. 2014): each element becomes +0 with probability p and x / (1 − p) otherwise. The
 * gradient with respect to x is the same call on dy. Applied to weights instead of activations, this is DropConnect
 * (Wan et al. 2013).
 *
 * @param x elements in row-major order, of any shape; NaN and ±Inf are dropped like any other value
 * @returns `out`, or a new array or tensor like x, in the arena of x if there is one
 * @throws TypeError or RangeError that names the argument, before anything is written
 * @example
 * import { dropout, Generator } from 'dropout-wasm';
 *
 * const key = new Generator(42).next();
 * console.log(dropout(Float32Array.of(1, 2, 3, 4), { p: 0.5, key })); // Float32Array(4) [ 2, 0, 0, 8 ]
 * const dy = new Float32Array(4).fill(1);
 * console.log(dropout(dy, { p: 0.5, key })); // Float32Array(4) [ 2, 0, 0, 2 ]
 */
export function dropout<X extends Input>(x: X, options: DropoutOptions<X>): Result<X> {
  return callDropout(x, options, inverted);
}
