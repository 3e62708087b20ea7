/**
 * Inputs: typed arrays of floats, and `{ data, shape }` around one.
 * @module
 */
import { format, wrongType, wrongValue } from './check.js';

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
  /** The array, or a view of it by the engine's own class (see `checkArray`). */
  data: FloatArray;
  readonly shape: readonly number[] | undefined;
}

/**
 * Checks an input, once for each call.
 * @throws TypeError, RangeError unless value is an attached array of floats or a tensor around one
 */
export function open(value: unknown, name = 'x'): OpenInput {
  if (ArrayBuffer.isView(value)) return { data: checkArray<FloatArray>(value, name, FLOATS), shape: undefined };
  const tensor = (value ?? {}) as Tensor & Layout;
  // Not a method called data, as the tensors of TF.js have.
  const data = checkArray<FloatArray>(typeof tensor.data === 'object' ? tensor.data : value, name, FLOATS);
  const { shape } = tensor;
  let product = 1;
  // Not `every`, which skips holes.
  for (const n of Array.isArray(shape) ? shape : [undefined]) {
    if (!Number.isInteger(n) || n < 0)
      throw (typeof n === 'number' ? wrongValue : wrongType)(`${name}.shape`, 'an array of whole numbers', shape);
    // The other sizes of an empty tensor may be huge, and 0 · ∞ is not 0.
    product = n && product ? product * n : 0;
  }
  if (product !== data.length) throw wrongValue(`${name}.shape`, `of ${data.length} elements`, shape);
  if (product) checkRowMajor(tensor, shape, name);
  return { data, shape };
}

/** What tensors of other libraries have beside data and shape, if their elements lie in another order. */
interface Layout {
  stride?: ArrayLike<number>;
  strides?: ArrayLike<number>;
  offset?: number;
}

/** @throws RangeError if strides or an offset say that the elements are not in row-major order from the first on */
function checkRowMajor({ stride, strides = stride, offset = 0 }: Layout, shape: readonly number[], name: string): void {
  let isRowMajor = offset === 0;
  shape.reduceRight((expected, size, axis) => {
    // The stride of an axis of one element has no effect.
    if (size > 1 && strides !== undefined && strides?.[axis] !== expected) isRowMajor = false;
    return size * expected;
  }, 1);
  if (!isRowMajor) throw new RangeError(`${name} has to be row-major, without strides or an offset: copy it`);
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

export const isSameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((size, axis) => size === b[axis]);

/** @throws RangeError unless both shapes are equal */
export function checkShape(shape: readonly number[], expected: readonly number[], name: string): void {
  if (!isSameShape(shape, expected)) throw wrongValue(`${name}.shape`, format(expected), shape);
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

/** `out.set(x, at)` whatever properties of its own the array has, such as the methods that matrix libraries add. */
export function setArray(out: FloatArray | Uint8Array, x: FloatArray | Uint8Array, at = 0): void {
  Uint8Array.prototype.set.call(out as Uint8Array, x, at);
}

/** Sets the first n elements to +0, as `setArray` does. */
export function zero(out: FloatArray | Uint8Array, n = out.length): void {
  Uint8Array.prototype.fill.call(out as Uint8Array, 0, 0, n);
}

/** A view of the elements from … to − 1, as `setArray` does. */
export const subarray = <A extends FloatArray | Uint8Array>(x: A, from: number, to: number): A =>
  Uint8Array.prototype.subarray.call(x as Uint8Array, from, to) as A;

/** The engine's class of x, whose type is that of its class (see `checkArray`). */
export const classOf = <A extends FloatArray | Uint8Array>(x: A): ArrayClass<A> =>
  classNamed<A>(x[Symbol.toStringTag])!;

/** Undefined for a type that this realm lacks, such as Float16Array in older engines. */
const classNamed = <A>(name: string): ArrayClass<A> | undefined =>
  (globalThis as unknown as Record<string, ArrayClass<A>>)[name];

type ArrayClass<A> = new (lengthOrBuffer: unknown, byteOffset?: unknown, length?: unknown) => A;

const FLOATS = ['Float32Array', 'Float64Array', 'Float16Array'];

/** A getter of all typed arrays, which reads internal slots whatever a subclass overrides. */
const read = (array: ArrayBufferView, property: string | symbol): unknown =>
  Reflect.get(Object.getPrototypeOf(Uint8Array.prototype), property, array);

/**
 * Returns the array itself, or a view of the same elements by the engine's own class if it is an instance of a subclass
 * or comes from another realm (a frame, a vm context): constructors and methods of other classes are never called.
 */
function checkArray<A extends FloatArray | Uint8Array>(value: unknown, name: string, types: string[]): A {
  if (!ArrayBuffer.isView(value)) throw notAnArray(value, name, types);
  const array = value as A;
  // Most arrays need no look at their prototype or their internal type: each takes 5 ns.
  const own = array.constructor;
  const isPlain = types === FLOATS ? own === Float32Array || own === Float64Array : own === Uint8Array;
  if (isPlain && array.length > 0) return array;
  const type = read(array, Symbol.toStringTag) as string;
  const Class = classNamed<A>(type);
  if (!types.includes(type) || !Class) throw notAnArray(value, name, types);
  try {
    Uint8Array.prototype.keys.call(array as Uint8Array);
  } catch {
    throw new TypeError(`${name} is detached or out of bounds`);
  }
  if (own === (Class as unknown)) return array;
  return new Class(read(array, 'buffer'), read(array, 'byteOffset'), read(array, 'length'));
}

function notAnArray(value: unknown, name: string, types: string[]): TypeError {
  const isView = ArrayBuffer.isView(value);
  const other = value as { dataSync?: unknown; BYTES_PER_ELEMENT?: number } | undefined;
  const remedy =
    name !== 'out' && (isView || Array.isArray(value))
      ? `${types[0]}.from(${name})`
      : value === !!value
        ? `{ training: ${value} }`
        : other?.dataSync
          ? 'dropout-wasm/tfjs takes tensors'
          : !isView && other?.BYTES_PER_ELEMENT && 'pass the array, not a Proxy of it';
  return wrongType(name, `a ${types.join(' or a ')}`, value, remedy || undefined);
}
