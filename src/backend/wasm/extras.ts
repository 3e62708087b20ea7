/**
 * The binding of extras.wasm, on the memories and tiles of kernel.wasm.
 * @module
 */

import type { FloatArray } from '../../core/tensor.js';
import type { U64 } from '../../core/u64.js';
import type { Affine, Extras } from '../interface.js';
import { type ExtrasExports, FusedPass, type Home, instantiate, sharedHome } from './memory.js';
import { type Scratch, SECOND, sizeOf, THIRD, type Tiles, VALUES } from './scratch.js';
import type { WasmModule } from './types.js';

export class WasmExtras implements Extras {
  readonly #module: WasmModule;
  readonly #scratch: Scratch;
  readonly #seconds: Tiles;
  readonly #thirds: Tiles;

  constructor(module: WasmModule, scratch: Scratch) {
    this.#module = module;
    this.#scratch = scratch;
    this.#seconds = scratch.tiles(SECOND);
    this.#thirds = scratch.tiles(THIRD);
  }

  applyMask(x: FloatArray, mask: Uint8Array, bits: boolean, out: FloatArray, { scale, shift, fill }: Affine): void {
    const { length } = x;
    const size = sizeOf(x);
    const wide = size === 8;
    const home = sharedHome(x, out, mask);
    if (home) {
      const { byteOffset } = mask;
      this.#on(home).applyMask(x.byteOffset, byteOffset, out.byteOffset, length, wide, bits, scale, shift, fill);
      return;
    }
    const { applyMask } = this.#on(this.#scratch);
    const values = this.#scratch.values[size];
    const flags = this.#scratch.flags;
    for (let i = 0; i < length; i += values.length) {
      const n = values.load(x, i, length - i);
      flags.load(mask, bits ? i / 8 : i, bits ? Math.ceil(n / 8) : n);
      applyMask(VALUES, SECOND, VALUES, n, wide, bits, scale, shift, fill);
      values.store(out, i, n);
    }
  }

  fused(
    x: FloatArray,
    bias: FloatArray,
    residual: FloatArray | undefined,
    out: FloatArray,
    key: U64,
    offset: number,
    P: number,
    scale: number,
  ): void {
    const pass = residual ? FusedPass.Residual : FusedPass.Bias;
    const home = sharedHome(x, out, bias, residual ?? x);
    if (home) this.#fusedAt(home, pass, x, bias, residual ?? x, out, key, offset, P, scale);
    else this.#fusedTiles(pass, x, bias, residual, out, key, offset, P, scale);
  }

  fusedBackward(
    dy: FloatArray,
    dx: FloatArray,
    dbias: FloatArray,
    key: U64,
    offset: number,
    P: number,
    scale: number,
  ): void {
    const home = sharedHome(dy, dx, dbias);
    // Float16Arrays are summed in f32 too.
    const sums = dbias.BYTES_PER_ELEMENT === 2 ? new Float32Array(dbias.length) : dbias;
    sums.fill(0);
    if (home) this.#fusedAt(home, FusedPass.Backward, dy, sums, dy, dx, key, offset, P, scale);
    else this.#fusedTiles(FusedPass.Backward, dy, sums, undefined, dx, key, offset, P, scale);
    if (sums !== dbias) dbias.set(sums);
  }

  #fusedAt(
    home: Home,
    pass: FusedPass,
    x: FloatArray,
    bias: FloatArray,
    residual: FloatArray,
    out: FloatArray,
    { lo, hi }: U64,
    offset: number,
    P: number,
    scale: number,
  ): void {
    const { fused } = this.#on(home);
    const [src, row, added, dst] = [x.byteOffset, bias.byteOffset, residual.byteOffset, out.byteOffset];
    const wide = x.BYTES_PER_ELEMENT === 8;
    fused(pass, src, row, added, dst, x.length, bias.length, 0, wide, lo, hi, offset, 0, P, scale);
  }

  #fusedTiles(
    pass: FusedPass,
    x: FloatArray,
    bias: FloatArray,
    residual: FloatArray | undefined,
    out: FloatArray,
    { lo, hi }: U64,
    offset: number,
    P: number,
    scale: number,
  ): void {
    const { fused } = this.#on(this.#scratch);
    const size = sizeOf(x);
    const values = this.#scratch.values[size];
    const second = this.#seconds[size];
    const row = this.#thirds[size];
    const features = bias.length;
    // A row that fits its tile stays there; of a longer one, each piece of x brings its part along.
    const fits = features <= row.length;
    if (fits) row.load(bias, 0, features);
    for (let i = 0, n = 0; i < x.length; i += n) {
      const column = i % features;
      n = values.load(x, i, fits ? x.length - i : Math.min(x.length - i, features - column));
      if (residual) second.load(residual, i, n);
      if (!fits) row.load(bias, column, n);
      fused(
        pass,
        VALUES,
        THIRD,
        SECOND,
        VALUES,
        n,
        fits ? features : n,
        fits ? column : 0,
        size === 8,
        lo,
        hi,
        offset,
        i,
        P,
        scale,
      );
      values.store(out, i, n);
      if (!fits && pass === FusedPass.Backward) row.store(bias, column, n);
    }
    if (fits && pass === FusedPass.Backward) row.store(bias, 0, features);
  }

  #on(home: Home): ExtrasExports {
    home.extras ??= instantiate<ExtrasExports>(this.#module, home);
    return home.extras;
  }
}
