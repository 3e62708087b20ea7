/**
 * The wasm backend: the kernel works in TensorFlow.js's own memory, from input tensor to output tensor.
 * @module
 */
import type { DataType, Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmMemory } from '../../backend/wasm/types.js';
import type { ElementwiseMap } from '../../layers/maps.js';
import { arrays } from '../shared.js';
import type { Backend, Path } from './path.js';

/** The members of the wasm backend that are used, as TensorFlow.js 4 has them. */
export interface HeapBackend extends Backend {
  readonly wasm: {
    /** Of a build without threads. */
    readonly asm?: { readonly memory?: WasmMemory };
    /** Of a build with threads. */
    readonly wasmMemory?: WasmMemory;
    readonly HEAPU8: Uint8Array;
  };
  /** Moves the tensor here from another backend first. */
  getMemoryOffset(dataId: object): number;
  makeOutput(shape: readonly number[], dtype: DataType): TensorInfo;
}

/** Undefined if the backend has other members. */
export function heapPath(backend: HeapBackend): Path | undefined {
  const { wasm } = backend;
  const memory = wasm.wasmMemory ?? wasm.asm?.memory;
  if (!memory || wasm.HEAPU8?.buffer !== memory.buffer) return undefined;
  if (!backend.getMemoryOffset || !backend.makeOutput) return undefined;
  try {
    arrays.useMemory(memory);
  } catch {
    return undefined;
  }
  let { buffer } = memory;
  return {
    name: 'heap',
    run({ dataId, shape, size }: Tensor, map: ElementwiseMap) {
      const src = backend.getMemoryOffset(dataId);
      const y = backend.makeOutput(shape, 'float32');
      try {
        const dst = backend.getMemoryOffset(y.dataId);
        // What malloc returns where the heap is full, whereas TensorFlow.js would write there.
        if (!dst) throw new RangeError('the heap is full');
        // Only now, since each of these calls may make the memory grow.
        if (memory.buffer !== buffer) {
          arrays.useMemory(memory);
          buffer = memory.buffer;
        }
        map.write(new Float32Array(buffer, src, size), new Float32Array(buffer, dst, size));
      } catch (error) {
        backend.disposeData(y.dataId);
        throw error;
      }
      return y;
    },
  };
}
