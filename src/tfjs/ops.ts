/**
 * Functions on the values of a tensor, with their gradients.
 * @module
 */
import { customGrad, Tensor, tensor } from '@tensorflow/tfjs-core';
import { dropout as dropoutArray, type NoiseShape } from 'dropout-wasm';
import { checkOptions, wrongType } from '../core/check.js';

/** Options of `dropout`. */
export interface TensorDropoutOptions {
  /** Probability that an element is dropped, from 0 to 1. */
  p: number;
  /** Key of the call's stream, or its hex digits as a string, such as '0x2a'. It may be undefined where p is 0 or 1. */
  key: bigint | string | undefined;
  /** Element i of x (or of its noise shape) takes draw `offset + i` of the stream. An integer up to 2^53, default 0. */
  offset?: number;
  /**
   * The shape of the draws, which are broadcast to the shape of x: 1 shares a draw along an axis, null copies the size
   * of x. It has as many axes as x, or fewer, aligned to the last axis. By default every element has its own draw.
   */
  noiseShape?: NoiseShape | null;
}

type Values = Float32Array;

/** An elementwise linear map, such as a product with a mask. */
type Pull = (dy: Values) => Values;

/**
 * `dropout` on a tensor. Its gradient applies the same mask and scale to dy and can be differentiated to any order.
 *
 * @param x a float32 tensor of any shape
 * @throws TypeError for anything else; TypeError or RangeError that names the option
 * @example
 * const options = { p: 0.5, key: new Generator(42).next() };
 * const y = dropout(x, options);
 * const dx = tf.grad((x) => dropout(x, options))(x);
 */
export function dropout<T extends Tensor>(x: T, options: TensorDropoutOptions): T {
  const { noiseShape, ...rest } = checkOptions(options, ['p', 'key', 'offset', 'noiseShape']);
  // A copy, because the gradient may run after the caller has changed the array.
  const draws = { ...rest, noiseShape: Array.isArray(noiseShape) ? [...noiseShape] : (noiseShape ?? null) };
  const pull: Pull = (data) => dropoutArray({ data, shape: x.shape }, draws).data;
  return elementwise(x, (data) => [pull(data), pull]);
}

/**
 * Applies `run` to the values of x, with the gradient that it returns. The gradient is elementwise and linear, so it is
 * its own adjoint and gives gradients of every order.
 */
export function elementwise<T extends Tensor>(x: T, run: (data: Values) => [Values, Pull]): T {
  const { dtype } = checkTensor(x);
  if (dtype !== 'float32') {
    const remedy = dtype === 'int32' || dtype === 'bool' ? ": x.cast('float32')" : '';
    throw new TypeError(`x has to be a float32 tensor, but got ${dtype}${remedy}`);
  }
  return customGrad((input) => {
    const [y, pull] = run((input as Tensor).dataSync<'float32'>());
    return {
      value: tensor(y, x.shape, 'float32'),
      gradFunc: (dy: Tensor) => elementwise(dy, (data) => [pull(data), pull]),
    };
  })(x) as T;
}

export const isTensor = (value: unknown): value is Tensor => value instanceof Tensor;

/** @throws TypeError unless value is a tensor */
export function checkTensor(value: unknown): Tensor {
  const isData = Array.isArray(value) || ArrayBuffer.isView(value) || typeof value === 'number';
  if (!isTensor(value)) throw wrongType('x', 'a tensor', value, isData ? 'tensor(x)' : undefined);
  return value;
}
