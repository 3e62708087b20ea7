/**
 * Flax's own checks (tests/linen/linen_test.py StochasticTest, tests/nnx/nn/stochastic_test.py), by their numbers in
 * the list of peers' checks. Flax's key is the key here, its broadcast_dims are ones in a noise shape.
 */
import { describe, expect, it } from 'vitest';
import { packages } from '../support/backends.js';

const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const ones = (shape: readonly number[]) => ({ data: new Float32Array(count(shape)).fill(1), shape });
const rates = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

describe.each(packages)('Flax, on %s', (_, { Dropout, Generator, dropout }) => {
  describe('(22) test_dropout', () => {
    const x = ones([20, 20]);
    const [key1, key2] = [new Generator(0).keyAt(0), new Generator(0).keyAt(1)];

    it('two keys differ', () => {
      const y1 = dropout(x, { p: 0.5, key: key1 });
      const y2 = dropout(x, { p: 0.5, key: key2 });
      // Independent masks agree in half of their 400 places, four standard errors are 40.
      const agreeing = y1.data.filter((v, i) => v === y2.data[i]).length;
      expect(Math.abs(agreeing - 200)).toBeLessThan(40);
    });

    it('"test_dropout_manual_rng": one key gives one mask', () => {
      expect(dropout(x, { p: 0.5, key: key1 })).toEqual(dropout(x, { p: 0.5, key: key1 }));
    });

    it('deterministic, keys change nothing', () => {
      const layer = new Dropout(0.5, { generator: new Generator(0) }).eval();
      expect(layer.forward(x)).toBe(x);
      expect(layer.forward(x)).toBe(x);
      expect(x).toEqual(ones([20, 20]));
    });

    it('"test_dropout_internal_rngs", "_rng_override": layers of one seed go through the same masks', () => {
      const [m1, m2, other] = [0, 0, 1].map((seed) => new Dropout(0.5, { generator: new Generator(seed) }));
      const first = m1!.forward(x);
      expect(m1!.generator.position).toBe(1);
      expect(m2!.forward(x)).toEqual(first);
      const second = m1!.forward(x);
      expect(second).not.toEqual(first);
      expect(m2!.forward(x)).toEqual(second);
      expect(other!.forward(x)).not.toEqual(first);
    });

    it('"test_dropout_arg_override": the mode of a call precedes that of the layer', () => {
      const layer = new Dropout(0.5, { generator: new Generator(0) });
      expect(layer.forward(x, { training: false })).toBe(x);
      expect(layer.eval().forward(x, { training: true })).toEqual(dropout(x, { p: 0.5, key: key1 }));
    });

    it('"test_dropout_rate_limits": rate 0 is x, rate 1 zeros with a gradient of zeros', () => {
      for (const [p, expected] of [
        [0, x],
        [1, { data: new Float32Array(400), shape: [20, 20] }],
      ] as const) {
        const layer = new Dropout(p);
        expect(layer.forward(x)).toEqual(expected);
        expect(layer.backward(x)).toEqual(expected);
      }
    });
  });

  it.each(rates)('(23) test_dropout_rate_stats: rate %s, 10 runs of 100×100: kept within 4 sigma', (rate) => {
    const generator = new Generator(20261123);
    let kept = 0;
    for (let run = 0; run < 10; run++) {
      const { data } = dropout(ones([100, 100]), { p: rate, key: generator.next() });
      kept += data.filter((v) => v > 0).length;
    }
    const delta = 4 * Math.sqrt((rate * (1 - rate)) / 100_000);
    expect(Math.abs(kept / 100_000 - (1 - rate))).toBeLessThan(delta);
  });

  it.each(rates)('(24) rate %s: only the values 0 and 1 / keep', (rate) => {
    const { data } = dropout(ones([100, 100]), { p: rate, key: 5n });
    expect(new Set(data)).toEqual(new Set([0, Math.fround(1 / (1 - rate))]));
    const wide = dropout(new Float64Array(100).fill(1), { p: rate, key: 5n });
    expect(new Set(wide)).toEqual(new Set([0, 1 / (1 - rate)]));
  });

  describe('(25) test_dropout_broadcast: ones(10, …), rate .5', () => {
    it.each([
      [2, [1]],
      [2, [0]],
      [3, [2]],
      [3, [1, 2]],
      [4, [0, 1]],
      [4, [3]],
    ])('%i axes, broadcast_dims %j: one value a slice', (rank, dims) => {
      const shape = new Array(rank).fill(10);
      const noiseShape = shape.map((_, axis) => (dims.includes(axis) ? 1 : null));
      const layer = new Dropout(0.5, { generator: new Generator(0), noiseShape });
      const y = layer.forward(ones(shape));

      // The digits of an index are its coordinates; without those of the broadcast axes they name the slice.
      const sums = new Map<string, number>();
      y.data.forEach((v, i) => {
        const digits = [...String(i).padStart(rank, '0')].filter((_, axis) => !dims.includes(axis)).join('');
        sums.set(digits, (sums.get(digits) ?? 0) + v);
      });
      const slices = 10 ** (rank - dims.length);
      const total = 2 * 10 ** dims.length;
      expect(sums.size).toBe(slices);
      expect(new Set(sums.values())).toEqual(new Set([0, total]));
      const kept = [...sums.values()].filter(Boolean).length;
      expect(Math.abs(kept - slices / 2)).toBeLessThan(4 * Math.sqrt(slices / 4));

      const gradient = layer.backward(ones(shape));
      expect(gradient).toEqual(y);
    });
  });
});
