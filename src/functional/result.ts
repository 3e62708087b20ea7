/**
 * Where a result goes: `out`, or a new array or tensor like x.
 * @module
 */
import { arenaOf } from '../arena.js';
import {
  checkLength,
  type FloatArray,
  type Input,
  type Like,
  type OpenInput,
  openLike,
  type Result,
  setArray,
} from '../core/tensor.js';

/**
 * Has `write` write a result into `out`, or into a new array or tensor like x. If it throws, a new array's bytes go back
 * to its arena.
 *
 * @param x the opened argument called `name`
 * @returns `out`, or the new array or tensor
 * @throws TypeError or RangeError that names the argument, before anything is written
 */
export function resultOf<X extends Input>(
  x: OpenInput,
  out: Like<X> | undefined,
  write: (target: FloatArray) => void,
  name = 'x',
  outName = 'out',
): Result<X> {
  const { data, shape } = x;
  if (out === undefined)
    return withNew(data, data.length, outName, (target) => {
      // The new array may overlap x after arena.reset(), even exactly.
      if (arraysOverlap(data, data.length, target, data.length))
        throw new RangeError(`${name} is from before the reset() of its arena: pass ${outName}`);
      write(target);
      return (shape ? { data: target, shape: [...shape] } : target) as Result<X>;
    });
  const target = openLike(out, x, outName, name);
  checkLength(target, data.length, outName, true);
  // Equal addresses mean in place.
  if (data.byteOffset !== target.byteOffset && arraysOverlap(data, data.length, target, data.length))
    throw new RangeError(`${outName} overlaps ${name} in part`);
  const place = apart(target, data);
  write(place);
  if (place !== target) setArray(target, place);
  return out as unknown as Result<X>;
}

/**
 * Calls `use` with a new array of n elements of the type of x, in the arena of x if there is one. If it throws, the
 * arena gets the bytes back.
 */
export function withNew<T>(x: FloatArray, n: number, outName: string, use: (array: FloatArray) => T): T {
  const size = x.BYTES_PER_ELEMENT;
  const arena = size > 2 ? arenaOf(x) : undefined;
  if (!arena) return use(newLike(x, n));
  const { bytesFree } = arena;
  // Alignment may take up to one element more; the arena then throws its own error.
  if (bytesFree < size * n && n > 0)
    throw new RangeError(`${outName} has to be given: ${size * n} bytes, but the arena has ${bytesFree} left`);
  try {
    return use(arena[size === 4 ? 'float32' : 'float64'](n));
  } catch (error) {
    arena.rewind(bytesFree);
    throw error;
  }
}

/** The classes of arrays. Float16Array is missing in older engines. */
type Classes = Record<string, new (n: number) => FloatArray | Uint8Array>;

const newLike = <A extends FloatArray | Uint8Array>(x: A, n: number): A =>
  new (globalThis as unknown as Classes)[x[Symbol.toStringTag]]!(n) as A;

/**
 * x, or a copy of it where another array may lie in the same memory at other addresses: two SharedArrayBuffers may be
 * one memory, as after a structuredClone, and nothing tells.
 */
export function apart<A extends FloatArray | Uint8Array>(x: A, y: FloatArray): A {
  const areOneOrPlain = x.buffer === y.buffer || [x, y].some(({ buffer }) => buffer instanceof ArrayBuffer);
  if (areOneOrPlain || !addressesOverlap(x, x.length, y, y.length)) return x;
  const copy = newLike(x, x.length);
  setArray(copy, x);
  return copy;
}

/** Copies x to out, which has been checked, unless they are the same array. */
export function copy(x: FloatArray, out: FloatArray): void {
  if (out !== x) setArray(out, x);
}

/** Whether the first a elements of x and the first b elements of y have a byte in common. */
export const arraysOverlap = (x: FloatArray | Uint8Array, a: number, y: FloatArray, b: number): boolean =>
  x.buffer === y.buffer && addressesOverlap(x, a, y, b);

const addressesOverlap = (x: FloatArray | Uint8Array, a: number, y: FloatArray, b: number): boolean =>
  x.byteOffset < y.byteOffset + b * y.BYTES_PER_ELEMENT && y.byteOffset < x.byteOffset + a * x.BYTES_PER_ELEMENT;
