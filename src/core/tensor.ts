/**
 * What `x` may be, and where its result goes.
 * @module
 */
import { arenaOf } from '../arena.js';
import { wrongType, wrongValue } from './check.js';

/** Float16Array, where the compiler's library has it. */
export type Float16 = typeof globalThis extends { Float16Array: { prototype: infer T } } ? T : never;

export type FloatArray = Float32Array | Float64Array | Float16;

/** Elements in row-major order with their shape; an empty shape is a scalar. */
export interface Tensor<A extends FloatArray = FloatArray> {
  data: A;
  shape: readonly number[];
}

/** An array, or `{ data, shape }` around one. */
export type Input = FloatArray | Tensor;

type Kind<A extends FloatArray> = A extends Float32Array
  ? Float32Array
  : A extends Float64Array
    ? Float64Array
    : Float16;

/** What `out` may be for X: the same kind, on any memory. */
export type Like<X extends Input> =
  X extends Tensor<infer A> ? Tensor<Kind<A>> : X extends FloatArray ? Kind<X> : never;

/** An array of the type of that in X. */
export type DataLike<X extends Input> = X extends Tensor<infer A> ? Kind<A> : X extends FloatArray ? Kind<X> : never;

/** What comes back for X: the same kind, so that `x = layer.forward(x)` holds. */
export type Result<X extends Input> = X extends Tensor<infer A> ? Tensor<A> : X;

export const dataOf = (x: Input): FloatArray => (ArrayBuffer.isView(x) ? x : x.data);

/** Writes x to out, which has been checked, unless it is there already. */
export function copy(x: Input, out: Input): void {
  const src = dataOf(x);
  const dst = dataOf(out);
  if (dst !== src) dst.set(src);
}

/**
 * The shape of a tensor, or of an array as an axis of its own.
 * @throws TypeError, RangeError unless x is an input
 */
export function shapeOf(x: Input): readonly number[] {
  const { length } = checkInput(x, 'x');
  return ArrayBuffer.isView(x) ? [length] : x.shape;
}

/**
 * Checks x and out, and returns what the result goes to: out, or a new array or tensor like x.
 * @throws TypeError, RangeError that names the argument
 */
export function resultFor<X extends Input>(x: X, out?: Like<X>, name = 'x', outName = 'out'): Result<X> {
  const data = checkInput(x, name);
  const target = out === undefined ? sibling(data) : checkKind(out, x, outName, name);
  if (out !== undefined) checkLength(target, data.length, outName, true);
  // Identical is in place; but an arena that was reset under x may hand out just what x lies in.
  const from = data.byteOffset;
  const to = target.byteOffset;
  const bytes = data.length * data.BYTES_PER_ELEMENT;
  if ((!out || from !== to) && meet(from, bytes, to, bytes) && data.buffer === target.buffer)
    throw new RangeError(`${outName} overlaps ${name} in part`);
  return (out ?? (ArrayBuffer.isView(x) ? target : { data: target, shape: [...x.shape] })) as Result<X>;
}

/** An array of the type of x, in the arena of x if that has one. */
export function sibling(x: FloatArray, n = x.length): FloatArray {
  const size = x.BYTES_PER_ELEMENT;
  if (size === 2) return new (globalThis as unknown as { Float16Array: new (n: number) => FloatArray }).Float16Array(n);
  const f32 = size === 4;
  const arena = arenaOf(x);
  // With up to a whole element lost to alignment.
  if (arena && arena.bytesFree < size * n && n > 0)
    throw new RangeError(
      `out has to be given: the result takes ${size * n} bytes, the arena has ${arena.bytesFree} left`,
    );
  return arena?.[f32 ? 'float32' : 'float64'](n) ?? new (f32 ? Float32Array : Float64Array)(n);
}

/** @throws TypeError, RangeError unless value is an input of the kind of x, and of its shape if it has one */
export function checkKind(value: unknown, x: Input, name: string, like = 'x'): FloatArray {
  const data = checkInput(value, name);
  const plain = ArrayBuffer.isView(x);
  if (plain !== ArrayBuffer.isView(value) || data.BYTES_PER_ELEMENT !== dataOf(x).BYTES_PER_ELEMENT)
    throw wrongType(name, `${plain ? 'an array' : '{ data, shape }'} of the type of ${like}`, value);
  if (!plain) checkShape((value as Tensor).shape, x.shape, name);
  return data;
}

/** @throws TypeError, RangeError unless value is an attached array of floats or a tensor around one */
export function checkInput(value: unknown, name: string): FloatArray {
  if (ArrayBuffer.isView(value)) return checkArray(value, name, FLOATS);
  const { data, shape } = (value ?? {}) as Tensor;
  checkArray(data ?? value, name, FLOATS);
  if (!Array.isArray(shape)) throw wrongType(`${name}.shape`, 'an array of whole numbers', shape);
  let product = 1;
  // Not by `every`, which passes over holes.
  for (const n of shape) {
    if (!Number.isInteger(n) || n < 0)
      throw (typeof n === 'number' ? wrongValue : wrongType)(`${name}.shape`, 'an array of whole numbers', shape);
    product *= n;
  }
  if (product !== data.length) throw wrongValue(`${name}.shape`, `of ${data.length} elements`, shape);
  return data;
}

/** @throws TypeError, RangeError unless value is `{ data, shape }` around an attached array of floats */
export function tensorShape(value: Input, name = 'x'): readonly number[] {
  checkInput(value, name);
  if (ArrayBuffer.isView(value)) throw wrongType(name, '{ data, shape }', value);
  return value.shape;
}

/** @throws RangeError unless both shapes are the same */
export function checkShape(shape: readonly number[], expected: readonly number[], name: string): void {
  if (shape.length !== expected.length || shape.some((size, axis) => size !== expected[axis]))
    throw wrongValue(`${name}.shape`, `[${expected}]`, shape);
}

/** @throws TypeError, RangeError unless value is an attached Uint8Array of `length` bytes, or more if that serves */
export function checkMask(value: unknown, length: number, name: string, more?: boolean): Uint8Array {
  const mask: Uint8Array = checkArray(value, name, ['Uint8Array']);
  checkLength(mask, length, name, more);
  return mask;
}

/** @throws RangeError unless the array holds `length` elements, or more if that serves */
export function checkLength(array: ArrayLike<number>, length: number, name: string, more = false): void {
  if (more ? array.length < length : array.length !== length)
    throw wrongValue(`${name}.length`, `${more ? 'at least ' : ''}${length}`, array.length);
}

/** Whether the `a` bytes from `from` on and the `b` bytes from `to` on have one in common. */
export const meet = (from: number, a: number, to: number, b: number): boolean => from < to + b && to < from + a;

/** Whether the first a elements of x and the first b of y have a byte in common. */
export const meetArrays = (x: FloatArray, a: number, y: FloatArray, b: number): boolean =>
  meet(x.byteOffset, a * x.BYTES_PER_ELEMENT, y.byteOffset, b * y.BYTES_PER_ELEMENT) && x.buffer === y.buffer;

const FLOATS = ['Float32Array', 'Float64Array', 'Float16Array'];

/** Asks for the name of the type and not for the class: arrays of another realm (a frame, a vm context) serve too. */
function checkArray<A extends FloatArray | Uint8Array>(value: unknown, name: string, types: string[]): A {
  const array = value as A;
  if (!ArrayBuffer.isView(value) || !types.includes(array[Symbol.toStringTag]))
    throw wrongType(name, `a ${types.join(' or a ')}`, value);
  // A detached array looks empty; only making a view tells the two apart.
  if (array.length === 0)
    try {
      new Uint8Array(array.buffer);
    } catch {
      throw new TypeError(`${name} is detached`);
    }
  return array;
}
