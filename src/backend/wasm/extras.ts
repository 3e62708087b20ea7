/**
 * The binding of extras.wasm, on the memories and tiles of kernel.wasm.
 * @module
 */
import type { FloatArray } from '../../core/tensor.js';
import type { Affine, Extras } from '../interface.js';
import { WasmDropping } from './dropping.js';
import type { ExtrasExports } from './exports.js';
import { commonMemory, type LinearMemory, tryInstantiate } from './memory.js';
import { extrasModule } from './modules.js';
import { OPERAND_TILE, type Scratch, sizeOf, X_TILE } from './scratch.js';
import type { WasmModule } from './types.js';

export class WasmExtras extends WasmDropping<'affine', ExtrasExports> implements Extras {
  constructor(module: WasmModule, scratch: Scratch) {
    super(module, scratch, 'affine');
  }

  applyMask(x: FloatArray, mask: Uint8Array, bits: boolean, out: FloatArray, { scale, shift, fill }: Affine): void {
    const { length } = x;
    const size = sizeOf(x);
    const isF64 = Number(size === 8);
    const isBits = Number(bits);
    const memory = commonMemory(x, out, mask);
    const inPlace = memory && this.on(memory);
    if (inPlace) {
      const { byteOffset } = mask;
      inPlace.applyMask(x.byteOffset, byteOffset, out.byteOffset, length, isF64, isBits, scale, shift, fill);
      return;
    }
    const { applyMask } = this.own;
    const tile = this.scratch.x[size];
    const maskTile = this.scratch.mask;
    for (let i = 0; i < length; i += tile.length) {
      const n = tile.load(x, i, length - i);
      maskTile.load(mask, bits ? i / 8 : i, bits ? Math.ceil(n / 8) : n);
      applyMask(X_TILE, OPERAND_TILE, X_TILE, n, isF64, isBits, scale, shift, fill);
      tile.store(out, i, n);
    }
  }

  protected override on(memory: LinearMemory): ExtrasExports | undefined {
    memory.extras ??= tryInstantiate<ExtrasExports>(this.module, extrasModule, memory);
    return memory.extras;
  }
}
