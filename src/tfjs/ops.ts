/**
 * Functions on the values of a tensor, with their gradients.
 * @module
 */
import { customGrad, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { dropout as dropoutArray } from 'dropout-wasm';

type Values = Float32Array;

/** An elementwise linear map, such as a product with a mask. */
type Pull = (dy: Values) => Values;

/**
 * `dropout` on a tensor. Its gradient applies the same mask and scale to dy and can be differentiated to any order.
 *
 * @param x a float32 tensor of any shape
 * @param options p, key and offset, as for `dropout` of dropout-wasm
 * @throws TypeError for any other dtype; TypeError or RangeError that names the option
 * @example
 * const options = { p: 0.5, key: new Generator(42).next() };
 * const y = dropout(x, options);
 * const dx = tf.grad((x) => dropout(x, options))(x);
 */
export function dropout<T extends Tensor>(
  x: T,
  { p, key, offset = 0 }: { p: number; key: bigint | undefined; offset?: number },
): T {
  const pull: Pull = (data) => dropoutArray(data, { p, key, offset });
  return elementwise(x, (data) => [pull(data), pull]);
}

/**
 * Applies `run` to the values of x, with the gradient that it returns. The gradient is elementwise and linear, so it is
 * its own adjoint and gives gradients of every order.
 */
export function elementwise<T extends Tensor>(x: T, run: (data: Values) => [Values, Pull]): T {
  if (x.dtype !== 'float32') throw new TypeError(`x has to be a float32 tensor, but got ${x.dtype}`);
  return customGrad((input) => {
    const [y, pull] = run((input as Tensor).dataSync<'float32'>());
    return {
      value: tensor(y, x.shape, 'float32'),
      gradFunc: (dy: Tensor) => elementwise(dy, (data) => [pull(data), pull]),
    };
  })(x) as T;
}
