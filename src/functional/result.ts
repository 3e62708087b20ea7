/**
 * Where a result goes: `out`, or a new array or tensor like x.
 * @module
 */
import { arenaOf } from '../arena.js';
import { settle } from '../backend/wasm/memory.js';
import {
  checkLength,
  classOf,
  type FloatArray,
  type Input,
  type Like,
  type OpenInput,
  openLike,
  type Result,
  setArray,
  zero,
} from '../core/tensor.js';

/**
 * Has `write` write a result into `out`, or into a new array or tensor like x.
 *
 * @param x the opened argument called `name`
 * @returns `out`, or the new array or tensor
 * @throws TypeError or RangeError that names the argument, before anything is written
 */
export function resultOf<X extends Input>(
  x: OpenInput,
  out: Like<X> | undefined,
  write: (target: FloatArray) => void,
  name?: string,
): Result<X> {
  if (out === undefined) return newResult<X>(x, write, name);
  write(targetOf(x, out, name));
  return out as unknown as Result<X>;
}

/** The array of `out`, checked. Calls of their own save the 40 ns of a closure in the calls that matter. */
export function targetOf<X extends Input>(x: OpenInput, out: Like<X>, name = 'x'): FloatArray {
  const { data } = x;
  const target = openLike(out, x, 'out', name);
  checkLength(target, data.length, 'out', true);
  const from = data.byteOffset;
  const to = target.byteOffset;
  const bytes = data.length * data.BYTES_PER_ELEMENT;
  // Equal addresses mean in place.
  if (from !== to && overlap(from, bytes, to, bytes)) {
    if (data.buffer === target.buffer) throw new RangeError(`out overlaps ${name} in part`);
    // Two SharedArrayBuffers may be one memory, as after a structuredClone, and nothing tells.
    if (!(target.buffer instanceof ArrayBuffer)) {
      settle(data);
      x.data = data.slice();
    }
  }
  return target;
}

/** Has `write` write a new array or tensor like x. If it throws, the array's bytes go back to its arena. */
export function newResult<X extends Input>(x: OpenInput, write: (target: FloatArray) => void, name = 'x'): Result<X> {
  const { data, shape } = x;
  return withNew(data, data.length, (target) => {
    // After arena.reset() the new array may overlap x, even exactly.
    if (arraysOverlap(data, data.length, target, data.length))
      throw new RangeError(`${name} is from before reset() of its arena: pass out`);
    write(target);
    return (shape ? { data: target, shape: [...shape] } : target) as Result<X>;
  });
}

/**
 * Calls `use` with a new array of n elements of the type of x, in the arena of x if there is one. If it throws, the
 * arena gets the bytes back.
 */
export function withNew<T>(x: FloatArray, n: number, use: (array: FloatArray) => T): T {
  const size = x.BYTES_PER_ELEMENT;
  const arena = size > 2 ? arenaOf(x) : undefined;
  if (!arena) return use(new (classOf(x))(n));
  const { bytesFree } = arena;
  // Alignment may take up to one element more; the arena then throws its own error.
  if (bytesFree < size * n && n > 0)
    throw new RangeError(`out has to be given: the arena has ${bytesFree} of ${size * n} bytes`);
  try {
    return use(arena[size === 4 ? 'float32' : 'float64'](n));
  } catch (error) {
    arena.rewind(bytesFree);
    throw error;
  }
}

/** Copies x to out, which has been checked, unless they are the same array. */
export function copy<A extends FloatArray | Uint8Array>(x: A, out: A): void {
  settle(x);
  settle(out);
  if (out !== x) setArray(out, x);
}

/** Sets the first n elements of out, which has been checked, to +0. */
export function clear(out: FloatArray, n: number): void {
  settle(out);
  zero(out, n);
}

/** Whether the `a` bytes starting at `from` and the `b` bytes starting at `to` have a byte in common. */
const overlap = (from: number, a: number, to: number, b: number): boolean => from < to + b && to < from + a;

/**
 * x, or a copy of it if y may lie in the same memory: two SharedArrayBuffers may be one memory, as after a
 * structuredClone, and nothing tells.
 */
export function apart<A extends FloatArray | Uint8Array>(x: A, y: FloatArray): A {
  const mayOverlap =
    overlap(x.byteOffset, x.byteLength, y.byteOffset, y.byteLength) &&
    x.buffer !== y.buffer &&
    ![x, y].some(({ buffer }) => buffer instanceof ArrayBuffer);
  if (!mayOverlap) return x;
  settle(x);
  return x.slice() as A;
}

/** Whether the first a elements of x and the first b elements of y have a byte in common. */
export const arraysOverlap = (x: FloatArray | Uint8Array, a: number, y: FloatArray, b: number): boolean =>
  x.buffer === y.buffer && overlap(x.byteOffset, a * x.BYTES_PER_ELEMENT, y.byteOffset, b * y.BYTES_PER_ELEMENT);
