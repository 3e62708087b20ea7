/**
 * The kernel's binding. Arrays that share an adopted memory are worked on where they lie; all others
 * are streamed through a scratch tile of fixed size, so that memory use never grows with the tensor.
 * @module
 */
import type { Draw } from '../reference/stream.js';
import type { FloatArray } from '../tensor.js';
import type { Kernel } from './kernel.js';
import { homeOf, type KernelExports } from './memory.js';

/**
 * Bytes of values in a tile. Measured at 64K f32: 16 KB 0.31 ns an element, 8 KB 0.37, 32 KB and more
 * 0.32: the tile and both arrays' pieces want to be in the L1 cache together.
 */
const TILE = 16384;

/** The kernel counts elements in 31 bits and looks a step ahead. A multiple of 8, for bit masks. */
const MOST = 2 ** 30;

export class WasmKernel implements Kernel {
  readonly name = 'wasm-simd';
  readonly #module: WebAssembly.Module;
  readonly #scratch: KernelExports;
  /** The tile as f32 and as f64; a mask's tile lies behind it. */
  readonly #f32: Float32Array;
  readonly #f64: Float64Array;
  readonly #mask: Uint8Array;

  /** @throws whatever the engine throws where it forbids WebAssembly, lacks SIMD or is out of memory */
  constructor(module: WebAssembly.Module) {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
    this.#module = module;
    this.#scratch = this.#instantiate(memory);
    this.#f32 = new Float32Array(memory.buffer, 0, TILE / 4);
    this.#f64 = new Float64Array(memory.buffer, 0, TILE / 8);
    this.#mask = new Uint8Array(memory.buffer, TILE, TILE);
  }

  dropout(x: FloatArray, out: FloatArray, { key, offset, P }: Draw, scale: number): void {
    const name = x.BYTES_PER_ELEMENT === 4 ? 'dropoutF32' : 'dropoutF64';
    const kernel = this.#kernelOf(x, out);
    if (kernel) return kernel[name](x.byteOffset, out.byteOffset, x.length, key.lo, key.hi, offset, 0, P, scale);
    const tile = this.#tileFor(x);
    for (let i = 0; i < x.length; i += tile.length) {
      const n = load(tile, x, i);
      this.#scratch[name](0, 0, n, key.lo, key.hi, offset, i, P, scale);
      store(out, i, tile, n);
    }
  }

  mask(out: Uint8Array, length: number, bits: boolean, { key, offset, P }: Draw): void {
    const name = bits ? 'maskBits' : 'maskBytes';
    const perByte = bits ? 8 : 1;
    const kernel = this.#kernelOf(out, out);
    const most = kernel ? MOST : perByte * TILE;
    for (let i = 0; i < length; i += most) {
      const n = Math.min(most, length - i);
      const at = i / perByte;
      if (kernel) kernel[name](out.byteOffset + at, n, key.lo, key.hi, offset, i, P);
      else {
        this.#scratch[name](TILE, n, key.lo, key.hi, offset, i, P);
        store(out, at, this.#mask, Math.ceil(n / perByte));
      }
    }
  }

  applyMask(x: FloatArray, mask: Uint8Array, bits: boolean, out: FloatArray, scale: number): void {
    const name = x.BYTES_PER_ELEMENT === 4 ? 'applyMaskF32' : 'applyMaskF64';
    const kernel = mask.buffer === x.buffer ? this.#kernelOf(x, out) : undefined;
    if (kernel) return kernel[name](x.byteOffset, mask.byteOffset, out.byteOffset, x.length, bits, scale);
    const tile = this.#tileFor(x);
    for (let i = 0; i < x.length; i += tile.length) {
      const n = load(tile, x, i);
      load(this.#mask, mask, bits ? i / 8 : i, bits ? Math.ceil(n / 8) : n);
      this.#scratch[name](0, TILE, 0, n, bits, scale);
      store(out, i, tile, n);
    }
  }

  /** The kernel on the memory that both arrays live in, if it is one memory and it was adopted. */
  #kernelOf(a: ArrayBufferView, b: ArrayBufferView): KernelExports | undefined {
    const home = a.buffer === b.buffer ? homeOf(a) : undefined;
    if (!home) return undefined;
    home.kernel ??= this.#instantiate(home.memory);
    return home.kernel;
  }

  #instantiate(memory: WebAssembly.Memory): KernelExports {
    return new WebAssembly.Instance(this.#module, { env: { memory } }).exports as unknown as KernelExports;
  }

  #tileFor(x: FloatArray): FloatArray {
    return x.BYTES_PER_ELEMENT === 4 ? this.#f32 : this.#f64;
  }
}

type Numbers = FloatArray | Uint8Array;

/** Copies the elements of x from i on into the tile, up to n of them; returns how many those are. */
function load(tile: Numbers, x: Numbers, i: number, n = Math.min(tile.length, x.length - i)): number {
  tile.set(n === x.length ? x : x.subarray(i, i + n));
  return n;
}

/** Copies the tile's first n elements to out, from i on. */
function store(out: Numbers, i: number, tile: Numbers, n: number): void {
  out.set(n === tile.length ? tile : tile.subarray(0, n), i);
}
