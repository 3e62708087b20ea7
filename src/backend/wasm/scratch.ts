/**
 * The kernel's own page of memory, with the tiles that arrays of no adopted memory are streamed through.
 * @module
 */

import type { FloatArray } from '../../core/tensor.js';
import type { ExtrasExports, GaussianExports, Home, KernelExports } from './memory.js';
import { Tile } from './tile.js';
import type { WasmMemory } from './types.js';

/**
 * Bytes of a tile: a block of f32. Measured at 64K f32: 16 KB 0.28 ns an element, 8 KB 0.35, 32 KB 0.32;
 * the tile and both arrays' pieces want to be in the L1 cache together.
 */
const TILE = 16384;

/**
 * Where the tiles lie. Large arrays begin some bytes behind a page, and a copy between addresses that are
 * alike in their low 12 bits makes loads wait for stores they have nothing to do with: at address 0 all of it
 * took 0.33 ns an element instead of 0.28.
 */
export const VALUES = 1040;
/** The second operand: a caller's mask, or a residual. */
export const SECOND = VALUES + TILE;
/** The third: a row of bias, or its gradient. */
export const THIRD = SECOND + TILE;

/** By the size of an element; Float16Arrays are widened to f32 on the way in. */
export type Tiles = Readonly<Record<2 | 4 | 8, Tile>>;

export const sizeOf = (x: FloatArray): 2 | 4 | 8 => x.BYTES_PER_ELEMENT as 2 | 4 | 8;

export class Scratch implements Home {
  readonly memory: WasmMemory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  declare kernel?: KernelExports;
  declare extras?: ExtrasExports;
  declare gaussian?: GaussianExports;
  readonly values: Tiles = this.tiles(VALUES);
  readonly flags: Tile = new Tile(new Uint8Array(this.memory.buffer, SECOND, TILE));

  /** The tiles of floats at an address. */
  tiles(at: number): Tiles {
    const { buffer } = this.memory;
    const f32 = new Tile(new Float32Array(buffer, at, TILE / 4));
    return { 2: f32, 4: f32, 8: new Tile(new Float64Array(buffer, at, TILE / 8)) };
  }
}
