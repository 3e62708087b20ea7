/**
 * The binding of kernel.wasm: plain dropout and masks.
 * @module
 */
import type { Broadcast } from '../../core/shapes.js';
import { subarray } from '../../core/tensor.js';
import type { Draws, Kernel } from '../interface.js';
import { eachChunk } from './chunks.js';
import { WasmDropping } from './dropping.js';
import { type Draw, type DrawExports, type KernelExports, Sink } from './exports.js';
import { commonMemory, instantiate, type LinearMemory, tryInstantiate } from './memory.js';
import { kernelModule } from './modules.js';
import { OPERAND_TILE, type Scratch } from './scratch.js';
import type { WasmModule } from './types.js';

export class WasmKernel extends WasmDropping implements Kernel {
  declare private readonly module: WasmModule;
  declare private readonly exports: KernelExports;

  /** @throws the engine's error where it lacks SIMD or is out of memory */
  constructor(module: WasmModule, scratch: Scratch) {
    const exports = instantiate<KernelExports>(module, scratch);
    super(scratch, exports.dropout);
    this.module = module;
    this.exports = exports;
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
    const kernel = inPlace ?? this.exports;
    const tile = this.scratch.mask;
    const max = inPlace ? 2 ** 30 : perByte * tile.length;
    for (let i = 0; i < length; i += max) {
      const n = Math.min(max, length - i);
      const at = i / perByte;
      const dst = inPlace ? out.byteOffset + at : OPERAND_TILE;
      kernel.dropout(sink, 0, dst, n, key.lo | 0, key.hi | 0, offset, i, P, 0, 0, 0, 1, n, 1);
      if (!inPlace) tile.store(out, at, Math.ceil(n / perByte));
    }
  }

  protected override drawOn(memory: LinearMemory): Draw | undefined {
    return this.on(memory)?.dropout;
  }

  protected override drawOf({ dropout }: DrawExports): Draw {
    return dropout;
  }

  /** The exports on a memory; undefined if the engine refuses it. */
  private on(memory: LinearMemory): KernelExports | undefined {
    memory.kernel ??= tryInstantiate<KernelExports>(this.module, kernelModule, memory);
    return memory.kernel;
  }
}
