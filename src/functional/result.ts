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
} from '../core/tensor.js';

/**
 * Checks `out` and returns it, or returns a new array or tensor like x.
 *
 * @param x the opened argument called `name`
 * @throws TypeError or RangeError that names the argument
 */
export function resultFor<X extends Input>(x: OpenInput, out?: Like<X>, name = 'x', outName = 'out'): Result<X> {
  const { data, shape } = x;
  const target = out === undefined ? emptyLike(data) : openLike(out, x, outName, name);
  if (out !== undefined) checkLength(target, data.length, outName, true);
  // Equal addresses mean in place. Without `out` they are an error: after arena.reset() the new array may overlap x.
  const from = data.byteOffset;
  const to = target.byteOffset;
  const bytes = data.length * data.BYTES_PER_ELEMENT;
  if ((!out || from !== to) && overlap(from, bytes, to, bytes) && data.buffer === target.buffer)
    throw new RangeError(`${outName} overlaps ${name} in part`);
  return (out ?? (shape ? { data: target, shape: [...shape] } : target)) as Result<X>;
}

/** An array of the type of x, in the arena of x if there is one. */
export function emptyLike(x: FloatArray, n = x.length): FloatArray {
  const size = x.BYTES_PER_ELEMENT;
  if (size === 2) return new (globalThis as unknown as { Float16Array: new (n: number) => FloatArray }).Float16Array(n);
  const f32 = size === 4;
  const arena = arenaOf(x);
  // Alignment may take up to one element more; the arena then throws its own error.
  if (arena && arena.bytesFree < size * n && n > 0)
    throw new RangeError(
      `out has to be given: the result takes ${size * n} bytes, the arena has ${arena.bytesFree} left`,
    );
  return arena?.[f32 ? 'float32' : 'float64'](n) ?? new (f32 ? Float32Array : Float64Array)(n);
}

/** Copies x to out, which has been checked, unless they are the same array. */
export function copy(x: FloatArray, out: FloatArray): void {
  if (out !== x) out.set(x);
}

/** Whether the `a` bytes starting at `from` and the `b` bytes starting at `to` have a byte in common. */
export const overlap = (from: number, a: number, to: number, b: number): boolean => from < to + b && to < from + a;

/** Whether the first a elements of x and the first b elements of y have a byte in common. */
export const arraysOverlap = (x: FloatArray, a: number, y: FloatArray, b: number): boolean =>
  overlap(x.byteOffset, a * x.BYTES_PER_ELEMENT, y.byteOffset, b * y.BYTES_PER_ELEMENT) && x.buffer === y.buffer;
