/**
 * WebAssembly memory that the user owns: the kernel works on its arrays where they lie.
 * @module
 */

import { adopt, type Home, homeOn, placeOf } from './backend/wasm/memory.js';
import type { WasmMemory } from './backend/wasm/types.js';
import { checkWhole, given, wrongType, wrongValue } from './core/check.js';

export interface ArenaOptions {
  /** Size of a memory of the arena's own, a whole number up to 2^32. */
  bytes?: number;
  /** In place of bytes: a memory that another module owns, unshared, such as the heap of TensorFlow.js. */
  memory?: WasmMemory;
  /** Where the arena's part of that memory begins; 0 without it. */
  byteOffset?: number;
  /** How long it is; up to the present end of the memory without it. */
  byteLength?: number;
  /** @internal The home that memory has, which then may be shared (src/threads). */
  home?: Home;
}

/**
 * Hands out typed arrays one after the other from a piece of WebAssembly memory. Functions and layers work on them
 * without a copy. A memory of the arena's own never grows; where another owner lets one grow, the arrays handed out
 * before are detached, as all views of it are.
 *
 * @example
 * const arena = new Arena({ bytes: 2 * 4 * 65536 });
 * const x = arena.float32(65536);
 * const out = arena.float32(65536);
 * layer.forward(x, out); // no copy, no allocation
 * arena.reset(); // from here on the same bytes are handed out again
 * const within = new Arena({ memory: instance.exports.memory, byteOffset: malloc(4096), byteLength: 4096 });
 */
export class Arena {
  readonly memory: WasmMemory;
  /** @internal Makes it a Place; to say `implements` would name in the declarations what they are stripped of. */
  readonly home: Home | undefined;
  readonly #from: number;
  readonly #to: number;
  #next: number;
  #buffer: ArrayBufferLike | undefined;

  /**
   * @throws TypeError, RangeError that names the option; RangeError of the engine if it has not that much
   */
  constructor(options: ArenaOptions) {
    const { bytes, memory, byteOffset = 0, byteLength, home } = given(options);
    if (memory === undefined) {
      this.#from = 0;
      this.#to = checkWhole(bytes!, 'bytes', 2 ** 32);
      [this.memory, this.home] = ownMemory(this.#to);
    } else {
      const { length } = home ? new Uint8Array(memory.buffer) : checkMemory(memory);
      this.#from = checkWhole(byteOffset, 'byteOffset', length);
      this.#to = this.#from + checkWhole(byteLength ?? length - byteOffset, 'byteLength', length - byteOffset);
      this.memory = memory;
      this.home = home ?? homeOn(memory);
    }
    this.#next = this.#from;
    this.#adopt();
  }

  /** Bytes not handed out yet. */
  get bytesFree(): number {
    return this.#to - this.#next;
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
    this.#next = this.#from;
  }

  #take<A extends ArrayBufferView>(
    type: { new (buffer: ArrayBufferLike, at: number, n: number): A; BYTES_PER_ELEMENT: number },
    n: number,
  ): A {
    const size = type.BYTES_PER_ELEMENT;
    const at = Math.ceil(this.#next / size) * size;
    const most = Math.max(0, Math.floor((this.#to - at) / size));
    if (checkWhole(n, 'n') > most) throw wrongValue('n', `at most ${most} in the rest of the arena`, n);
    if (n) this.#next = at + size * n;
    const array = new type(this.#adopt(), n && at, n);
    adopt(array, this);
    return array;
  }

  /** Makes the buffer known that the memory has now: one that grows gets another. */
  #adopt(): ArrayBufferLike {
    const { buffer } = this.memory;
    if (buffer !== this.#buffer) adopt(buffer, this);
    this.#buffer = buffer;
    return buffer;
  }
}

/** The arena that an array lives in. */
export const arenaOf = (x: ArrayBufferView): Arena | undefined => placeOf(x) as Arena | undefined;

/** Memory that the kernel can work in, or, where the engine gives none, memory that serves the reference. */
function ownMemory(bytes: number): [WasmMemory, Home | undefined] {
  const pages = Math.ceil(bytes / 65536);
  try {
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    return [memory, homeOn(memory)];
  } catch {
    return [{ buffer: new ArrayBuffer(bytes) } as WasmMemory, undefined];
  }
}

/** The bytes of a memory that is of WebAssembly's kind and unshared. */
function checkMemory(memory: WasmMemory): Uint8Array {
  const tag = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);
  if (tag(memory) !== 'WebAssembly.Memory') throw wrongType('memory', 'a WebAssembly.Memory', memory);
  if (tag(memory.buffer) !== 'ArrayBuffer') throw wrongType('memory', 'unshared', memory.buffer);
  return new Uint8Array(memory.buffer);
}
