/** The functions `mask` and `applyMask`. */
import { describe, expect, it } from 'vitest';
import { ramp } from '../../support/arrays.js';
import { packages } from '../../support/backends.js';
import { bitAt } from '../../support/bits.js';
import { expectCount, refuses } from '../../support/expect.js';
import { zeros } from '../../support/statistics.js';

describe.each(packages)('on %s', (_, { AlphaDropout, Generator, applyMask, dropout, mask }) => {
  const key = new Generator(42).next();

  describe('mask', () => {
    it('returns bytes of 0 and 1, or bits packed from bit 0', () => {
      const bytes = mask(21, { p: 0.5, key });
      const bits = mask(21, { p: 0.5, key, format: 'bits' });
      expect(bits).toHaveLength(3);
      expect([...bytes]).toEqual(Array.from(bytes, (_, i) => bitAt(bits, i)));
      expect(bits[2]! >> 5).toBe(0);
    });

    it('keeps everything at p = 0 and nothing at p = 1, with unused bits 0', () => {
      expect([...mask(11, { p: 0, key: undefined, format: 'bits' })]).toEqual([0xff, 0b111]);
      expect([...mask(11, { p: 1, key: undefined, format: 'bits' })]).toEqual([0, 0]);
      expect([...mask(3, { p: 0, key: undefined })]).toEqual([1, 1, 1]);
      expect([...mask(3, { p: 1, key: undefined })]).toEqual([0, 0, 0]);
    });

    it('returns out, and writes only as many bytes as the mask has', () => {
      const out = new Uint8Array(5).fill(9);
      expect(mask(3, { p: 0.5, key, out })).toBe(out);
      expect([...out]).toEqual([...mask(3, { p: 0.5, key }), 9, 9]);
    });

    it.each([0.001, 0.1, 1 / 3, 0.5, 0.9])('drops a fraction of %d, within 5 sigma', (p) => {
      expectCount(zeros(mask(1_000_000, { p, key })), 1_000_000, p, 5);
    });
  });

  describe('applyMask', () => {
    it('gives the same result as dropout for the mask of dropout, in both formats', () => {
      const x = ramp(77);
      for (const format of ['bytes', 'bits'] as const) {
        const kept = mask(77, { p: 0.2, key, format });
        expect(applyMask(x, kept, { p: 0.2, format })).toEqual(dropout(x, { p: 0.2, key }));
      }
    });

    it('applies any mask: p = 0 does not scale, p = 1 leaves +0', () => {
      const x = Float64Array.of(1, Number.NaN, -3, Number.POSITIVE_INFINITY);
      expect([...applyMask(x, Uint8Array.of(1, 0, 255, 0), { p: 0 })]).toEqual([1, 0, -3, 0]);
      expect([...applyMask(x, Uint8Array.of(0b101), { p: 0.5, format: 'bits' })]).toEqual([2, 0, -6, 0]);
      expect([...applyMask(x, Uint8Array.of(1, 1, 1, 1), { p: 1 })].every((v) => Object.is(v, 0))).toBe(true);
    });

    it('keeps the shape of x, and works in place', () => {
      const x = Float64Array.of(1, 2, 3, 4);
      expect(applyMask({ data: x, shape: [2, 2] }, Uint8Array.of(1, 0, 1, 0), { p: 0 }).shape).toEqual([2, 2]);
      expect(applyMask(x, Uint8Array.of(1, 0, 0, 0), { p: 0, out: x })).toBe(x);
    });

    it('names a forgotten mask, and p beside a layer', () => {
      const x = Float32Array.of(1, 2);
      const call = applyMask as (...args: unknown[]) => unknown;
      refuses(() => call(x, { p: 0.5 }), TypeError, 'options has to be the third argument, after the mask');
      const options = { p: 0.5, layer: new AlphaDropout(0.5) };
      refuses(() => applyMask(x, Uint8Array.of(1, 1), options), TypeError, 'p has to be left out beside a layer');
    });

    it('a mask of ones with an alpha layer at p = 0 changes no bit', () => {
      const x = Float32Array.of(-0, 1);
      expect(applyMask(x, Uint8Array.of(1, 1), { layer: new AlphaDropout(0) })).toEqual(x);
    });
  });

  it('a slice whose rows are whole bytes, far apart, has the bits of its bytes, which are those of the whole', () => {
    const [rows, columns] = [5, 3000];
    const of = [rows, columns];
    const whole = mask(rows * columns, { p: 0.4, key });
    for (const width of [64, 8, 61]) {
      const slice = { of, at: [1, 40] };
      const bytes = mask([3, width], { p: 0.4, key, slice });
      const expected = [1, 2, 3].flatMap((row) => [...whole.subarray(row * columns + 40, row * columns + 40 + width)]);
      expect([...bytes]).toEqual(expected);
      const bits = mask([3, width], { p: 0.4, key, slice, format: 'bits' });
      expect(bits).toHaveLength(Math.ceil((3 * width) / 8));
      expect(expected.map((_, i) => bitAt(bits, i))).toEqual(expected);
    }
  });

  it('names the axis of a shape that is wrong', () => {
    refuses(() => mask([2, -1], { p: 0.5, key }), RangeError, /^shape\[1\] has to be a whole number/);
    refuses(() => mask(['2'] as never, { p: 0.5, key }), TypeError, /^shape\[0\] has to be a whole number/);
  });
});
