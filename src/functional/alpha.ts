/**
 * Alpha dropout as stateless calls.
 * @module
 */
import type { Affine } from '../backend/interface.js';
import { extras } from '../backend/select.js';
import type { Input, Result } from '../core/tensor.js';
import { callDropout, type DropoutOptions, type Scaling, scaleBy } from './common.js';

/** The limit of SELU at −∞: α' = −scale · alpha of Klambauer et al. 2017. */
const SATURATED = -1.7580993408473766;

/** scale a, shift b and fill a·α' + b, with a = 1/√((α'²·p + 1)(1 − p)) and b = −a·α'·p. */
export function alpha(p: number): Affine {
  const a = 1 / Math.sqrt((SATURATED ** 2 * p + 1) * (1 - p));
  const b = -a * SATURATED * p;
  return { scale: a, shift: p === 0 ? -0 : b, fill: a * SATURATED + b, part: extras };
}

/** In the gradient, dropped elements are 0, since forward made them constants. */
const alphaGradient = (p: number): Affine => scaleBy(alpha(p).scale);

export const ALPHA: Scaling = { forward: alpha, gradient: alphaGradient };

/**
 * Alpha dropout (Klambauer et al. 2017), as in PyTorch: dropped elements take the value at which SELU saturates, and an
 * affine map keeps the mean and variance of x. p = 0 copies x, p = 1 gives zeros.
 *
 * @param x elements in row-major order, of any shape
 * @returns `out`, or a new array or tensor like x
 * @throws TypeError or RangeError that names the argument, before anything is written
 * @example
 * import { alphaDropout, Generator } from 'dropout-wasm';
 *
 * const y = alphaDropout(Float32Array.of(1, 2, 3, 4), { p: 0.5, key: new Generator(42).next() });
 * console.log(Array.from(y, (value) => value.toFixed(2))); // [ '1.67', '-0.78', '-0.78', '4.32' ]
 */
export function alphaDropout<X extends Input>(x: X, options: DropoutOptions<X>): Result<X> {
  return callDropout(x, options, ALPHA.forward);
}

/**
 * The gradient of `alphaDropout` with respect to x, for the same options: a · dy where x was kept, +0 elsewhere.
 *
 * @param dy the gradient with respect to the result, with as many elements as x
 * @returns `out`, or a new array or tensor like dy
 * @throws TypeError or RangeError that names the argument, before anything is written
 * @example
 * import { alphaDropoutBackward, Generator } from 'dropout-wasm';
 *
 * const dy = new Float32Array(4).fill(1);
 * const dx = alphaDropoutBackward(dy, { p: 0.5, key: new Generator(42).next() });
 * console.log(Array.from(dx, (value) => value.toFixed(2))); // [ '0.89', '0.00', '0.00', '0.89' ]
 */
export function alphaDropoutBackward<X extends Input>(dy: X, options: DropoutOptions<X>): Result<X> {
  return callDropout(dy, options, ALPHA.gradient);
}
