/**
 * Alpha dropout as a stateless call.
 * @module
 */
import type { Affine } from '../backend/interface.js';
import type { Input, Result } from '../core/tensor.js';
import { type DropoutOptions, dropped, scaled } from './common.js';

/** What SELU tends to at −∞: −scale · alpha of Klambauer et al. 2017. */
const SATURATED = -1.7580993408473766;

/** a, b and a·α' + b, with a = 1/√((α'²·p + 1)(1 − p)) and b = −a·α'·p. */
export function alpha(p: number): Affine {
  const a = 1 / Math.sqrt((SATURATED ** 2 * p + 1) * (1 - p));
  const b = -a * SATURATED * p;
  return { scale: a, shift: p === 0 ? -0 : b, fill: a * SATURATED + b };
}

/** Its gradient: dropped elements were constants. */
export const alphaGradient = (p: number): Affine => scaled(alpha(p).scale);

/**
 * Alpha dropout (Klambauer et al. 2017), as PyTorch's: dropped elements take the value that SELU saturates at,
 * and an affine step keeps the mean and variance of x. p = 0 copies x, p = 1 gives zeros.
 *
 * @throws TypeError, RangeError that names the argument, before anything is written
 * @example
 * const options = { p: 0.5, key: new Generator(42).next() };
 * alphaDropout(Float32Array.of(1, 2, 3, 4), options); // 1.67, -0.78, -0.78, 4.33
 */
export function alphaDropout<X extends Input>(x: X, options: DropoutOptions<X>): Result<X> {
  return dropped(x, options, alpha);
}

/** The gradient of `alphaDropout` with respect to x, for the same options: a · dy where x was kept, else +0. */
export function alphaDropoutBackward<X extends Input>(dy: X, options: DropoutOptions<X>): Result<X> {
  return dropped(dy, options, alphaGradient);
}
