/** The functions `alphaDropout` and `alphaDropoutBackward`. */
import { describe, expect, it } from 'vitest';
import { tensor } from '../../support/arrays.js';
import { packages } from '../../support/backends.js';

const { fround } = Math;

describe.each(packages)('alphaDropout on %s', (_, { Generator, alphaDropout, alphaDropoutBackward, mask }) => {
  const key = new Generator(42).next();

  it.each([0.05, 0.5, 0.9])('has the constants of Klambauer et al. and PyTorch, p = %d', (p) => {
    const saturated = -1.7580993408473766;
    const a = 1 / Math.sqrt((saturated ** 2 * p + 1) * (1 - p));
    const b = -a * saturated * p;
    const x = tensor([500]).data;
    const kept = mask(500, { p, key });
    expect([...alphaDropout(x, { p, key })]).toEqual(
      [...x].map((v, i) => (kept[i] ? fround(fround(v * fround(a)) + fround(b)) : fround(a * saturated + b))),
    );
    const wide = Float64Array.from(x);
    expect([...alphaDropout(wide, { p, key })]).toEqual(
      [...wide].map((v, i) => (kept[i] ? v * a + b : a * saturated + b)),
    );
    expect([...alphaDropoutBackward(wide, { p, key })]).toEqual([...wide].map((v, i) => (kept[i] ? v * a : 0)));
  });

  it('copies at p = 0 and gives zeros at p = 1, both without a key', () => {
    const x = Float32Array.of(-0, 1, Number.NaN);
    expect(alphaDropout(x, { p: 0, key: undefined })).toEqual(x);
    expect([...alphaDropout(x, { p: 1, key: undefined })]).toEqual([0, 0, 0]);
  });
});
