/**
 * What `x` may be, and where its result goes.
 * @module
 */
import { sibling } from './arena.js';
import { wrongType, wrongValue } from './check.js';

export type FloatArray = Float32Array | Float64Array;

/** Elements in row-major order with their shape; an empty shape is a scalar. */
export interface Tensor<A extends FloatArray = FloatArray> {
  data: A;
  shape: readonly number[];
}

/** An array, or `{ data, shape }` around one. */
export type Input = FloatArray | Tensor;

/** What `out` may be for X: the same kind, on any memory. */
export type Like<X extends Input> = X extends Float32Array
  ? Float32Array
  : X extends Float64Array
    ? Float64Array
    : X extends Tensor<infer A>
      ? Tensor<A>
      : never;

/** What comes back for X: the same kind, so that `x = layer.forward(x)` holds. */
export type Result<X extends Input> = X extends FloatArray ? X : Like<X>;

export const dataOf = (x: Input): FloatArray => (ArrayBuffer.isView(x) ? x : x.data);

/**
 * Checks x and out, and returns what the result goes to: out, or a new array or tensor like x.
 * @throws TypeError, RangeError that names the argument
 */
export function resultFor<X extends Input>(x: X, out?: Like<X>, name = 'x'): Result<X> {
  const data = checkInput(x, name);
  const plain = ArrayBuffer.isView(x);
  const target = out === undefined ? sibling(data) : checkInput(out, 'out');
  if (out !== undefined) {
    if (plain !== ArrayBuffer.isView(out) || target.BYTES_PER_ELEMENT !== data.BYTES_PER_ELEMENT)
      throw wrongType('out', `of the type of ${name}`, out);
    if (!plain) checkShape((out as Tensor).shape, x.shape, 'out');
    checkLength(target, data.length, 'out', true);
  }
  // Identical is in place; but an arena that was reset under x may hand out just what x lies in.
  const from = data.byteOffset;
  const to = target.byteOffset;
  const bytes = data.length * data.BYTES_PER_ELEMENT;
  if ((!out || from !== to) && meet(from, bytes, to, bytes) && data.buffer === target.buffer)
    throw new RangeError(`out overlaps ${name} in part`);
  return (out ?? (plain ? target : { data: target, shape: [...x.shape] })) as Result<X>;
}

/** @throws TypeError, RangeError unless value is an attached array of floats or a tensor around one */
export function checkInput(value: unknown, name: string): FloatArray {
  if (ArrayBuffer.isView(value)) return checkArray(value, name, 'Float32Array', 'Float64Array');
  const { data, shape } = (value ?? {}) as Tensor;
  checkArray(data ?? value, name, 'Float32Array', 'Float64Array');
  if (!Array.isArray(shape) || !shape.every((n) => Number.isInteger(n) && n >= 0))
    throw wrongType(`${name}.shape`, 'an array of whole numbers', shape);
  if (shape.reduce((product, n) => product * n, 1) !== data.length)
    throw wrongValue(`${name}.shape`, `of ${data.length} elements`, shape);
  return data;
}

/** @throws RangeError unless both shapes are the same */
export function checkShape(shape: readonly number[], expected: readonly number[], name: string): void {
  if (String(shape) !== String(expected)) throw wrongValue(`${name}.shape`, `[${expected}]`, shape);
}

/** @throws TypeError, RangeError unless value is an attached Uint8Array of `length` bytes, or more if that serves */
export function checkMask(value: unknown, length: number, name: string, more?: boolean): Uint8Array {
  const mask: Uint8Array = checkArray(value, name, 'Uint8Array');
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

/** Asks for the name of the type and not for the class: arrays of another realm (a frame, a vm context) serve too. */
function checkArray<A extends FloatArray | Uint8Array>(value: unknown, name: string, type: string, other = type): A {
  const array = value as A;
  const tag = ArrayBuffer.isView(value) && array[Symbol.toStringTag];
  if (tag !== type && tag !== other) throw wrongType(name, `a ${type}${other === type ? '' : ` or a ${other}`}`, value);
  // A detached array looks empty; only making a view tells the two apart.
  if (array.length === 0)
    try {
      new Uint8Array(array.buffer);
    } catch {
      throw new TypeError(`${name} is detached`);
    }
  return array;
}
