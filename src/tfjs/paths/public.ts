/**
 * Any backend: public operations of TensorFlow.js, and copies of values.
 * @module
 */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { ElementwiseMap, Masked, Noise } from '../../layers/maps.js';
import { arrays, tf } from '../shared.js';

/** Selects elements by an uploaded mask. */
export const selectByWhere = (x: Tensor, { bits, affine }: Masked): Tensor =>
  tf.tidy(() => {
    const mask = new Uint8Array(arrays.applyMask(new Float32Array(x.size).fill(1), bits(), { p: 0, format: 'bits' }));
    // A vector, since webgl and webgpu have `where` for at most four axes.
    const product = tf.mul(tf.reshape(x, [-1]), affine.scale);
    const kept = affine.shift ? tf.add(product, affine.shift) : product;
    // Not a product with the mask, which would keep a dropped NaN.
    return tf.reshape(tf.where(tf.tensor(mask, [x.size], 'bool'), kept, affine.fill), x.shape);
  });

/** Multiplies by uploaded noise, or adds it. */
export const applyNoise = (x: Tensor, { noise, additive }: Noise): Tensor =>
  tf.tidy(() => (additive ? tf.add : tf.mul)(x, tf.tensor(noise, x.shape, 'float32')));

/** Makes a tensor of the values that `read` returns for the data of another. */
export function copyValues(read: (dataId: object) => ArrayLike<number>, x: Tensor, map: ElementwiseMap): Tensor {
  const y = new Float32Array(x.size);
  const values = read(x.dataId);
  map.write(values instanceof Float32Array ? values : new Float32Array(values), y);
  return tf.engine().makeTensor(y, x.shape, 'float32');
}
