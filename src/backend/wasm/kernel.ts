/**
 * The binding of kernel.wasm. Arrays in one registered memory are worked on in place. All others are streamed through a
 * tile of fixed size, so that memory use does not grow with the tensor.
 * @module
 */
import type { Broadcast } from '../../core/shapes.js';
import { type FloatArray, subarray } from '../../core/tensor.js';
import type { Affine, Draws, Kernel } from '../interface.js';
import { eachChunk } from './chunks.js';
import { type KernelExports, Sink } from './exports.js';
import { commonMemory, instantiate, type LinearMemory, tryInstantiate } from './memory.js';
import { kernelModule } from './modules.js';
import { OPERAND_TILE, type Scratch, sizeOf, X_TILE } from './scratch.js';
import type { WasmModule } from './types.js';

export class WasmKernel implements Kernel {
  declare private readonly module: WasmModule;
  declare private readonly scratch: Scratch;
  declare private readonly own: KernelExports;

  /** @throws the engine's error where it lacks SIMD or is out of memory */
  constructor(module: WasmModule, scratch: Scratch) {
    this.module = module;
    this.scratch = scratch;
    this.own = instantiate(module, scratch);
  }

  dropout(x: FloatArray, out: FloatArray, draws: Draws, affine: Affine, broadcast?: Broadcast): void {
    const { key, offset, P } = draws;
    const { lo, hi } = key;
    const { scale, shift, fill } = affine;
    const size = sizeOf(x);
    const sink = size === 8 ? Sink.F64 : Sink.F32;
    const memory = commonMemory(x, out);
    const inPlace = memory && this.on(memory);
    // Calls of their own: an engine calls a function of WebAssembly faster where it has seen only that one.
    if (inPlace && !broadcast) {
      const { length } = x;
      inPlace.dropout(
        sink,
        x.byteOffset,
        out.byteOffset,
        length,
        lo,
        hi,
        offset,
        0,
        P,
        scale,
        shift,
        fill,
        1,
        length,
        1,
      );
      return;
    }
    const { own } = this;
    const tile = this.scratch.x[size];
    if (!broadcast) {
      for (let i = 0; i < x.length; i += tile.length) {
        const n = tile.load(x, i, x.length - i);
        own.dropout(sink, X_TILE, X_TILE, n, lo, hi, offset, i, P, scale, shift, fill, 1, n, 1);
        tile.store(out, i, n);
      }
      return;
    }
    const calls = (kernel: KernelExports): void =>
      eachChunk(broadcast, inPlace ? undefined : tile.length, ({ at, length, first, noise, repeats, row, run }) => {
        if (!inPlace) tile.load(x, at, length);
        const src = inPlace ? x.byteOffset + at * size : X_TILE;
        const dst = inPlace ? out.byteOffset + at * size : X_TILE;
        kernel.dropout(sink, src, dst, noise, lo, hi, offset, first, P, scale, shift, fill, repeats, row, run);
        if (!inPlace) tile.store(out, at, length);
      });
    if (inPlace && memory.batch) memory.batch(calls);
    else calls(inPlace ?? own);
  }

  mask(out: Uint8Array, length: number, bits: boolean, { key, offset, P }: Draws, broadcast?: Broadcast): void {
    const perByte = bits ? 8 : 1;
    if (broadcast) {
      eachChunk(broadcast, undefined, ({ at, length, first }) => {
        const row = subarray(out, at / perByte, (at + length) / perByte);
        this.mask(row, length, bits, { key, offset: offset + first, P });
      });
      return;
    }
    const sink = bits ? Sink.Bits : Sink.Bytes;
    const memory = commonMemory(out);
    const inPlace = memory && this.on(memory);
    const kernel = inPlace ?? this.own;
    const tile = this.scratch.mask;
    const max = inPlace ? 2 ** 30 : perByte * tile.length;
    for (let i = 0; i < length; i += max) {
      const n = Math.min(max, length - i);
      const at = i / perByte;
      const dst = inPlace ? out.byteOffset + at : OPERAND_TILE;
      kernel.dropout(sink, 0, dst, n, key.lo, key.hi, offset, i, P, 0, 0, 0, 1, n, 1);
      if (!inPlace) tile.store(out, at, Math.ceil(n / perByte));
    }
  }

  /** The exports on a memory; undefined if the engine refuses it. */
  private on(memory: LinearMemory): KernelExports | undefined {
    memory.kernel ??= tryInstantiate<KernelExports>(this.module, kernelModule, memory);
    return memory.kernel;
  }
}
