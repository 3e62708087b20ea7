/**
 * Checks of tensors.
 * @module
 */
import type { Tensor } from '@tensorflow/tfjs-core';
import { tf, wrongType } from './shared.js';

/** Whether a value is what TensorFlow.js makes a tensor of: a number, or an array of any depth. */
export const isTensorLike = (value: unknown): boolean =>
  Array.isArray(value) || ArrayBuffer.isView(value) || typeof value === 'number';

/** @throws TypeError unless value is a tensor, Error if it is disposed */
export function checkTensor(value: unknown): Tensor {
  if (!(value instanceof tf.Tensor))
    throw wrongType('x', 'a tensor', value, isTensorLike(value) ? 'tensor(x)' : undefined);
  if (value.isDisposed) throw new Error('x is disposed');
  return value;
}

/** @throws TypeError unless x is of float32 */
export function checkFloats(x: Tensor): Tensor {
  const { dtype } = x;
  if (dtype !== 'float32') {
    const remedy = dtype === 'int32' || dtype === 'bool' ? ": x.cast('float32')" : '';
    throw new TypeError(`x has to be a float32 tensor, but got ${dtype}${remedy}`);
  }
  return x;
}
