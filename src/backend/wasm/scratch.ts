/**
 * The kernel's own memory, and the tiles in it through which arrays outside of WebAssembly memory are streamed.
 * @module
 */
import { type FloatArray, setArray, subarray } from '../../core/tensor.js';
import type { WasmMemory } from './types.js';

/**
 * Bytes of a tile. Relative to 64 KB: 16 KB takes 1.08 × at 1M f32 and 1 × at 64K; 128 KB takes 0.97 × and 1 ×. The
 * tile and the pieces of x and out should fit the L2 cache together.
 */
export const TILE_BYTES = 65536;

/**
 * Addresses of the tiles. They avoid 4K aliasing: when source and target of a copy agree in their low 12 bits, loads
 * stall on unrelated stores. Large arrays start a few bytes into a page, so a tile at address 0 took 0.33 ns per
 * element instead of 0.28.
 */
export const X_TILE = 1040;
/** The second operand: a caller's mask, or a residual. */
export const OPERAND_TILE = X_TILE + TILE_BYTES;
/** The third operand: a row of bias, or its gradient. */
export const BIAS_TILE = OPERAND_TILE + TILE_BYTES;

const PAGES = Math.ceil((BIAS_TILE + TILE_BYTES) / 65536);

type TileArray = FloatArray | Uint8Array;
/** A fixed piece of scratch memory that arrays are copied through. */
export class Tile {
  declare readonly length: number;
  declare private readonly whole: TileArray;
  declare private head: TileArray;

  constructor(whole: TileArray) {
    this.length = whole.length;
    this.whole = this.head = whole;
  }

  /** Copies up to n elements of x, starting at i, into the tile. Returns how many fit. */
  load(x: TileArray, i: number, n: number): number {
    n = Math.min(n, this.length);
    this.whole.set(n === x.length ? x : subarray(x, i, i + n));
    return n;
  }

  /** Copies the first n elements of the tile to out, starting at i. */
  store(out: TileArray, i: number, n: number): void {
    // The last view is kept: a model uses the same sizes over and over, and creating a view costs 35 ns.
    if (n < this.length && n !== this.head.length) this.head = this.whole.subarray(0, n);
    setArray(out, n < this.length ? this.head : this.whole, i);
  }
}

/** Tiles by element size. Float16Arrays are widened to f32 on the way in. */
export type Tiles = Readonly<Record<2 | 4 | 8, Tile>>;

export const sizeOf = (x: FloatArray): 2 | 4 | 8 => x.BYTES_PER_ELEMENT as 2 | 4 | 8;

export class Scratch {
  readonly memory: WasmMemory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
  readonly x: Tiles = this.tilesAt(X_TILE);
  readonly mask: Tile = new Tile(new Uint8Array(this.memory.buffer, OPERAND_TILE, TILE_BYTES));

  /** The tiles of floats at an address. */
  tilesAt(address: number): Tiles {
    const { buffer } = this.memory;
    const f32 = new Tile(new Float32Array(buffer, address, TILE_BYTES / 4));
    return { 2: f32, 4: f32, 8: new Tile(new Float64Array(buffer, address, TILE_BYTES / 8)) };
  }
}
