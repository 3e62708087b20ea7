/**
 * What `x` may be, and where its result goes.
 * @module
 */
import { sibling } from './arena.js';
import { shown } from './check.js';

export type FloatArray = Float32Array | Float64Array;

/** Elements in row-major order with their shape; an empty shape is a scalar. */
export interface Tensor<A extends FloatArray = FloatArray> {
  data: A;
  shape: readonly number[];
}

/** An array, or `{ data, shape }` around one. */
export type Input = FloatArray | Tensor;

/** What comes back for X: the same kind. */
export type Like<X extends Input> = X extends Float32Array
  ? Float32Array
  : X extends Float64Array
    ? Float64Array
    : X extends Tensor<infer A>
      ? Tensor<A>
      : never;

export const dataOf = (x: Input): FloatArray => (ArrayBuffer.isView(x) ? x : x.data);

/** The type of a typed array, also of one from another realm (a frame, a test runner's vm context). */
const typeOf = (value: unknown): string | undefined =>
  ArrayBuffer.isView(value) ? (value as Uint8Array)[Symbol.toStringTag] : undefined;

/**
 * Checks x and out, and returns what the result goes to: out, or a new array or tensor like x.
 * @throws TypeError, RangeError that names the argument
 */
export function resultFor<X extends Input>(x: X, out?: Like<X>, name = 'x'): Like<X> {
  const data = checkInput(x, name);
  const plain = data === (x as Input);
  if (out === undefined) {
    const fresh = sibling(data);
    return (plain ? fresh : { data: fresh, shape: [...(x as Tensor).shape] }) as Like<X>;
  }
  const target = checkInput(out, 'out');
  if (plain !== (target === (out as Input)))
    throw new TypeError(`out has to be ${plain ? 'an array' : '{ data, shape }'} as ${name} is, but got ${shown(out)}`);
  if (typeOf(target) !== typeOf(data))
    throw new TypeError(`out has to be a ${typeOf(data)} as ${name} is, but got a ${typeOf(target)}`);
  if (target.length < data.length)
    throw new RangeError(`out has to hold ${data.length} elements as ${name} does, but holds ${target.length}`);
  if (!plain) checkShape((out as Tensor).shape, (x as Tensor).shape, 'out');
  if (overlap(data, target, data.byteLength) && data.byteOffset !== target.byteOffset)
    throw new RangeError(`out has to be ${name} itself or apart from it, but they overlap in part`);
  return out;
}

/** @throws RangeError unless both shapes are the same */
export function checkShape(shape: readonly number[], expected: readonly number[], name: string): void {
  if (shape.length !== expected.length || shape.some((n, axis) => n !== expected[axis]))
    throw new RangeError(`${name} has to have shape [${expected}], but has [${shape}]`);
}

/** @throws TypeError, RangeError unless value is an attached array of floats or a tensor around one */
export function checkInput(value: unknown, name: string): FloatArray {
  const tensor = value as Partial<Tensor> | null | undefined;
  const type = typeOf(value) ?? typeOf(tensor?.data);
  if (type !== 'Float32Array' && type !== 'Float64Array')
    throw new TypeError(
      `${name} has to be a Float32Array, a Float64Array or { data, shape } around one, but got ${type ?? shown(value)}`,
    );
  const data = dataOf(value as Input);
  checkAttached(data, name);
  if (data !== value) {
    const shape: unknown = tensor?.shape;
    if (!Array.isArray(shape) || !shape.every((n) => Number.isInteger(n) && n >= 0))
      throw new TypeError(`${name}.shape has to be an array of whole numbers, but got ${shown(shape)}`);
    if (shape.reduce((product, n) => product * n, 1) !== data.length)
      throw new RangeError(`${name}.shape [${shape}] does not fit ${name}.data of ${data.length} elements`);
  }
  return data;
}

/** @throws TypeError unless value is an attached Uint8Array of `length` elements or, if asked, more */
export function checkMask(value: unknown, length: number, name: string, more = false): Uint8Array {
  if (typeOf(value) !== 'Uint8Array') throw new TypeError(`${name} has to be a Uint8Array, but got ${shown(value)}`);
  const mask = value as Uint8Array;
  checkAttached(mask, name);
  if (more ? mask.length < length : mask.length !== length)
    throw new RangeError(`${name} has to hold ${length} bytes, but holds ${mask.length}`);
  return mask;
}

/** Whether an array shares a byte with the first `bytes` of out. */
export function overlap(x: ArrayBufferView, out: ArrayBufferView, bytes: number): boolean {
  const from = out.byteOffset;
  return x.buffer === out.buffer && x.byteOffset < from + bytes && from < x.byteOffset + x.byteLength;
}

/** A detached array looks empty; only making a view tells the two apart. */
function checkAttached(array: FloatArray | Uint8Array, name: string): void {
  if (array.length > 0) return;
  try {
    new Uint8Array(array.buffer);
  } catch {
    throw new TypeError(`${name} has to be attached, but its buffer was transferred or detached`);
  }
}
