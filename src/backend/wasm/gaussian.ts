/**
 * The binding of gaussian.wasm, on the memories and tiles of kernel.wasm.
 * @module
 */
import type { StreamStart } from '../../core/draws.js';
import type { Broadcast } from '../../core/shapes.js';
import { type FloatArray, subarray } from '../../core/tensor.js';
import type { Gaussian } from '../interface.js';
import { eachChunk } from './chunks.js';
import type { GaussianExports } from './exports.js';
import { commonMemory, instantiate, type LinearMemory, tryInstantiate } from './memory.js';
import { gaussianModule } from './modules.js';
import { type Scratch, sizeOf, X_TILE } from './scratch.js';
import type { WasmModule } from './types.js';

export class WasmGaussian implements Gaussian {
  private readonly own: GaussianExports;

  /** @throws the engine's error where it refuses the module */
  constructor(
    private readonly module: WasmModule,
    private readonly scratch: Scratch,
  ) {
    this.own = instantiate(module, scratch);
  }

  noise(
    x: FloatArray,
    out: FloatArray,
    start: StreamStart,
    stddev: number,
    additive: boolean,
    broadcast?: Broadcast,
  ): void {
    const { key, offset } = start;
    if (broadcast) {
      eachChunk(broadcast, undefined, ({ at, length, first }) => {
        const part = (array: FloatArray) => subarray(array, at, at + length);
        this.noise(part(x), part(out), { key, offset: offset + first }, stddev, additive);
      });
      return;
    }
    const lo = key.lo | 0;
    const hi = key.hi | 0;
    const { length } = x;
    const size = sizeOf(x);
    const isF64 = Number(size === 8);
    const isAdditive = Number(additive);
    const memory = commonMemory(x, out);
    const inPlace = memory && this.on(memory);
    if (inPlace) {
      inPlace.noise(x.byteOffset, out.byteOffset, length, isF64, isAdditive, lo, hi, offset, 0, stddev);
      return;
    }
    const { noise } = this.own;
    const tile = this.scratch.x[size];
    for (let i = 0; i < length; i += tile.length) {
      const n = tile.load(x, i, length - i);
      noise(X_TILE, X_TILE, n, isF64, isAdditive, lo, hi, offset, i, stddev);
      tile.store(out, i, n);
    }
  }

  /** The exports on a memory; undefined if the engine refuses it. */
  private on(memory: LinearMemory): GaussianExports | undefined {
    memory.gaussian ??= tryInstantiate<GaussianExports>(this.module, gaussianModule, memory);
    return memory.gaussian;
  }
}
