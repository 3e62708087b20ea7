/**
 * WebAssembly memory that the user owns. The kernel works on its arrays in place.
 * @module
 */
import {
  type Allocator,
  allocatorOf,
  createMemory,
  isShared,
  type LinearMemory,
  linearMemoryFor,
  register,
  registerAllocator,
  registerArray,
} from './backend/wasm/memory.js';
import type { WasmMemory } from './backend/wasm/types.js';
import { brand } from './core/brand.js';
import { checkOptions, checkWhole, wrongType, wrongValue } from './core/check.js';

/** Options of an Arena: either `bytes`, or `memory` with the part of it that the arena may use. */
export interface ArenaOptions {
  /** Size of the arena's own memory in bytes, an integer up to 2^32. Required unless `memory` is given. */
  bytes?: number;
  /** Instead of `bytes`: an unshared memory that another module owns, such as the heap of TensorFlow.js. */
  memory?: WasmMemory;
  /** Where the arena's part of `memory` starts: bytes that its owner has set aside for the arena. */
  byteOffset?: number;
  /** Length of the arena's part of `memory`, in bytes. */
  byteLength?: number;
}

/**
 * Hands out typed arrays one after another from a piece of WebAssembly memory. Functions and layers work on them
 * without a copy. An arena's own memory never grows. If the owner of a memory that was passed in grows it, the arrays
 * handed out before are detached, like all views of it.
 *
 * @example
 * import { Arena, Dropout } from 'dropout-wasm';
 *
 * const layer = new Dropout(0.5, { seed: 42 });
 * const arena = new Arena({ bytes: 2 * 4 * 65536 });
 * const x = arena.float32(65536).fill(1);
 * const out = arena.float32(65536);
 * console.log(layer.forward(x, out) === out); // true
 * arena.reset(); // later arrays reuse the same bytes
 *
 * const memory = new WebAssembly.Memory({ initial: 1 });
 * const within = new Arena({ memory, byteOffset: 1024, byteLength: 4096 });
 * console.log(within.bytesFree); // 4096
 */
export class Arena {
  /** The memory that the arrays live in. */
  declare readonly memory: WasmMemory;
  /** @internal Makes this an Allocator. `implements` would name a type that is stripped from the declarations. */
  declare readonly linearMemory: LinearMemory;
  /** @internal The first byte of the arena. */
  declare readonly start: number;
  /** @internal The byte after the last one. The first byte if another arena has taken over bytes of this one. */
  declare end: number;
  declare private next: number;
  declare private buffer: ArrayBufferLike;

  /**
   * @throws TypeError or RangeError that names the option; RangeError from the engine if it cannot allocate that much
   */
  constructor(options: ArenaOptions);
  /** @internal The linear memory of a SharedArena, which may be shared (src/threads). */
  constructor(options: ArenaOptions, linearMemory: LinearMemory);
  constructor(options: ArenaOptions, linearMemory?: LinearMemory) {
    const { bytes, memory, byteOffset, byteLength } = checkOptions(options, OPTIONS);
    if (memory === undefined) {
      for (const [name, part] of Object.entries({ byteOffset, byteLength }))
        if (part !== undefined) throw wrongType(name, 'given with memory', part);
      this.start = 0;
      this.end = checkWhole(bytes!, 'bytes', 2 ** 32);
      this.linearMemory = createMemory(this.end);
    } else {
      if (bytes !== undefined) throw wrongType('bytes', 'left out where memory is given', bytes);
      const buffer = linearMemory ? memory.buffer : checkMemory(memory);
      if (!linearMemory && isShared(buffer)) throw wrongType('memory', 'unshared', buffer);
      const { byteLength: length } = buffer;
      const remedy = 'an arena overwrites its bytes, so the owner of the memory has to set them aside';
      this.start = checkWhole(byteOffset!, 'byteOffset', length, remedy);
      this.end = this.start + checkWhole(byteLength!, 'byteLength', length - byteOffset!, remedy);
      this.linearMemory = linearMemory ?? linearMemoryFor(memory);
    }
    this.memory = this.linearMemory.memory;
    this.next = this.start;
    this.buffer = this.memory.buffer;
    registerAllocator(this);
    brand(this, 'Arena');
  }

  /**
   * Why calls copy the arrays of this arena instead of working on them in place: the engine's error where it refuses
   * WebAssembly or another memory (Chromium allows some 125 in a process). Undefined where they work in place, and
   * before the first call on its arrays.
   */
  get reason(): string | undefined {
    return this.linearMemory.reason;
  }

  /** The number of bytes not handed out yet. */
  get bytesFree(): number {
    return Math.max(0, this.end - this.next);
  }

  /**
   * Takes the next n elements of 4 bytes. After a reset they hold whatever was written there before.
   * @throws TypeError, RangeError if n is not an integer or does not fit
   */
  float32(n: number): Float32Array {
    return this.take(Float32Array, n);
  }

  /** Takes the next n elements of 8 bytes, like `float32`. */
  float64(n: number): Float64Array {
    return this.take(Float64Array, n);
  }

  /** Takes the next n bytes, like `float32`; for masks. */
  uint8(n: number): Uint8Array {
    return this.take(Uint8Array, n);
  }

  /** Starts over: arrays handed out from now on share their bytes with those handed out before. */
  reset(): void {
    this.next = this.start;
  }

  /** The size and the bytes that are free, such as `Arena(65536 bytes, 4096 free)`. */
  toString(): string {
    return `Arena(${this.end - this.start} bytes, ${this.bytesFree} free)`;
  }

  /** @internal Takes back what was handed out since that many bytes were free. */
  rewind(bytesFree: number): void {
    this.next = this.end - bytesFree;
  }

  private take<A extends ArrayBufferView>(
    type: { new (buffer: ArrayBufferLike, at: number, n: number): A; BYTES_PER_ELEMENT: number },
    n: number,
  ): A {
    const size = type.BYTES_PER_ELEMENT;
    const at = Math.ceil(this.next / size) * size;
    const max = Math.max(0, Math.floor((this.end - at) / size));
    if (checkWhole(n, 'n') > max) throw wrongValue('n', `at most ${max} in the rest of the arena`, n);
    if (n) this.next = at + size * n;
    const { buffer } = this.memory;
    // A memory that grows gets a new buffer.
    if (buffer !== this.buffer) register(this.linearMemory);
    this.buffer = buffer;
    const array = new type(buffer, n && at, n);
    registerArray(array, this);
    return array;
  }
}

const OPTIONS = ['bytes', 'memory', 'byteOffset', 'byteLength'];

/** The arena that an array lives in. */
export const arenaOf = (x: ArrayBufferView): Arena | undefined => allocatorOf(x) as (Allocator & Arena) | undefined;

/**
 * Has calls work on all arrays in a memory where they lie, such as the heap of another module. The memory may be shared.
 * Results without `out` are ordinary new arrays. It does not keep the memory alive. Repeat it after the memory has
 * grown: until then, arrays on its new buffer are copied, with the same bits.
 *
 * @throws TypeError unless memory is a WebAssembly.Memory
 * @example
 * import { Dropout, useMemory } from 'dropout-wasm';
 *
 * const memory = new WebAssembly.Memory({ initial: 1 }); // or that of another module
 * useMemory(memory);
 * const x = new Float32Array(memory.buffer, 1024, 4).fill(1);
 * new Dropout(0.5, { seed: 42 }).forward(x, x);
 * console.log(x); // Float32Array(4) [ 2, 0, 0, 2 ]
 */
export function useMemory(memory: WasmMemory): void {
  checkMemory(memory);
  register(linearMemoryFor(memory));
}

/** The buffer of a WebAssembly.Memory. */
function checkMemory(memory: WasmMemory): ArrayBuffer {
  try {
    // The getter, which takes memories of other realms, but neither Proxies nor look-alikes.
    return Object.getOwnPropertyDescriptor(WebAssembly.Memory.prototype, 'buffer')!.get!.call(memory);
  } catch {
    throw wrongType('memory', 'a WebAssembly.Memory', memory);
  }
}
