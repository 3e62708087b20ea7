/**
 * Inputs: typed arrays of floats, and `{ data, shape }` around one.
 * @module
 */
import { wrongType, wrongValue } from './check.js';

/** Float16Array, where the TypeScript library has it. */
export type Float16 = typeof globalThis extends { Float16Array: { prototype: infer T } } ? T : never;

/** A typed array of floats. Float16Array is included where the TypeScript library has it. */
export type FloatArray = Float32Array | Float64Array | Float16;

/** Elements in row-major order with their shape. An empty shape is a scalar. */
export interface Tensor<A extends FloatArray = FloatArray> {
  /** The elements: as many as the product of the shape. */
  data: A;
  /** The size of each axis, outermost first. */
  shape: readonly number[];
}

/** An array, or `{ data, shape }` around one. */
export type Input = FloatArray | Tensor;

type Kind<A extends FloatArray> = A extends Float32Array
  ? Float32Array
  : A extends Float64Array
    ? Float64Array
    : Float16;

/** The type of `out` for an input X: the same kind, on any memory. */
export type Like<X extends Input> =
  X extends Tensor<infer A> ? Tensor<Kind<A>> : X extends FloatArray ? Kind<X> : never;

/** An array of the element type of X. */
export type DataLike<X extends Input> = X extends Tensor<infer A> ? Kind<A> : X extends FloatArray ? Kind<X> : never;

/** The result for an input X: the same kind, so that `x = layer.forward(x)` type-checks. */
export type Result<X extends Input> = X extends Tensor<infer A> ? Tensor<A> : X;

/** A checked input. The shape is undefined for a plain array. */
export interface OpenInput {
  readonly data: FloatArray;
  readonly shape: readonly number[] | undefined;
}

export const dataOf = (x: Input): FloatArray => (ArrayBuffer.isView(x) ? x : x.data);

/**
 * Checks an input, once for each call.
 * @throws TypeError, RangeError unless value is an attached array of floats or a tensor around one
 */
export function open(value: unknown, name = 'x'): OpenInput {
  if (ArrayBuffer.isView(value)) return { data: checkArray<FloatArray>(value, name, FLOATS), shape: undefined };
  const { data, shape } = (value ?? {}) as Tensor;
  checkArray(data ?? value, name, FLOATS);
  if (!Array.isArray(shape)) throw wrongType(`${name}.shape`, 'an array of whole numbers', shape);
  let product = 1;
  // Not `every`, which skips holes.
  for (const n of shape) {
    if (!Number.isInteger(n) || n < 0)
      throw (typeof n === 'number' ? wrongValue : wrongType)(`${name}.shape`, 'an array of whole numbers', shape);
    product *= n;
  }
  if (product !== data.length) throw wrongValue(`${name}.shape`, `of ${data.length} elements`, shape);
  return { data, shape };
}

/** The shape of an input; that of a plain array is its length. */
export const shapeOf = ({ data, shape }: OpenInput): readonly number[] => shape ?? [data.length];

/** @throws TypeError unless the input has a shape */
export function requireShape({ data, shape }: OpenInput, name = 'x'): readonly number[] {
  if (!shape) throw wrongType(name, '{ data, shape }', data);
  return shape;
}

/**
 * Checks that an argument is of the same kind as another input: array or tensor, element type, and shape.
 * @throws TypeError, RangeError otherwise
 */
export function openLike(value: unknown, x: OpenInput, name: string, like = 'x'): FloatArray {
  const { data, shape } = open(value, name);
  if (!shape !== !x.shape || data.BYTES_PER_ELEMENT !== x.data.BYTES_PER_ELEMENT)
    throw wrongType(name, `${x.shape ? '{ data, shape }' : 'an array'} of the type of ${like}`, value);
  if (shape) checkShape(shape, x.shape!, name);
  return data;
}

/** @throws RangeError unless both shapes are equal */
export function checkShape(shape: readonly number[], expected: readonly number[], name: string): void {
  if (shape.length !== expected.length || shape.some((size, axis) => size !== expected[axis]))
    throw wrongValue(`${name}.shape`, `[${expected}]`, shape);
}

/** @throws TypeError, RangeError unless value is an attached Uint8Array of `length` bytes, or longer if allowed */
export function checkMask(value: unknown, length: number, name: string, mayBeLonger?: boolean): Uint8Array {
  const mask: Uint8Array = checkArray(value, name, ['Uint8Array']);
  checkLength(mask, length, name, mayBeLonger);
  return mask;
}

/** @throws RangeError unless the array has `length` elements, or more if allowed */
export function checkLength(array: ArrayLike<number>, length: number, name: string, mayBeLonger = false): void {
  if (mayBeLonger ? array.length < length : array.length !== length)
    throw wrongValue(`${name}.length`, `${mayBeLonger ? 'at least ' : ''}${length}`, array.length);
}

const FLOATS = ['Float32Array', 'Float64Array', 'Float16Array'];

/**
 * Compares the name of the type instead of the class, so that arrays from another realm (a frame, a vm context) are
 * accepted.
 */
function checkArray<A extends FloatArray | Uint8Array>(value: unknown, name: string, types: string[]): A {
  const array = value as A;
  if (!ArrayBuffer.isView(value) || !types.includes(array[Symbol.toStringTag]))
    throw wrongType(name, `a ${types.join(' or a ')}`, value);
  // A detached array has length 0, like an empty one. Only creating a view tells them apart.
  if (array.length === 0)
    try {
      new Uint8Array(array.buffer);
    } catch {
      throw new TypeError(`${name} is detached`);
    }
  return array;
}
