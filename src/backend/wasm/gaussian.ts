/**
 * The binding of gaussian.wasm, on the memories and tiles of kernel.wasm.
 * @module
 */

import type { FloatArray } from '../../core/tensor.js';
import type { U64 } from '../../core/u64.js';
import type { Gaussian } from '../interface.js';
import { type GaussianExports, type Home, instantiate, sharedHome } from './memory.js';
import { type Scratch, sizeOf, VALUES } from './scratch.js';
import type { WasmModule } from './types.js';

export class WasmGaussian implements Gaussian {
  readonly #module: WasmModule;
  readonly #scratch: Scratch;

  constructor(module: WasmModule, scratch: Scratch) {
    this.#module = module;
    this.#scratch = scratch;
  }

  noise(x: FloatArray, out: FloatArray, { lo, hi }: U64, offset: number, stddev: number, additive: boolean): void {
    const { length } = x;
    const size = sizeOf(x);
    const wide = size === 8;
    const home = sharedHome(x, out);
    if (home) {
      this.#on(home).noise(x.byteOffset, out.byteOffset, length, wide, additive, lo, hi, offset, 0, stddev);
      return;
    }
    const { noise } = this.#on(this.#scratch);
    const tile = this.#scratch.values[size];
    for (let i = 0; i < length; i += tile.length) {
      const n = tile.load(x, i, length - i);
      noise(VALUES, VALUES, n, wide, additive, lo, hi, offset, i, stddev);
      tile.store(out, i, n);
    }
  }

  #on(home: Home): GaussianExports {
    home.gaussian ??= instantiate<GaussianExports>(this.#module, home);
    return home.gaussian;
  }
}
