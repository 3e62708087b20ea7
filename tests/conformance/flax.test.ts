/**
 * Flax's tests of dropout (tests/linen/linen_test.py StochasticTest, tests/nnx/nn/stochastic_test.py), by their upstream
 * names. Flax's PRNG key is the key here, and its broadcast_dims are ones in a noise shape.
 */
import { describe, expect, it } from 'vitest';
import { full, ones } from '../support/arrays.js';
import { packages } from '../support/backends.js';
import { expectCount } from '../support/expect.js';
import { nonzeros } from '../support/statistics.js';

const rates = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

describe.each(packages)('Flax, on %s', (_, { Dropout, Generator, dropout }) => {
  describe('test_dropout', () => {
    const x = ones([20, 20]);
    const [key1, key2] = [new Generator(0).keyAt(0), new Generator(0).keyAt(1)];

    it('two keys give different masks', () => {
      const y1 = dropout(x, { p: 0.5, key: key1 });
      const y2 = dropout(x, { p: 0.5, key: key2 });
      // Independent masks agree in half of their elements.
      expectCount(y1.data.filter((v, i) => v === y2.data[i]).length, 400, 0.5);
    });

    it('test_dropout_manual_rng: one key gives one mask', () => {
      expect(dropout(x, { p: 0.5, key: key1 })).toEqual(dropout(x, { p: 0.5, key: key1 }));
    });

    it('a deterministic layer returns its input', () => {
      const layer = new Dropout(0.5, { seed: 0 }).eval();
      expect(layer.forward(x)).toBe(x);
      expect(layer.forward(x)).toBe(x);
      expect(x).toEqual(ones([20, 20]));
    });

    it('test_dropout_internal_rngs, _rng_override: layers with the same seed draw the same masks', () => {
      const create = (seed: number) => new Dropout(0.5, { seed: seed });
      const [m1, m2, other] = [create(0), create(0), create(1)];
      const first = m1.forward(x);
      expect(m1.generator.position).toBe(1);
      expect(m2.forward(x)).toEqual(first);
      const second = m1.forward(x);
      expect(second).not.toEqual(first);
      expect(m2.forward(x)).toEqual(second);
      expect(other.forward(x)).not.toEqual(first);
    });

    it('test_dropout_arg_override: the mode of a call overrides the mode of the layer', () => {
      const layer = new Dropout(0.5, { seed: 0 });
      expect(layer.forward(x, { training: false })).toBe(x);
      expect(layer.eval().forward(x, { training: true })).toEqual(dropout(x, { p: 0.5, key: key1 }));
    });

    it('test_dropout_rate_limits: rate 0 gives x, rate 1 zeros, and their gradients are the same', () => {
      for (const [p, expected] of [
        [0, x],
        [1, full([20, 20], 0)],
      ] as const) {
        const layer = new Dropout(p);
        expect(layer.forward(x)).toEqual(expected);
        expect(layer.backward(x)).toEqual(expected);
      }
    });
  });

  it.each(rates)('test_dropout_rate_stats: the kept count of 10 runs of 100×100 is within 4 sigma, rate %s', (rate) => {
    const generator = new Generator(20261123);
    let kept = 0;
    for (let run = 0; run < 10; run++) {
      kept += nonzeros(dropout(ones([100, 100]), { p: rate, key: generator.next() }).data);
    }
    expectCount(kept, 100_000, 1 - rate);
  });

  it.each(rates)('the values are 0 and 1 / keep, rate %s', (rate) => {
    const { data } = dropout(ones([100, 100]), { p: rate, key: 5n });
    expect(new Set(data)).toEqual(new Set([0, Math.fround(1 / (1 - rate))]));
    const wide = dropout(new Float64Array(100).fill(1), { p: rate, key: 5n });
    expect(new Set(wide)).toEqual(new Set([0, 1 / (1 - rate)]));
  });

  describe('test_dropout_broadcast: ones(10, …), rate 0.5', () => {
    it.each([
      [2, [1]],
      [2, [0]],
      [3, [2]],
      [3, [1, 2]],
      [4, [0, 1]],
      [4, [3]],
    ])('%i axes, broadcast_dims %j: one value in each slice', (rank, dims) => {
      const shape = new Array(rank).fill(10);
      const noiseShape = shape.map((_, axis) => (dims.includes(axis) ? 1 : null));
      const layer = new Dropout(0.5, { seed: 0, noiseShape });
      const y = layer.forward(ones(shape));

      // The digits of an index are its coordinates. Without the broadcast axes they name the slice.
      const sums = new Map<string, number>();
      y.data.forEach((v, i) => {
        const digits = [...String(i).padStart(rank, '0')].filter((_, axis) => !dims.includes(axis)).join('');
        sums.set(digits, (sums.get(digits) ?? 0) + v);
      });
      const slices = 10 ** (rank - dims.length);
      const total = 2 * 10 ** dims.length;
      expect(sums.size).toBe(slices);
      expect(new Set(sums.values())).toEqual(new Set([0, total]));
      expectCount([...sums.values()].filter(Boolean).length, slices, 0.5);
      expect(layer.backward(ones(shape))).toEqual(y);
    });
  });
});
