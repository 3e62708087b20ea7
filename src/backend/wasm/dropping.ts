/**
 * Dropout in kernel.wasm, and with shift and fill in extras.wasm. Arrays in one registered memory are worked on in
 * place. All others are streamed through a tile of fixed size, so that memory use does not grow with the tensor.
 * @module
 */
import type { Draws } from '../../core/draws.js';
import type { Broadcast } from '../../core/shapes.js';
import type { FloatArray } from '../../core/tensor.js';
import type { Affine, Dropping } from '../interface.js';
import { eachChunk } from './chunks.js';
import { type Draw, type DrawExports, Sink } from './exports.js';
import { commonMemory, instantiate, type LinearMemory } from './memory.js';
import { type Scratch, sizeOf, X_TILE } from './scratch.js';
import type { WasmModule } from './types.js';

export abstract class WasmDropping<Name extends keyof DrawExports, Exports extends Record<Name, Draw>>
  implements Dropping
{
  declare protected readonly module: WasmModule;
  declare protected readonly scratch: Scratch;
  /** The exports on the memory of `scratch`. */
  declare protected readonly own: Exports;
  declare private readonly name: Name;

  /**
   * @param name the export that draws
   * @throws the engine's error where it lacks SIMD, refuses the module or is out of memory
   */
  constructor(module: WasmModule, scratch: Scratch, name: Name) {
    this.module = module;
    this.scratch = scratch;
    this.own = instantiate(module, scratch);
    this.name = name;
  }

  /** The exports on a memory; undefined if the engine refuses it. */
  protected abstract on(memory: LinearMemory): Exports | undefined;

  dropout(x: FloatArray, out: FloatArray, draws: Draws, affine: Affine, broadcast?: Broadcast): void {
    const { key, offset, P } = draws;
    const lo = key.lo | 0;
    const hi = key.hi | 0;
    const { scale, shift, fill } = affine;
    const size = sizeOf(x);
    const sink = size === 8 ? Sink.F64 : Sink.F32;
    const memory = commonMemory(x, out);
    const inPlace = memory && this.on(memory)?.[this.name];
    // Calls of their own: an engine calls a function of WebAssembly faster where it has seen few others.
    if (inPlace && !broadcast) {
      const { length } = x;
      inPlace(sink, x.byteOffset, out.byteOffset, length, lo, hi, offset, 0, P, scale, shift, fill, 1, length, 1);
      return;
    }
    const own = this.own[this.name];
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
    if (inPlace && memory.batch) memory.batch((exports) => calls(exports[this.name]));
    else calls(inPlace ?? own);
  }
}
