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
const plain = { scale: 1.7, shift: -0, fill: 0 };
const alpha = { scale: 1.7, shift: 0.3, fill: -0.7 };

/**
 * The arrays of a test, in one buffer. Half of the values are denormals, the others ordinary ones, with −0 and ∞ among
 * them. NaN is at an element that the draws drop: the bits of a NaN that is kept are the choice of the engine.
 */
function inputs(): { x: Float32Array; y: Float64Array; bytes: Uint8Array; digest: () => number } {
  const { buffer } = new Int32Array(104);
  const x = new Float32Array(buffer, 0, N);
  const y = new Float64Array(buffer, 304, FEW);
  for (let i = 0; i < N; i++) x[i] = (9 - i) * (i % 2 ? -1e-44 : 0.7);
  for (let i = 0; i < FEW; i++) y[i] = (9 - i) * (i % 2 ? -5e-323 : 0.7);
  x[1] = 1 / 0;
  const digest = (): number =>
    new Int32Array(buffer).reduce((hash, word) => Math.imul(hash ^ word, 0x9e3779b1) ^ (hash >>> 13));
  return { x, y, bytes: new Uint8Array(buffer, 392, 10), digest };
}

export const kernelAnswer: Answer<Kernel> = {
  name: 'kernel',
  expected: 0,
  of(kernel) {
    const { x, y, bytes, digest } = inputs();
    x[4] = Number.NaN;
    kernel.dropout(x, x, draws, plain);
    kernel.dropout(y, y, draws, alpha);
    kernel.mask(bytes, N, true, draws);
    return digest();
  },
};

export const extrasAnswer: Answer<Extras> = {
  name: 'extras',
  expected: 0,
  of(extras) {
    const { x, y, bytes, digest } = inputs();
    const sums = new Float32Array(25);
    extras.fused(y, y.slice(), y.slice(), y, draws, 1.7);
    extras.fusedBackward(x, x, sums, draws, 1.7);
    extras.applyMask(x, bytes.fill(0b01101001), true, x, alpha);
    x.set(sums, 50);
    return digest();
  },
};

export const gaussianAnswer: Answer<Gaussian> = {
  name: 'gaussian',
  expected: 0,
  of(gaussian) {
    const { x, y, digest } = inputs();
    gaussian.noise(x, x, draws.key, draws.offset, 0.3, false);
    gaussian.noise(y, y, draws.key, draws.offset, 0.3, true);
    return digest();
  },
};
