/**
 * Known-answer tests: a backend proves itself before it is chosen. Big-endian machines, 32-bit ARM (whose vectors flush
 * denormals) and modules of other versions give other bits.
 * @module
 */
import type { Affine, Extras, Fused, Gaussian, Kernel } from './interface.js';

/** One iteration of the hot loop (64 elements), and in the next block a turn of eight and three single elements. */
const N = 75;
const draws = { key: { hi: 1, lo: 2 }, offset: 4096 - 64, P: 2 ** 31 + 1 };
const scaled = { scale: 1.5, shift: -0, fill: 0 };
const shifted = { scale: 1.5, shift: 1, fill: -1 };

/** The mask of these draws, as bits. */
const MASK = [117, 92, 211, 36, 64, 229, 160, 88, 113, 1];

/** The bits of their normal noise, digested. */
const NOISE = -736105564;

type Floats = typeof Float32Array;

/** Runs a test for f32 and for f64. */
const forBoth = (test: (Floats: Floats) => boolean): boolean =>
  [Float32Array, Float64Array as unknown as Floats].every(test);

/** Ordinary values, denormals of f32 and of f64, and −0, NaN and ±∞. */
function values(Floats: Floats): Float32Array {
  const x = new Floats(N).map((_, i) => (i - 9) * [0.7, 1e-44, 5e-323][i % 3]!);
  x.set([-0, Number.NaN, 1 / 0, -1 / 0], 30);
  return x;
}

/** Whether all elements are equal. All NaNs are, since engines choose their bits; −0 is not 0. */
const equal = (x: Float32Array, y: Float32Array): boolean => x.every((value, i) => Object.is(value, y[i]));

/** x where the mask keeps an element, mapped in the precision of x. */
const masked = (x: Float32Array, { scale, shift, fill }: Affine = scaled): Float32Array =>
  x.map((value) => value * scale).map((value, i) => ((MASK[i >> 3]! >> (i & 7)) & 1 ? value + shift : fill));

/** Whether kernel.wasm is right on this machine. */
export function isKernelRight(kernel: Kernel): boolean {
  const bits = new Uint8Array(10);
  kernel.mask(bits, N, true, draws);
  return (
    bits.every((byte, i) => byte === MASK[i]) &&
    forBoth((Floats) => {
      const x = values(Floats);
      const y = x.slice();
      kernel.dropout(y, y, draws, scaled);
      return equal(y, masked(x));
    })
  );
}

/** Whether extras.wasm is. */
export const areExtrasRight = (extras: Extras): boolean =>
  forBoth((Floats) => {
    const x = values(Floats);
    const [y, z] = [x.slice(), x.slice()];
    extras.applyMask(y, Uint8Array.from(MASK), true, y, scaled);
    extras.dropout(z, z, draws, shifted);
    return equal(y, masked(x)) && equal(z, masked(x, shifted));
  });

/** Whether fused.wasm is. */
export const isFusedRight = (fused: Fused): boolean =>
  forBoth((Floats) => {
    const x = values(Floats);
    const [dx, dbias, sums] = [x.slice(), new Floats(25), new Floats(25)];
    fused.fusedBackward(dx, dx, dbias, draws, 1.5);
    masked(x).forEach((gradient, i) => {
      sums[i % 25]! += gradient;
    });
    // Whole numbers, so that no sum is rounded.
    const row = x.map((_, i) => i % 25);
    const z = row.slice();
    fused.fused(z, row.slice(0, 25), row, z, draws, 1.5);
    const sum = masked(row.map((value) => 2 * value)).map((value, i) => value + row[i]!);
    return equal(dx, masked(x)) && equal(dbias, sums) && equal(z, sum);
  });

/** Whether gaussian.wasm is. */
export function isGaussianRight(gaussian: Gaussian): boolean {
  const z = new Float32Array(N);
  gaussian.noise(z, z, draws, 1, true);
  const digest = new Int32Array(z.buffer).reduce((hash, word) => Math.imul(hash ^ word, 0x9e3779b1) ^ (hash >>> 13));
  return (
    digest === NOISE &&
    forBoth((Floats) => {
      const x = values(Floats);
      const [y, zeros] = [x.slice(), new Floats(N)];
      gaussian.noise(y, y, draws, 1, false);
      gaussian.noise(zeros, zeros, draws, 1, true);
      const one = x.map((_, i) => 1 + z[i]!);
      return (
        equal(zeros, z) &&
        equal(
          y,
          x.map((value, i) => value * one[i]!),
        )
      );
    })
  );
}
