/**
 * What the kernel needs of a backend of TensorFlow.js. Backends are known by what they can do, not by their names.
 * @module
 */
import type { DataType, Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import type { ElementwiseMap } from '../maps.js';

/** Members of backends that this package uses. Each backend has some of them. */
export interface Backend {
  readSync(dataId: object): unknown;
  disposeData(dataId: object): unknown;
  makeTensorInfo?(shape: readonly number[], dtype: DataType, values?: unknown): TensorInfo;
}

/** A way to apply a map on a backend. */
export interface Path {
  /**
   * 'heap': in the memory of the wasm backend. 'values': on the arrays of the cpu backend. 'webgl', 'webgpu': a program
   * on uploaded bits. 'where': `tf.where` on an uploaded mask. 'copy': on a copy of the values.
   */
  readonly name: 'heap' | 'values' | 'webgl' | 'webgpu' | 'where' | 'copy';
  /** Why a faster way does not serve. */
  readonly reason?: string | undefined;
  /** @throws TypeError, RangeError for bad arguments of the map; Error if the backend has lost its device */
  run(x: Tensor, map: ElementwiseMap): TensorInfo;
}

export const sizeOf = ({ shape }: TensorInfo): number => shape.reduce((product, size) => product * size, 1);
