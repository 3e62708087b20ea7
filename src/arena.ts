/**
 * WebAssembly memory that the user owns. The kernel works on its arrays in place.
 * @module
 */
import { type Allocator, allocatorOf, type LinearMemory, linearMemoryFor, register } from './backend/wasm/memory.js';
import type { WasmMemory } from './backend/wasm/types.js';
import { checkOptions, checkWhole, wrongType, wrongValue } from './core/check.js';

/** Options of an Arena: either `bytes`, or `memory` with the part to use. */
export interface ArenaOptions {
  /** Size of the arena's own memory in bytes, an integer up to 2^32. Required unless `memory` is given. */
  bytes?: number;
  /** Instead of `bytes`: an unshared memory that another module owns, such as the heap of TensorFlow.js. */
  memory?: WasmMemory;
  /** Where the arena's part of `memory` starts. Default 0. */
  byteOffset?: number;
  /** Length of the arena's part of `memory`, in bytes. Default: the rest of the memory. */
  byteLength?: number;
  /** @internal The linear memory of a SharedArena, which may be shared (src/threads). */
  linearMemory?: LinearMemory;
}

/**
 * Hands out typed arrays one after another from a piece of WebAssembly memory. Functions and layers work on them
 * without a copy. An arena's own memory never grows. If the owner of a memory that was passed in grows it, the arrays
 * handed out before are detached, like all views of it.
 *
 * @example
 * const arena = new Arena({ bytes: 2 * 4 * 65536 });
 * const x = arena.float32(65536);
 * const out = arena.float32(65536);
 * layer.forward(x, out); // no copy, no allocation
 * arena.reset(); // later arrays reuse the same bytes
 * const within = new Arena({ memory: instance.exports.memory, byteOffset: malloc(4096), byteLength: 4096 });
 */
export class Arena {
  /** The memory that the arrays live in. */
  declare readonly memory: WasmMemory;
  /** @internal Makes this an Allocator. `implements` would name a type that is stripped from the declarations. */
  declare readonly linearMemory: LinearMemory | undefined;
  declare private readonly start: number;
  declare private readonly end: number;
  declare private next: number;
  private buffer: ArrayBufferLike | undefined;

  /**
   * @throws TypeError or RangeError that names the option; RangeError from the engine if it cannot allocate that much
   */
  constructor(options: ArenaOptions) {
    const { bytes, memory, byteOffset = 0, byteLength, linearMemory } = checkOptions(options);
    if (memory === undefined) {
      this.start = 0;
      this.end = checkWhole(bytes!, 'bytes', 2 ** 32);
      [this.memory, this.linearMemory] = createMemory(this.end);
    } else {
      const { length } = linearMemory ? new Uint8Array(memory.buffer) : checkMemory(memory);
      this.start = checkWhole(byteOffset, 'byteOffset', length);
      this.end = this.start + checkWhole(byteLength ?? length - byteOffset, 'byteLength', length - byteOffset);
      this.memory = memory;
      this.linearMemory = linearMemory ?? linearMemoryFor(memory);
    }
    this.next = this.start;
    this.registerBuffer();
  }

  /** The number of bytes not handed out yet. */
  get bytesFree(): number {
    return this.end - this.next;
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

  private take<A extends ArrayBufferView>(
    type: { new (buffer: ArrayBufferLike, at: number, n: number): A; BYTES_PER_ELEMENT: number },
    n: number,
  ): A {
    const size = type.BYTES_PER_ELEMENT;
    const at = Math.ceil(this.next / size) * size;
    const max = Math.max(0, Math.floor((this.end - at) / size));
    if (checkWhole(n, 'n') > max) throw wrongValue('n', `at most ${max} in the rest of the arena`, n);
    if (n) this.next = at + size * n;
    const array = new type(this.registerBuffer(), n && at, n);
    register(array, this);
    return array;
  }

  /** Registers the current buffer. A memory that grows gets a new one. */
  private registerBuffer(): ArrayBufferLike {
    const { buffer } = this.memory;
    if (buffer !== this.buffer) register(buffer, this);
    this.buffer = buffer;
    return buffer;
  }
}

/** The arena that an array lives in. */
export const arenaOf = (x: ArrayBufferView): Arena | undefined => allocatorOf(x) as (Allocator & Arena) | undefined;

/** Memory that the kernel can work in, or an ArrayBuffer for the reference where the engine refuses. */
function createMemory(bytes: number): [WasmMemory, LinearMemory | undefined] {
  const pages = Math.ceil(bytes / 65536);
  try {
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    return [memory, linearMemoryFor(memory)];
  } catch {
    return [{ buffer: new ArrayBuffer(bytes) } as WasmMemory, undefined];
  }
}

/** The bytes of an unshared WebAssembly.Memory. */
function checkMemory(memory: WasmMemory): Uint8Array {
  const tag = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);
  if (tag(memory) !== 'WebAssembly.Memory') throw wrongType('memory', 'a WebAssembly.Memory', memory);
  if (tag(memory.buffer) !== 'ArrayBuffer') throw wrongType('memory', 'unshared', memory.buffer);
  return new Uint8Array(memory.buffer);
}
