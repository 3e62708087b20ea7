/**
 * The binding of kernel.wasm. Arrays that share an adopted memory are worked on where they lie; all others
 * are streamed through a scratch tile of fixed size, so that memory use never grows with the tensor.
 * @module
 */

import type { FloatArray } from '../../core/tensor.js';
import type { U64 } from '../../core/u64.js';
import type { Affine, Kernel, Nest } from '../interface.js';
import { eachPiece } from './chunks.js';
import { type Home, homeOf, instantiate, type KernelExports, Sink, sharedHome, together } from './memory.js';
import { Scratch, SECOND, sizeOf, VALUES } from './scratch.js';
import type { WasmModule } from './types.js';

/** Elements of x that one draw of a row of noise serves at once: more would leave the L2 cache between repeats. */
const NEAR = 32768;

export class WasmKernel implements Kernel {
  readonly #module: WasmModule;
  readonly scratch: Scratch = new Scratch();

  /** @throws whatever the engine throws where it forbids WebAssembly, lacks SIMD or is out of memory */
  constructor(module: WasmModule) {
    this.#module = module;
    this.#on(this.scratch);
  }

  dropout(x: FloatArray, out: FloatArray, key: U64, offset: number, P: number, affine: Affine, nest?: Nest): void {
    const { scale, shift, fill } = affine;
    const size = sizeOf(x);
    const sink = size === 8 ? Sink.F64 : Sink.F32;
    const { lo, hi } = key;
    const home = sharedHome(x, out);
    if (home) {
      const kernel = this.#on(home);
      const src = x.byteOffset;
      const dst = out.byteOffset;
      if (!nest) kernel.dropout(sink, src, dst, x.length, lo, hi, offset, 0, P, scale, shift, fill, 1, x.length, 1);
      else
        together(home, () =>
          eachPiece(nest, NEAR, true, (at, _n, first, noise, repeats, row, run) => {
            const x = src + at * size;
            const y = dst + at * size;
            kernel.dropout(sink, x, y, noise, lo, hi, offset, first, P, scale, shift, fill, repeats, row, run);
          }),
        );
      return;
    }
    const tile = this.scratch.values[size];
    const kernel = this.#on(this.scratch);
    if (nest)
      eachPiece(nest, tile.length, false, (at, n, first, noise, repeats, row, run) => {
        tile.load(x, at, n);
        kernel.dropout(sink, VALUES, VALUES, noise, lo, hi, offset, first, P, scale, shift, fill, repeats, row, run);
        tile.store(out, at, n);
      });
    else
      for (let i = 0; i < x.length; i += tile.length) {
        const n = tile.load(x, i, x.length - i);
        kernel.dropout(sink, VALUES, VALUES, n, lo, hi, offset, i, P, scale, shift, fill, 1, n, 1);
        tile.store(out, i, n);
      }
  }

  mask(out: Uint8Array, length: number, bits: boolean, key: U64, offset: number, P: number): void {
    const sink = bits ? Sink.Bits : Sink.Bytes;
    const perByte = bits ? 8 : 1;
    const home = homeOf(out);
    const kernel = this.#on(home ?? this.scratch);
    const tile = this.scratch.flags;
    const most = home ? 2 ** 30 : perByte * tile.length;
    for (let i = 0; i < length; i += most) {
      const n = Math.min(most, length - i);
      const at = i / perByte;
      const dst = home ? out.byteOffset + at : SECOND;
      kernel.dropout(sink, 0, dst, n, key.lo, key.hi, offset, i, P, 0, 0, 0, 1, n, 1);
      if (!home) tile.store(out, at, Math.ceil(n / perByte));
    }
  }

  #on(home: Home): KernelExports {
    home.kernel ??= instantiate<KernelExports>(this.#module, home);
    return home.kernel;
  }
}
