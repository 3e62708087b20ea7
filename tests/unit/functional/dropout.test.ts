/** The function `dropout`. */
import { describe, expect, it } from 'vitest';
import { ramp } from '../../support/arrays.js';
import { packages } from '../../support/backends.js';

describe.each(packages)('dropout on %s', (_, { Generator, dropout, mask }) => {
  const key = new Generator(42).next();

  it('scales kept elements by 1 / (1 − p) and zeroes the others', () => {
    const x = ramp(1000);
    const kept = mask(1000, { p: 0.3, key });
    const y = dropout(x, { p: 0.3, key });
    expect([...y]).toEqual([...x].map((v, i) => (kept[i] ? Math.fround(v * Math.fround(1 / (1 - 0.3))) : 0)));
    expect(x).toEqual(ramp(1000));
  });

  it('replaces dropped NaN, infinities and −0 by +0 and keeps the others unchanged', () => {
    const kept = mask(64, { p: 0.5, key });
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0])
      for (const Floats of [Float32Array, Float64Array]) {
        const y = dropout(new Floats(64).fill(value), { p: 0.5, key });
        expect(y.every((v, i) => Object.is(v, kept[i] ? value : 0))).toBe(true);
      }
  });

  it('is its own gradient: the same call on dy', () => {
    const x = ramp(100);
    const dy = ramp(100).map(Math.sin);
    const dx = dropout(dy, { p: 0.4, key });
    const h = 2 ** -10;
    for (let i = 0; i < 100; i += 7) {
      const nudged = x.map((v, j) => (j === i ? v + h : v));
      const slope = (dropout(nudged, { p: 0.4, key })[i]! - dropout(x, { p: 0.4, key })[i]!) / h;
      expect(dx[i]).toBeCloseTo(slope * dy[i]!, 1);
    }
  });

  it('copies at p = 0 and gives +0 at p = 1, both without a key', () => {
    const x = Float32Array.of(1, -0, Number.NaN, Number.POSITIVE_INFINITY);
    const same = dropout(x, { p: 0, key: undefined });
    expect(same).not.toBe(x);
    expect(same).toEqual(x);
    const none = dropout(x, { p: 1, key: undefined });
    expect([...none].every((v) => Object.is(v, 0))).toBe(true);
    expect(dropout(x, { p: -0, key })).toEqual(x);
    expect(dropout(x, { p: 0, key, out: x })).toBe(x);
  });

  it('continues a stream at an offset', () => {
    const x = ramp(300);
    const whole = dropout(x, { p: 0.5, key });
    expect(dropout(x.subarray(123), { p: 0.5, key, offset: 123 })).toEqual(whole.subarray(123));
  });

  it('returns out, and writes only as many elements as x has', () => {
    const x = ramp(5);
    const out = new Float32Array(8).fill(9);
    expect(dropout(x, { p: 0.5, key, out })).toBe(out);
    expect([...out]).toEqual([...dropout(x, { p: 0.5, key }), 9, 9, 9]);
    expect(dropout(x, { p: 0.5, key, out: x })).toBe(x);
    expect([...x]).toEqual([...out.subarray(0, 5)]);
  });

  it('takes and returns { data, shape }, including scalars', () => {
    const x = { data: ramp(6), shape: [2, 3] };
    const y = dropout(x, { p: 0.5, key });
    expect(y).toEqual({ data: dropout(x.data, { p: 0.5, key }), shape: [2, 3] });
    expect(y.shape).not.toBe(x.shape);
    const out = { data: new Float32Array(6), shape: [2, 3] };
    expect(dropout(x, { p: 0.5, key, out })).toBe(out);
    expect(out).toEqual(y);
    const scalar = { data: Float64Array.of(3), shape: [] };
    expect(dropout(scalar, { p: 0, key })).toEqual(scalar);
  });

  it('takes subclasses, and arrays on shared and resizable memory', () => {
    const x = ramp(200);
    const expected = [...dropout(x, { p: 0.5, key })];
    const shared = new Float32Array(new SharedArrayBuffer(800));
    shared.set(x);
    expect([...dropout(shared, { p: 0.5, key, out: shared })]).toEqual(expected);
    // Node 20 has resizable buffers; the ES2023 types do not.
    const Resizable = ArrayBuffer as unknown as new (n: number, options: { maxByteLength: number }) => ArrayBuffer;
    const resizable = new Float32Array(new Resizable(800, { maxByteLength: 1600 }));
    resizable.set(x);
    expect([...dropout(resizable, { p: 0.5, key })]).toEqual(expected);
    class Mine extends Float32Array {}
    expect([...dropout(Mine.from(x), { p: 0.5, key })]).toEqual(expected);
    expect(dropout(Mine.from(x), { p: 0.5, key }).constructor).toBe(Float32Array);
  });
});
