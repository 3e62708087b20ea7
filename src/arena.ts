/**
 * WebAssembly memory that the user owns: the kernel works on its arrays where they lie.
 * @module
 */
import { checkWhole, shown } from './check.js';
import { adopt } from './kernel/memory.js';
import type { FloatArray } from './tensor.js';

export interface ArenaMemory {
  /** Whose memory it is, this arena does not ask: it hands out places in its own part only. */
  memory: WebAssembly.Memory;
  /** Where the arena's part begins; 0 without it. */
  byteOffset?: number;
  /** How long it is; without it, to the end of the memory as it is now. */
  byteLength?: number;
}

const arenas = /* @__PURE__ */ new WeakMap<ArrayBufferLike, Arena[]>();

/** Internal: the arena that an array came from. */
export let arenaOf: (array: ArrayBufferView) => Arena | undefined;

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
export class Arena {
  readonly memory: WebAssembly.Memory;
  readonly #start: number;
  readonly #end: number;
  #next: number;

  static {
    arenaOf = ({ buffer, byteOffset: at }) => arenas.get(buffer)?.find((a) => a.#start <= at && at <= a.#end);
  }

  /**
   * @param options `{ bytes }`, up to 2^32, for a memory of its own, or a part of someone else's
   * @throws TypeError, RangeError that names the argument; RangeError of the engine if memory runs out
   */
  constructor(options: { bytes: number } | ArenaMemory) {
    if ('memory' in options) {
      const { memory, byteOffset = 0, byteLength } = options;
      if (!(memory instanceof WebAssembly.Memory))
        throw new TypeError(`memory has to be a WebAssembly.Memory, but got ${shown(memory)}`);
      const size = memory.buffer.byteLength;
      this.memory = memory;
      this.#start = checkAtMost(byteOffset, size, 'byteOffset');
      this.#end = this.#start + checkAtMost(byteLength ?? size - this.#start, size - this.#start, 'byteLength');
    } else {
      const bytes = checkAtMost(options.bytes, 2 ** 32, 'bytes');
      const pages = Math.ceil(bytes / 65536);
      this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
      this.#start = 0;
      this.#end = bytes;
    }
    this.#next = this.#start;
  }

  /** Bytes not handed out yet. */
  get bytesFree(): number {
    return this.#end - this.#next;
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
    this.#next = this.#start;
  }

  #take<A>(type: { new (buffer: ArrayBufferLike, at: number, n: number): A; BYTES_PER_ELEMENT: number; name: string }, n: number): A {
    const size = type.BYTES_PER_ELEMENT;
    const at = Math.ceil(this.#next / size) * size;
    const end = at + size * checkWhole(n, 'n');
    if (end > this.#end)
      throw new RangeError(`arena is full: ${n} elements of ${size} bytes are asked for, ${this.bytesFree} bytes are free`);
    const { buffer } = this.memory;
    const array = new type(buffer, at, n);
    this.#next = end;
    this.#register(buffer);
    return array;
  }

  /** A memory that has grown has a new buffer; an arena takes the place of those whose part it shares. */
  #register(buffer: ArrayBufferLike): void {
    const known = arenas.get(buffer) ?? [];
    if (known.includes(this)) return;
    adopt(this.memory);
    arenas.set(buffer, [this, ...known.filter((a) => a.#end <= this.#start || this.#end <= a.#start)]);
  }
}

/** An array of the same type and length as x, in the arena of x if that has one. */
export function sibling(x: FloatArray): FloatArray {
  const arena = arenaOf(x);
  const f32 = x.BYTES_PER_ELEMENT === 4;
  if (arena) return f32 ? arena.float32(x.length) : arena.float64(x.length);
  return f32 ? new Float32Array(x.length) : new Float64Array(x.length);
}

function checkAtMost(value: unknown, most: number, name: string): number {
  const bytes = checkWhole(value, name);
  if (bytes > most) throw new RangeError(`${name} has to be at most ${most}, but got ${bytes}`);
  return bytes;
}
