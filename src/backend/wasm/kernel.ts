/**
 * The binding of kernel.wasm: plain dropout and masks.
 * @module
 */
import type { Draws } from '../../core/draws.js';
import type { Broadcast } from '../../core/shapes.js';
import { subarray } from '../../core/tensor.js';
import type { Kernel } from '../interface.js';
import { eachChunk } from './chunks.js';
import { WasmDropping } from './dropping.js';
import { type KernelExports, Sink } from './exports.js';
import { commonMemory, type LinearMemory, tryInstantiate } from './memory.js';
import { kernelModule } from './modules.js';
import { OPERAND_TILE, type Scratch } from './scratch.js';
import type { WasmModule } from './types.js';

export class WasmKernel extends WasmDropping<'dropout', KernelExports> implements Kernel {
  constructor(module: WasmModule, scratch: Scratch) {
    super(module, scratch, 'dropout');
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
      kernel.dropout(sink, 0, dst, n, key.lo | 0, key.hi | 0, offset, i, P, 0, 0, 0, 1, n, 1);
      if (!inPlace) tile.store(out, at, Math.ceil(n / perByte));
    }
  }

  protected override on(memory: LinearMemory): KernelExports | undefined {
    memory.kernel ??= tryInstantiate<KernelExports>(this.module, kernelModule, memory);
    return memory.kernel;
  }
}
