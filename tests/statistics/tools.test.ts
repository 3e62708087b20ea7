/** The tools of the statistical tests, on values that are known. */
import { describe, expect, it } from 'vitest';
import { columnOf, count, countBoth, covariances, ones, runLengths } from './bits.js';
import { blend, delay } from './built.js';
import { binomial, normalCdf, ofChiSquare, ofCounts, ofNormal, ofNormals, ofSample } from './p-values.js';

const bits = Uint32Array.of(0b1011, 0x80000000, 0xffffffff, 0x12345678);
const list = (words: Uint32Array) =>
  Array.from({ length: 32 * words.length }, (_, i) => (words[i >> 5]! >>> (i & 31)) & 1);
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

describe('p-values', () => {
  it.each([
    [0, 1],
    [1.959964, 0.05],
    [-1.959964, 0.05],
    [4.891638, 1e-6],
  ])('of the normal distribution: z = %d', (z, p) => {
    expect(ofNormal(z) / p).toBeCloseTo(1, 4);
  });

  it.each([
    [10, 3.247, 0.05],
    [10, 20.483, 0.05],
    [1000, 914.257, 0.05],
    [1000, 1089.531, 0.05],
  ])('of chi-square with %d degrees: %d', (degrees, value, p) => {
    expect(ofChiSquare(value, degrees)).toBeCloseTo(p, 4);
  });

  it('of many normal statistics see a large one, and a wide and a narrow spread', () => {
    const quantiles = Array.from({ length: 1000 }, (_, i) => 3.4 * Math.sin(i) ** 3 * 0.53);
    const spread = Math.sqrt(sum(quantiles.map((z) => z * z)) / quantiles.length);
    const usual = quantiles.map((z) => z / spread);
    expect(Math.min(...ofNormals(usual))).toBeGreaterThan(0.1);
    expect(ofNormals([...usual, 7])[0]).toBeLessThan(1e-8);
    expect(ofNormals(usual.map((z) => 1.3 * z))[1]).toBeLessThan(1e-8);
    expect(ofNormals(usual.map((z) => 0.8 * z))[1]).toBeLessThan(1e-8);
  });

  it('of counts merge cells in which few are expected', () => {
    expect(ofCounts([60, 40], [50, 50])).toBeCloseTo(2 * 0.0455, 3);
    expect(ofCounts([60, 37, 2, 1], [50, 44, 3, 3])).toBeCloseTo(ofCounts([60, 40], [50, 50]), 9);
    expect(() => ofCounts([1, 2], [1.5, 1.5])).toThrow('draw more');
  });

  it('of a sample, by Kolmogorov and Smirnov', () => {
    const n = 10_000;
    // The middles of n equal parts, moved by 1.3581 / √n: the 5 % point of the distance.
    const moved = Float32Array.from({ length: n }, (_, i) => (i + 0.5) / n + 1.3581 / Math.sqrt(n));
    const uniform = (x: number) => Math.max(0, Math.min(1, x));
    expect(ofSample(moved, uniform)).toBeCloseTo(2 * 0.05, 2);
    expect(
      ofSample(
        moved.map((x) => x + 0.02),
        uniform,
      ),
    ).toBeLessThan(1e-6);
    // A sample that is too regular.
    expect(
      ofSample(
        moved.map((_, i) => (i + 0.5) / n),
        uniform,
      ),
    ).toBeLessThan(1e-6);
  });

  it('have the distributions that they name', () => {
    expect(normalCdf(-1.644854)).toBeCloseTo(0.05, 6);
    expect(sum(Array.from({ length: 4097 }, (_, k) => binomial(k, 4096, 0.1)))).toBeCloseTo(1, 9);
    expect(binomial(2, 4, 0.5)).toBeCloseTo(6 / 16, 12);
  });
});

describe('bits', () => {
  it('are counted', () => {
    for (const word of bits) expect(ones(word)).toBe(sum(list(Uint32Array.of(word))));
    for (const [from, to] of [
      [0, 128],
      [1, 95],
      [33, 34],
      [64, 64],
    ] as const)
      expect(count(bits, from, to)).toBe(sum(list(bits).slice(from, to)));
    expect(countBoth(bits, delay(bits, 3))).toBe(sum(list(bits).map((bit, i, all) => bit & (all[i - 3] ?? 0))));
  });

  it('have the covariance of their definition', () => {
    const p = 0.4;
    const all = list(bits);
    const lags = [1, 31, 32, 33, 64, 70];
    const expected = lags.map((lag) => {
      const n = 32 * Math.floor((all.length - lag) / 32);
      const products = all.slice(0, n).map((bit, i) => (bit - p) * (all[i + lag]! - p));
      return sum(products) / (Math.sqrt(n) * p * (1 - p));
    });
    covariances(bits, lags, p).forEach((z, i) => {
      expect(z).toBeCloseTo(expected[i]!, 9);
    });
  });

  it('have columns and runs', () => {
    const words = Uint32Array.from({ length: 32 }, (_, i) => i << 5);
    expect(columnOf(words, 5)).toEqual(Uint32Array.of(0xaaaaaaaa));
    expect(columnOf(words, 9)).toEqual(Uint32Array.of(0xffff0000));
    const { ofOnes, ofZeros } = runLengths(bits);
    // 11 0 1, 59 zeros, 33 ones, and 000 1111 00 11 0 1 0 1 000 1 0 11 000 1 00 1 of 0x12345678. The last is open.
    expect(ofOnes.flatMap((n, length) => new Array(n).fill(length)).join()).toBe('1,1,1,1,1,1,2,2,2,4,33');
    expect(ofZeros.flatMap((n, length) => new Array(n).fill(length)).join()).toBe('1,1,1,1,2,2,3,3,3,59');
  });

  it('are delayed and blended', () => {
    expect(list(delay(bits, 37)).slice(37)).toEqual(list(bits).slice(0, -37));
    const none = new Uint32Array(2 ** 12);
    const blended = blend(
      none,
      none.map((word) => ~word),
      0.01,
    );
    expect(Math.abs(count(blended) / 2 ** 17 - 0.01)).toBeLessThan(0.002);
  });
});
