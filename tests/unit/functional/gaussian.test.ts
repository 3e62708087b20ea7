/** The functions `gaussianDropout` and `gaussianNoise`. The vectors of the noise are checked in vectors.test.ts. */
import { describe, expect, it } from 'vitest';
import { tensor } from '../../support/arrays.js';
import { packages } from '../../support/backends.js';
import { expectCount, expectSameBits, refuses } from '../../support/expect.js';

const { fround } = Math;

describe.each(packages)('on %s', (_, { Generator, gaussianDropout, gaussianNoise }) => {
  const key = new Generator(3).next();
  const noise = (n: number, key: bigint, offset = 0) => gaussianNoise(new Float32Array(n), { stddev: 1, key, offset });

  describe('the noise', () => {
    const n = 400_000;
    const generator = new Generator(1);
    const [z, other] = [noise(n, generator.next()), noise(n, generator.next())];
    const count = (holds: (v: number) => boolean) => z.reduce((sum, v) => sum + Number(holds(v)), 0);

    /** Expects the mean of f over all elements to be within 5 standard errors. */
    function expectMean(f: (v: number, i: number) => number, expected: number, deviation: number): void {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += f(z[i]!, i);
      expect(Math.abs(sum / n - expected)).toBeLessThan((5 * deviation) / Math.sqrt(n));
    }

    it('has the moments of N(0, 1)', () => {
      expectMean((v) => v, 0, 1);
      expectMean((v) => v ** 2, 1, Math.SQRT2);
      expectMean((v) => v ** 3, 0, Math.sqrt(15));
      expectMean((v) => v ** 4, 3, Math.sqrt(96));
    });

    it.each([
      [1, 0.6826895],
      [2, 0.9544997],
      [3, 0.9973002],
    ])('lies within %i sigma with a probability of %d', (sigmas, fraction) => {
      expectCount(
        count((v) => Math.abs(v) < sigmas),
        n,
        fraction,
        5,
      );
    });

    it('has no correlation between neighbors', () => {
      for (const lag of [1, 2, 16]) expectMean((v, i) => v * z[(i + lag) % n]!, 0, 1);
    });

    it('has no correlation between keys', () => {
      expectMean((v, i) => v * other[i]!, 0, 1);
    });

    it.each([
      // 1 − x² is 2^-9, or the next smaller value.
      [2_210_113_554, -3.297055, 'center'],
      [2_669_593_850, -3.297055, 'center'],
      [2_338_142_903, -3.2970562, 'tails'],
      [970_091_271, 3.2970562, 'tails'],
    ])('at the border of the tails, element %i is %f, by the formula of the %s', (offset, expected) => {
      const border = 0xbdd732262feb6e95n;
      // Four elements, for a whole vector, and one alone.
      for (const n of [1, 4, 9]) expect(noise(n, border, offset)[0]).toBe(Math.fround(expected));
    });

    it('is the same at an offset as in one call', () => {
      expectSameBits(noise(4000, key, 1000), noise(5000, key).slice(1000));
    });
  });

  it('f64 has the same noise as f32', () => {
    const x = new Float64Array(5000);
    expectSameBits(gaussianNoise(x, { stddev: 1, key }), Float64Array.from(noise(5000, key)));
  });

  it('gaussianDropout is x · (1 + σz), rounded at each step', () => {
    const z = noise(5000, key);
    const sigma = fround(Math.sqrt(0.2 / 0.8));
    const x = tensor([5000], Math.cos).data;
    expectSameBits(
      gaussianDropout(x, { p: 0.2, key }),
      x.map((v, i) => v * fround(1 + fround(sigma * z[i]!))),
    );
  });

  it('both functions keep NaN and infinities', () => {
    const x = Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
    expect(gaussianNoise(x, { stddev: 1, key })).toEqual(x);
    // At this p, 1 + σz is positive, so the infinities keep their signs.
    expect(gaussianDropout(x, { p: 0.01, key })).toEqual(x);
  });

  it('both functions copy at 0 without a key, and gaussianDropout gives zeros at p = 1', () => {
    // −0 plus noise of either sign would be +0 somewhere.
    const x = Float32Array.from({ length: 64 }, (_, i) => (i % 8 ? -0 : i));
    expectSameBits(gaussianNoise(x, { stddev: 0, key: undefined }), x);
    expectSameBits(gaussianNoise(x, { stddev: 0, key }), x);
    expectSameBits(gaussianDropout(x, { p: 0, key: undefined }), x);
    expectSameBits(gaussianDropout(x, { p: 1, key: undefined }), new Float32Array(64));
  });

  it('gaussianNoise refuses a missing key and a bad deviation', () => {
    const x = Float32Array.of(1, -0, 3);
    refuses(() => gaussianNoise(x, { stddev: 1, key: undefined }), TypeError, /^key has to be a bigint/);
    for (const stddev of [-1, Number.NaN, Number.POSITIVE_INFINITY])
      refuses(() => gaussianNoise(x, { stddev, key }), RangeError, /^stddev has to be a finite number of at least 0/);
  });
});
