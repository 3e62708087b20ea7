/**
 * The kernel's binding. Arrays that share an adopted memory are worked on where they lie; all others
 * are streamed through a scratch tile of fixed size, so that memory use never grows with the tensor.
 * @module
 */
import type { FloatArray } from '../tensor.js';
import type { U64 } from '../u64.js';
import type { Kernel } from './kernel.js';
import { homeOf, type KernelExports, Sink } from './memory.js';
import { Tile } from './tile.js';

/**
 * Bytes of values in a tile: a block of f32. Measured at 64K f32: 16 KB 0.28 ns an element, 8 KB 0.35, 32 KB 0.32;
 * the tile and both arrays' pieces want to be in the L1 cache together.
 */
const TILE = 16384;

/**
 * Where the tiles lie in the scratch memory. Large arrays begin some bytes behind a page, and a copy between
 * addresses that are alike in their low 12 bits makes loads wait for stores they have nothing to do with: at
 * address 0 all of it took 0.33 ns an element instead of 0.28.
 */
const VALUES = 1040;
const MASK = VALUES + TILE;

export class WasmKernel implements Kernel {
  readonly #module: WebAssembly.Module;
  readonly #scratch: KernelExports;
  /** The scratch tile as each sink sees it; a mask's tile lies behind that of the values. */
  readonly #tiles: Tile[];

  /** @throws whatever the engine throws where it forbids WebAssembly, lacks SIMD or is out of memory */
  constructor(module: WebAssembly.Module) {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
    const { buffer } = memory;
    const mask = new Tile(new Uint8Array(buffer, MASK, TILE));
    this.#module = module;
    this.#scratch = this.#instantiate(memory);
    this.#tiles = [
      new Tile(new Float32Array(buffer, VALUES, TILE / 4)),
      new Tile(new Float64Array(buffer, VALUES, TILE / 8)),
      mask,
      mask,
    ];
  }

  dropout(x: FloatArray, out: FloatArray, key: U64, offset: number, P: number, scale: number): void {
    const sink = x.BYTES_PER_ELEMENT === 4 ? Sink.F32 : Sink.F64;
    const { length } = x;
    const home = this.#kernelOf(x, out);
    if (home) {
      home.dropout(sink, x.byteOffset, out.byteOffset, length, key.lo, key.hi, offset, 0, P, scale);
      return;
    }
    const tile = this.#tiles[sink]!;
    for (let i = 0; i < length; i += tile.length) {
      const n = tile.load(x, i, length - i);
      this.#scratch.dropout(sink, VALUES, VALUES, n, key.lo, key.hi, offset, i, P, scale);
      tile.store(out, i, n);
    }
  }

  mask(out: Uint8Array, length: number, bits: boolean, key: U64, offset: number, P: number): void {
    const sink = bits ? Sink.Bits : Sink.Bytes;
    const perByte = bits ? 8 : 1;
    const home = this.#kernelOf(out, out);
    const kernel = home ?? this.#scratch;
    for (let i = 0; i < length; i += perByte * TILE) {
      const n = Math.min(perByte * TILE, length - i);
      const at = i / perByte;
      kernel.dropout(sink, 0, home ? out.byteOffset + at : MASK, n, key.lo, key.hi, offset, i, P, 0);
      if (!home) this.#tiles[sink]!.store(out, at, Math.ceil(n / perByte));
    }
  }

  applyMask(x: FloatArray, mask: Uint8Array, bits: boolean, out: FloatArray, scale: number): void {
    const wide = x.BYTES_PER_ELEMENT === 8;
    const home = this.#kernelOf(x, out) && this.#kernelOf(x, mask);
    const { length } = x;
    if (home) {
      home.applyMask(x.byteOffset, mask.byteOffset, out.byteOffset, length, wide, bits, scale);
      return;
    }
    const tile = this.#tiles[wide ? Sink.F64 : Sink.F32]!;
    for (let i = 0; i < length; i += tile.length) {
      const n = tile.load(x, i, length - i);
      this.#tiles[Sink.Bytes]!.load(mask, bits ? i / 8 : i, bits ? Math.ceil(n / 8) : n);
      this.#scratch.applyMask(VALUES, MASK, VALUES, n, wide, bits, scale);
      tile.store(out, i, n);
    }
  }

  /** The kernel on the memory that both arrays live in. */
  #kernelOf(a: ArrayBufferView, b: ArrayBufferView): KernelExports | undefined {
    const home = homeOf(a);
    if (!home || home !== homeOf(b)) return undefined;
    home.kernel ??= this.#instantiate(home.memory);
    return home.kernel;
  }

  #instantiate(memory: WebAssembly.Memory): KernelExports {
    return new WebAssembly.Instance(this.#module, { env: { memory } }).exports as unknown as KernelExports;
  }
}
