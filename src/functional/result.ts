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
        throw new RangeError(
          `${name} lies in bytes that its arena hands out again since reset(): pass ${outName}, or take ${name} from the arena anew`,
        );
      write(target);
      return (shape ? { data: target, shape: [...shape] } : target) as Result<X>;
    });
  const target = openLike(out, x, outName, name);
  checkLength(target, data.length, outName, true);
  // Equal addresses mean in place.
  if (data.byteOffset !== target.byteOffset && arraysOverlap(data, data.length, target, data.length))
    throw new RangeError(`${outName} overlaps ${name} in part`);
  write(target);
  return out as unknown as Result<X>;
}

/**
 * Calls `use` with a new array of n elements of the type of x, in the arena of x if there is one. If it throws, the
 * arena gets the bytes back.
 */
export function withNew<T>(x: FloatArray, n: number, outName: string, use: (array: FloatArray) => T): T {
  const size = x.BYTES_PER_ELEMENT;
  if (size === 2)
    return use(new (globalThis as unknown as { Float16Array: new (n: number) => FloatArray }).Float16Array(n));
  const f32 = size === 4;
  const arena = arenaOf(x);
  if (!arena) return use(new (f32 ? Float32Array : Float64Array)(n));
  const { bytesFree } = arena;
  // Alignment may take up to one element more; the arena then throws its own error.
  if (bytesFree < size * n && n > 0)
    throw new RangeError(
      `${outName} has to be given: the result takes ${size * n} bytes, the arena has ${bytesFree} left`,
    );
  try {
    return use(arena[f32 ? 'float32' : 'float64'](n));
  } catch (error) {
    arena.rewind(bytesFree);
    throw error;
  }
}

/** Copies x to out, which has been checked, unless they are the same array. */
export function copy(x: FloatArray, out: FloatArray): void {
  if (out !== x) out.set(x);
}

/** Whether the first a elements of an input and the first b elements of an output have a byte in common. */
export function arraysOverlap(input: FloatArray | Uint8Array, a: number, output: FloatArray, b: number): boolean {
  const from = input.byteOffset;
  const to = output.byteOffset;
  return (
    from < to + b * output.BYTES_PER_ELEMENT &&
    to < from + a * input.BYTES_PER_ELEMENT &&
    isSameMemory(input.buffer, output.buffer, Math.max(from, to))
  );
}

/**
 * Whether two buffers are one memory. SharedArrayBuffers may be without being one object, as after a structuredClone: a
 * byte of the output, at address `at`, is then changed and put back, to see whether the input's changes with it.
 */
function isSameMemory(input: ArrayBufferLike, output: ArrayBufferLike, at: number): boolean {
  if (input === output) return true;
  if (input.byteLength !== output.byteLength || !isShared(input) || !isShared(output)) return false;
  const seen = new Uint8Array(input, at, 1);
  const changed = new Uint8Array(output, at, 1);
  const before = Atomics.xor(changed, 0, 255);
  const follows = Atomics.load(seen, 0) === (before ^ 255);
  Atomics.store(changed, 0, before);
  return follows && Atomics.load(seen, 0) === before;
}

const isShared = (buffer: ArrayBufferLike): boolean =>
  Object.prototype.toString.call(buffer) === '[object SharedArrayBuffer]';
