/** The arrays of a random program. */
import type { Package } from '../support/layers.js';

/** The classes of floats by name. */
export type Kind = 'Float32Array' | 'Float64Array' | 'Float16Array';

/** Where an array lies: in a buffer of its own, one of two arenas, the heap of another module, or shared memory. */
export const PLACES = ['plain', 'arena', 'other', 'heap', 'shared'] as const;

export type Place = (typeof PLACES)[number];

/** An arena, or what stands for one. */
interface Room {
  readonly memory: { readonly buffer: ArrayBufferLike };
  readonly bytesFree: number;
  uint8(n: number): Uint8Array;
  reset(): void;
}

/**
 * The memories of a package. A program that repeats a failure contains the text of this function, so that it uses
 * nothing but its arguments and the language's own classes.
 *
 * @param shared an arena on shared memory; for a package without threads, an ordinary one
 */
export function createMemory(pkg: Package, shared: Room) {
  const arena = new pkg.Arena({ bytes: 2 ** 18 });
  const other = new pkg.Arena({ bytes: 2 ** 18 });
  const memory = new WebAssembly.Memory({ initial: 4 });
  pkg.useMemory(memory);
  let used = 0;
  const heap = {
    memory,
    get bytesFree() {
      return 2 ** 18 - used;
    },
    uint8: (n: number) => {
      used += n;
      return new Uint8Array(memory.buffer, used - n, n);
    },
    reset: () => {
      used = 0;
    },
  };
  const rooms: Record<string, Room> = { arena, other, heap, shared };
  /** Takes bytes; from a buffer of their own where the place has not that many. */
  const bytesIn = (place: string, bytes: number): Uint8Array => {
    const room = rooms[place];
    return room && room.bytesFree >= bytes + 8 ? room.uint8(bytes) : new Uint8Array(bytes);
  };
  /** An array of n elements, `skew` elements and 64 bytes after its bytes begin; 64 bytes or more follow. */
  const array = (place: string, kind: string, n: number, skew = 0, from = 0) => {
    // biome-ignore lint/suspicious/noExplicitAny: one class of several
    const Class = (globalThis as any)[kind];
    const size = Class.BYTES_PER_ELEMENT;
    const bytes = bytesIn(place, 8 * Math.ceil((128 + size * (n + skew)) / 8)).fill(0xa5);
    const x = new Class(bytes.buffer, 8 * Math.ceil((bytes.byteOffset + 64) / 8) + size * skew, n);
    const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 1e-45, -1e-310, 3e38];
    for (let i = 0; i < n; i++)
      x[i] =
        kind === 'Uint8Array'
          ? Math.imul(i + from, 0x9e3779b1) >>> 24
          : (i + from) % 5 || from === 0
            ? Math.sin(i + from) * 10
            : special[i % 8];
    return x;
  };
  return { array, arena, other, heap, shared };
}

export type Memory = ReturnType<typeof createMemory>;
