/**
 * The kernel's own page of memory, with the tiles that arrays of no adopted memory are streamed through.
 * @module
 */
import type { ExtrasExports, GaussianExports, Home, KernelExports } from './memory.js';
import { Tile } from './tile.js';

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

export class Scratch implements Home {
  readonly memory: WebAssembly.Memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  declare kernel?: KernelExports;
  declare extras?: ExtrasExports;
  declare gaussian?: GaussianExports;
  readonly #tiles = new Map<number, Tile>();

  /** The tile at an address, in elements of 8 bytes, 4 (which Float16Arrays are widened to), or 1. */
  tile(at: number, size: number): Tile {
    const type = size === 8 ? Float64Array : size === 1 ? Uint8Array : Float32Array;
    let tile = this.#tiles.get(at + size);
    if (!tile) {
      tile = new Tile(new type(this.memory.buffer, at, TILE / type.BYTES_PER_ELEMENT));
      this.#tiles.set(at + size, tile);
    }
    return tile;
  }
}
