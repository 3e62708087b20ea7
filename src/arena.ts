/**
 * WebAssembly memory that the user owns: the kernel works on its arrays where they lie.
 * @module
 */
import { checkWhole, wrongValue } from './check.js';
import {
  adopt,
  type ExtrasExports,
  type GaussianExports,
  type Home,
  homeOf,
  type KernelExports,
} from './kernel/memory.js';

/**
 * Hands out typed arrays one after the other from a piece of WebAssembly memory that never grows.
 * Functions and layers work on them without a copy.
 *
 * @example
 * const arena = new Arena({ bytes: 2 * 4 * 65536 });
 * const x = arena.float32(65536);
 * const out = arena.float32(65536);
 * layer.forward(x, out); // no copy, no allocation
 * arena.reset(); // from here on the same bytes are handed out again
 */
export class Arena implements Home {
  readonly memory: WebAssembly.Memory;
  /** @internal */
  declare kernel?: KernelExports;
  /** @internal */
  declare extras?: ExtrasExports;
  /** @internal */
  declare gaussian?: GaussianExports;
  readonly #bytes: number;
  #next = 0;

  /**
   * @param bytes size of the memory, a whole number up to 2^32
   * @throws TypeError, RangeError for any other; RangeError of the engine if it has not that much
   */
  constructor({ bytes }: { bytes: number }) {
    this.#bytes = checkWhole(bytes, 'bytes', 2 ** 32);
    const pages = Math.ceil(bytes / 65536);
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    adopt(this.memory.buffer, this);
  }

  /** Bytes not handed out yet. */
  get bytesFree(): number {
    return this.#bytes - this.#next;
  }

  /**
   * The next n elements of 4 bytes. After a reset they hold whatever was written there before.
   * @throws RangeError if n is no whole number or the arena is full
   */
  float32(n: number): Float32Array {
    return this.#take(Float32Array, n);
  }

  /** The next n elements of 8 bytes, as `float32`. */
  float64(n: number): Float64Array {
    return this.#take(Float64Array, n);
  }

  /** The next n bytes, as `float32`; for masks. */
  uint8(n: number): Uint8Array {
    return this.#take(Uint8Array, n);
  }

  /** Hands out the memory from its start again. Arrays handed out before share it with those to come. */
  reset(): void {
    this.#next = 0;
  }

  #take<A extends ArrayBufferView>(
    type: { new (buffer: ArrayBufferLike, at: number, n: number): A; BYTES_PER_ELEMENT: number },
    n: number,
  ): A {
    const size = type.BYTES_PER_ELEMENT;
    const at = Math.ceil(this.#next / size) * size;
    const most = Math.max(0, Math.floor((this.#bytes - at) / size));
    if (checkWhole(n, 'n') > most) throw wrongValue('n', `at most ${most} in the rest of the arena`, n);
    if (n) this.#next = at + size * n;
    const array = new type(this.memory.buffer, n && at, n);
    adopt(array, this);
    return array;
  }
}

/** The arena that an array lives in. */
export const arenaOf = (x: ArrayBufferView): Arena | undefined => homeOf(x) as Arena | undefined;
