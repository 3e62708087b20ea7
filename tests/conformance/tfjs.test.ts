/**
 * TF.js's own checks of plain dropout (tfjs-core dropout_test.ts, tfjs-layers core_test.ts), by their numbers in
 * the list of peers' checks; the rates × shapes grid of (15) without its noise shapes, which plain dropout has not.
 */
import { describe, expect, it } from 'vitest';
import { packages } from '../backends.js';

describe.each(packages)('TF.js, on %s', (_, { Dropout, Generator, dropout }) => {
  const generator = new Generator(20261123);
  const shapes = [[12], [3, 4]];
  const ones = (shape: number[]) => ({ data: new Float32Array(shape.reduce((a, b) => a * b)).fill(1), shape });

  it('(10) rate 0 is the identity', () => {
    for (const shape of shapes) expect(dropout(ones(shape), { p: 0, key: undefined })).toEqual(ones(shape));
  });

  it('(11) rate .75: what is not zero is 4 x, 1-D and 2-D', () => {
    for (const shape of [[4096], [64, 64]]) {
      const x = { data: Float32Array.from({ length: 4096 }, (_, i) => i + 1), shape };
      const y = dropout(x, { p: 0.75, key: generator.next() });
      const nonzero = [...y.data.entries()].filter(([, v]) => v !== 0);
      expect(nonzero.every(([i, v]) => v === 4 * (i + 1))).toBe(true);
      expect(nonzero.length).toBeGreaterThan(800);
      expect(nonzero.length).toBeLessThan(1250);
    }
  });

  it('(13) int32 is refused', () => {
    const x = Int32Array.of(1, 2, 3, 4) as never;
    expect(() => dropout(x, { p: 0.75, key: 1n })).toThrow(TypeError);
    expect(() => new Dropout(0.75).forward(x)).toThrow(TypeError);
  });

  it('(14) rate 1.5 is refused', () => {
    expect(() => dropout(new Float32Array(4), { p: 1.5, key: 1n })).toThrow(RangeError);
    expect(() => new Dropout(1.5)).toThrow(RangeError);
  });

  describe.each([false, true])('(15) training = %s', (training) => {
    it.each([0, 0.5])('rate %s: the kept count', (p) => {
      const layer = new Dropout(p, { generator }).train(training);
      const n = 10_000;
      const y = layer.forward({ data: new Float32Array(n).fill(1), shape: [100, 100] });
      const kept = y.data.filter((v) => v !== 0).length;
      if (!training || p === 0) expect(kept).toBe(n);
      else expect(Math.abs(kept - n * (1 - p))).toBeLessThan(5 * Math.sqrt(n * p * (1 - p)));
      expect(layer.mask().reduce((sum, v) => sum + v, 0)).toBe(kept);
    });
  });

  it('(16) evaluation is the identity', () => {
    const layer = new Dropout(0.5, { generator }).eval();
    for (const shape of shapes) expect(layer.forward(ones(shape))).toEqual(ones(shape));
  });
});
