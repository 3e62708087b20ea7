/**
 * Any backend: public operations of TensorFlow.js, and copies of values.
 * @module
 */
import { add, engine, fill, mul, type Tensor, tensor, tidy, where } from '@tensorflow/tfjs-core';
import type { ElementwiseMap, Masked, Noise } from '../maps.js';
import type { Backend } from './path.js';

/** Selects elements by an uploaded mask. */
export const selectByWhere = (x: Tensor, { bits, affine }: Masked): Tensor =>
  tidy(() => {
    const mask = Uint8Array.from({ length: x.size }, (_, i) => (bits[i >> 3]! >> (i & 7)) & 1);
    const product = mul(x, affine.scale);
    const kept = affine.shift ? add(product, affine.shift) : product;
    // Not a product with the mask, which would keep a dropped NaN.
    return where(tensor(mask, x.shape, 'bool'), kept, fill(x.shape, affine.fill));
  });

/** Multiplies by uploaded noise, or adds it. */
export const applyNoise = (x: Tensor, { noise, additive }: Noise): Tensor =>
  tidy(() => (additive ? add : mul)(x, tensor(noise, x.shape, 'float32')));

/** Copies the values out and in. The arrays of the cpu backend are read where they are. */
export function copyValues(backend: Backend, x: Tensor, map: ElementwiseMap): Tensor {
  // Moves the tensor here from another backend first.
  const values = backend.readSync(x.dataId) as Float32Array;
  const y = new Float32Array(x.size);
  map.write(values, y);
  return engine().makeTensor(y, x.shape, 'float32');
}
