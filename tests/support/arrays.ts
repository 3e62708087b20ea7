/** Arrays and tensors that tests run on. Any runtime loads this file, so it imports neither Node nor vitest. */

/** The number of elements of a shape. */
export const size = (shape: readonly number[]): number => shape.reduce((n, axis) => n * axis, 1);

/** 1, 2, 3, … */
export const ramp = (n: number): Float32Array<ArrayBuffer> => Float32Array.from({ length: n }, (_, i) => i + 1);

/** As a value of `tensor`: between 1 and 3, no two alike, most of them not exact in f32. */
export const wave = (i: number): number => Math.sin(i + 1) + 2;

interface Shaped<A> {
  data: A;
  shape: number[];
}

/** A tensor whose element i is `value(i)`. */
export function tensor(shape: readonly number[], value: (i: number) => number = wave): Shaped<Float32Array> {
  return { data: new Float32Array(size(shape)).map((_, i) => value(i)), shape: [...shape] };
}

/** `tensor` in f64. */
export function tensor64(shape: readonly number[], value: (i: number) => number = wave): Shaped<Float64Array> {
  return { data: new Float64Array(size(shape)).map((_, i) => value(i)), shape: [...shape] };
}

export function full(shape: readonly number[], value: number): Shaped<Float32Array> {
  return { data: new Float32Array(size(shape)).fill(value), shape: [...shape] };
}

export const ones = (shape: readonly number[]): Shaped<Float32Array> => full(shape, 1);

/** A tensor of 1, 2, 3, … */
export const rampTensor = (shape: readonly number[]): Shaped<Float32Array> => tensor(shape, (i) => i + 1);

/** A tensor of standard normal numbers (Box and Muller). None is 0. */
export function randn(shape: readonly number[], generator: { next(): bigint }): Shaped<Float32Array> {
  const uniform = () => (Number(generator.next() >> 11n) + 0.5) / 2 ** 53;
  return tensor(shape, () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()));
}
