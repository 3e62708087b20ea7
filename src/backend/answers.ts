/**
 * Known-answer tests: a backend proves itself before it is chosen. Big-endian machines, 32-bit ARM (whose vectors flush
 * denormals) and modules of other versions give other bits. The digests are the reference's.
 * @module
 */
import type { Extras, Gaussian, Kernel } from './interface.js';

/** A few calls to a part of a backend, and the digest that their results have to have. */
export interface Answer<K> {
  readonly name: string;
  readonly expected: number;
  readonly of: (part: K) => number;
}

/** One iteration of the hot loop (64 elements), and in the next block a turn of eight and three single elements. */
const N = 75;
/** A turn of eight and three single elements, for the paths that differ in the width of their elements alone. */
const FEW = 11;

const draws = { key: { hi: 0x01234567, lo: 0x09abcdef }, offset: 4096 - 64, P: 2 ** 31 + 1 };
/** An element that these draws drop. */
const DROPPED = 4;

const plain = { scale: 1.7, shift: -0, fill: 0 };
const alpha = { scale: 1.7, shift: 0.3, fill: -0.7 };

/** Denormals of f32 and f64, ordinary values, −0 and infinities. */
const VALUES = [1e-40, 1.5, 3e-310, -7.25, -2e-39, 0.1, -0, -5e-320, 1e-44, 3, 12.3, 1 / 0, -4e-41, -1 / 0, 1e-39];

/** Fills an array with values, over and over: calls to `set` take less time than a loop that runs only once. */
function fill<A extends Float32Array | Float64Array>(x: A, values: readonly number[]): A {
  for (let i = 0; i < x.length; i += values.length) x.set(values.slice(0, x.length - i), i);
  return x;
}

function digest(...arrays: ArrayBufferView[]): number {
  let hash = 0;
  for (const { buffer } of arrays)
    for (const word of new Int32Array(buffer)) hash = Math.imul(hash ^ word, 0x9e3779b1) ^ (hash >>> 13);
  return hash;
}

export const kernelAnswer: Answer<Kernel> = {
  name: 'kernel',
  expected: -262758266,
  of(kernel) {
    const x = fill(new Float32Array(N), VALUES);
    // The bits of a NaN that is kept are the choice of the engine.
    x[DROPPED] = Number.NaN;
    const y = fill(new Float64Array(FEW), VALUES);
    const bits = new Uint8Array(12);
    kernel.dropout(x, x, draws, plain);
    kernel.dropout(y, y, draws, alpha);
    kernel.mask(bits, N, true, draws);
    return digest(x, y, bits);
  },
};

export const extrasAnswer: Answer<Extras> = {
  name: 'extras',
  expected: 146109124,
  of(extras) {
    const finite = VALUES.slice(0, 11);
    const x = fill(new Float32Array(N), finite);
    const y = fill(new Float64Array(FEW), finite);
    const dx = new Float32Array(N);
    const dbias = new Float32Array(25);
    extras.fusedBackward(x, dx, dbias, draws, 1.7);
    extras.fused(y, y.slice(), y.slice(), y, draws, 1.7);
    extras.applyMask(x, new Uint8Array(10).fill(0b01101001), true, x, alpha);
    return digest(x, y, dx, dbias);
  },
};

export const gaussianAnswer: Answer<Gaussian> = {
  name: 'gaussian',
  expected: 1803108934,
  of(gaussian) {
    const x = fill(new Float32Array(N), VALUES);
    const y = fill(new Float64Array(FEW), VALUES);
    gaussian.noise(x, x, draws.key, draws.offset, 0.3, false);
    gaussian.noise(y, y, draws.key, draws.offset, 0.3, true);
    return digest(x, y);
  },
};
