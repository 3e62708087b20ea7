/**
 * Dropout in kernel.wasm, and with shift and fill in extras.wasm. Arrays in one registered memory are worked on in
 * place. All others are streamed through a tile of fixed size, so that memory use does not grow with the tensor.
 * @module
 */
import type { Broadcast } from '../../core/shapes.js';
import type { FloatArray } from '../../core/tensor.js';
import type { Affine, Draws, Dropping } from '../interface.js';
import { eachChunk } from './chunks.js';
import { type Draw, type DrawExports, Sink } from './exports.js';
import { commonMemory, type LinearMemory } from './memory.js';
import { type Scratch, sizeOf, X_TILE } from './scratch.js';

export abstract class WasmDropping implements Dropping {
  declare protected readonly scratch: Scratch;
  declare private readonly own: Draw;

  /** @param own the module's `Draw` on the memory of `scratch` */
  constructor(scratch: Scratch, own: Draw) {
    this.scratch = scratch;
    this.own = own;
  }

  /** The module's `Draw` on a memory; undefined if the engine refuses it. */
  protected abstract drawOn(memory: LinearMemory): Draw | undefined;

  /** The module's `Draw` among the exports of all. */
  protected abstract drawOf(exports: DrawExports): Draw;

  dropout(x: FloatArray, out: FloatArray, draws: Draws, affine: Affine, broadcast?: Broadcast): void {
    const { key, offset, P } = draws;
    const lo = key.lo | 0;
    const hi = key.hi | 0;
    const { scale, shift, fill } = affine;
    const size = sizeOf(x);
    const sink = size === 8 ? Sink.F64 : Sink.F32;
    const memory = commonMemory(x, out);
    const inPlace = memory && this.drawOn(memory);
    // Calls of their own: an engine calls a function of WebAssembly faster where it has seen only that one.
    if (inPlace && !broadcast) {
      const { length } = x;
      inPlace(sink, x.byteOffset, out.byteOffset, length, lo, hi, offset, 0, P, scale, shift, fill, 1, length, 1);
      return;
    }
    const { own } = this;
    const tile = this.scratch.x[size];
    if (!broadcast) {
      for (let i = 0; i < x.length; i += tile.length) {
        const n = tile.load(x, i, x.length - i);
        own(sink, X_TILE, X_TILE, n, lo, hi, offset, i, P, scale, shift, fill, 1, n, 1);
        tile.store(out, i, n);
      }
      return;
    }
    const calls = (draw: Draw): void =>
      eachChunk(broadcast, inPlace ? undefined : tile.length, ({ at, length, first, noise, repeats, row, run }) => {
        if (!inPlace) tile.load(x, at, length);
        const src = inPlace ? x.byteOffset + at * size : X_TILE;
        const dst = inPlace ? out.byteOffset + at * size : X_TILE;
        draw(sink, src, dst, noise, lo, hi, offset, first, P, scale, shift, fill, repeats, row, run);
        if (!inPlace) tile.store(out, at, length);
      });
    if (inPlace && memory.batch) memory.batch((exports) => calls(this.drawOf(exports)));
    else calls(inPlace ?? own);
  }
}
