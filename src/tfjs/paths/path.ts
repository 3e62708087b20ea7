/**
 * What the kernel needs of a backend of TensorFlow.js. Backends are known by what they can do, not by their names.
 * @module
 */
import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import type { ElementwiseMap, Masked } from '../../layers/maps.js';

/** Members that every backend has. */
export interface Backend {
  readSync(dataId: object): ArrayLike<number>;
  disposeData(dataId: object): unknown;
}

/** How a map is applied on a backend. */
export interface Path {
  readonly name: 'heap' | 'values' | 'webgl' | 'webgpu' | 'webgpu-draw' | 'where' | 'copy';
  /** Why a faster path does not serve. */
  readonly reason?: string | undefined;
  /** @throws TypeError, RangeError for bad arguments of the map; Error if the backend has lost its device */
  run(x: Tensor, map: ElementwiseMap): TensorInfo;
}

/** How a program of a device applies masks. */
export interface Way {
  readonly name: Path['name'];
  /** Why it does not serve. Also set when it fails. */
  reason: string | undefined;
  /** Undefined if it cannot apply this mask. */
  run(x: Tensor, masked: Masked): TensorInfo | undefined;
}
