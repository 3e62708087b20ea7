/**
 * PyTorch's tests of its dropout layers (test/nn/test_dropout.py), by their upstream names, and the moments of
 * dropout of ones. Each test seeds its own generator, so its figures never change.
 */
import { describe, expect, it } from 'vitest';
import { full, ones, rampTensor, randn, size } from '../support/arrays.js';
import { packages } from '../support/backends.js';
import { expectCount, expectSameBits } from '../support/expect.js';
import { deviation, mean, nonzeros } from '../support/statistics.js';

describe.each(packages)('PyTorch, on %s', (_, pkg) => {
  const { AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, FeatureAlphaDropout, Generator, dropout } = pkg;
  const seeded = () => ({ seed: 20261123 });

  /** Name, layer, a shape with many draws and a small shape. */
  const layers = [
    ['Dropout', Dropout, [5000], [5, 5]],
    ['Dropout1d', Dropout1d, [100, 50, 3], [5, 3, 4]],
    ['Dropout2d', Dropout2d, [1000, 5, 2, 2], [2, 3, 3, 3]],
    ['Dropout3d', Dropout3d, [1000, 5, 1, 2, 2], [2, 3, 2, 3, 3]],
  ] as const;

  describe('test_AlphaDropout, test_FeatureAlphaDropout: N(0, 1) keeps its mean and deviation within 0.1', () => {
    it.each([
      ['AlphaDropout, [5000]', AlphaDropout, [5000], 1],
      ['FeatureAlphaDropout, rank 5, 1000 samples', FeatureAlphaDropout, [1000, 3, 2, 4, 5], 40],
      ['FeatureAlphaDropout, rank 4, 1000 channels', FeatureAlphaDropout, [50, 20, 16, 16], 256],
    ] as const)('%s', (_, Class, shape, run) => {
      const generator = new Generator(20261123);
      const x = randn(shape, generator);
      for (const p of [0.2, 0.5, 0.8]) {
        const layer = new Class(p, { generator });
        const y = layer.forward(x);
        expect(Math.abs(mean(y.data) - mean(x.data))).toBeLessThan(0.1);
        expect(Math.abs(deviation(y.data) - deviation(x.data))).toBeLessThan(0.1);

        // The formula of Klambauer et al., section 3. A channel has one draw.
        const saturated = -1.7580993408473766;
        const a = 1 / Math.sqrt((saturated ** 2 * p + 1) * (1 - p));
        const b = -a * saturated * p;
        const mask = layer.mask();
        const dx = layer.backward(x);
        let worst = 0;
        x.data.forEach((v, i) => {
          const kept = mask[i - (i % run)];
          worst = Math.max(worst, Math.abs(y.data[i]! - (a * (kept ? v : saturated) + b)));
          worst = Math.max(worst, Math.abs(dx.data[i]! - (kept ? a * v : 0)));
        });
        expect(worst).toBeLessThan(2e-6);
      }
    });
  });

  describe.each(layers)('test_native_dropout_corner_case: %s', (_, Class, __, shape) => {
    it.each([true, false])('has the output and the gradient of dropout at p = 0 and 1, training: %s', (training) => {
      for (const p of [0, 1]) {
        const layer = new Class(p, seeded()).train(training);
        const plain = dropout(rampTensor(shape), { p: training ? p : 0, key: undefined });
        expect(plain).toEqual(training && p === 1 ? full(shape, 0) : rampTensor(shape));
        const x = rampTensor(shape);
        const y = layer.forward(x);
        expect(y).toEqual(plain);
        expect(y === x).toBe(!training);
        expect(layer.backward(rampTensor(shape))).toEqual(plain);
        expect(layer.generator.position).toBe(0);
      }
    });
  });

  it.each([
    ['AlphaDropout', AlphaDropout, [25]],
    ['FeatureAlphaDropout', FeatureAlphaDropout, [5, 5]],
  ] as const)('%s copies at p = 0 and gives zeros at p = 1', (_, Class, shape) => {
    for (const p of [0, 1]) {
      const layer = new Class(p, seeded());
      const expected = p ? full(shape, 0) : rampTensor(shape);
      expect(layer.forward(rampTensor(shape))).toEqual(expected);
      expect(layer.backward(rampTensor(shape))).toEqual(expected);
    }
  });

  it.each([-0.1, 1.1])('test_invalid_dropout_p: layers and functions refuse p = %s', (p) => {
    const error = new RangeError(`p has to be between 0 and 1, but got ${p}${p > 1 ? ': 0.011 is 1.1 %' : ''}`);
    for (const Class of [Dropout, Dropout1d, Dropout2d, Dropout3d, AlphaDropout, FeatureAlphaDropout])
      expect(() => new Class(p)).toThrow(error);
    expect(() => dropout(new Float32Array(1), { p, key: 1n })).toThrow(error);
    expect(() => pkg.alphaDropout(new Float32Array(1), { p, key: 1n })).toThrow(error);
  });

  describe.each([...layers, ['Dropout', Dropout, [100, 100], []], ['Dropout', Dropout, [10, 10, 10, 10], []]] as const)(
    '_test_dropout, input 0.8, p = 0.2: %s',
    (_, Class, shape, __) => {
      it.each([false, true])('keeps the means of output and gradient within 0.05, inplace = %s', (inplace) => {
        const layer = new Class(0.2, { ...seeded(), inplace });
        const x = full(shape, 0.8);
        const y = layer.forward(x);
        expect(y === x).toBe(inplace);
        expectSameBits(y.data, new Class(0.2, seeded()).forward(full(shape, 0.8)).data);
        expect(y.shape).toEqual(shape);
        expect(y.data).toContain(0);
        expect(Math.abs(mean(y.data) - 0.8)).toBeLessThan(0.05);
        expect(Math.abs(mean(layer.backward(full(shape, 0.8)).data) - 0.8)).toBeLessThan(0.05);
      });

      it.each([false, true])('returns its input in evaluation, and has a string form, inplace = %s', (inplace) => {
        const layer = new Class(0.2, { ...seeded(), inplace }).eval();
        const x = full(shape, 0.8);
        expect(layer.forward(x)).toBe(x);
        expectSameBits(x.data, full(shape, 0.8).data);
        expect(`${layer}`).toBe(
          `${Class.type}(p=0.2, ${inplace ? 'inplace=true, ' : ''}evaluation, seed 20261123 at 0)`,
        );
      });
    },
  );

  describe.each(layers)('%s', (_, Class, shape, small) => {
    it.each([0, 1e-10])('_test_dropout_discontiguous: p = %s copies', (p) => {
      for (const x of [rampTensor(shape), rampTensor(small)])
        expectSameBits(new Class(p, seeded()).forward(x).data, x.data);
    });

    it.each([0.3, 0.5, 0.7])('_test_dropout_stride_mean_preserve: p = %s keeps the mean', (p) => {
      const y = new Class(p, seeded()).forward(ones(shape));
      expect(y.data).toContain(0);
      // Four standard errors, which are 0.01 to 0.1. PyTorch allows 0.5.
      const draws = size(shape.slice(0, 2));
      expect(Math.abs(mean(y.data) - 1)).toBeLessThan(4 * Math.sqrt(p / (1 - p) / draws));
    });
  });

  describe.each([
    ['Dropout1d', Dropout1d, [50, 2], ['length'], [[2], [1, 2, 2, 2]]],
    ['Dropout2d', Dropout2d, [50, 2, 2], ['height', 'width'], [[2], [1, 2], [1, 2, 2, 2, 2]]],
    ['Dropout3d', Dropout3d, [50, 2, 2, 2], ['depth', 'height', 'width'], [[], [1, 2, 2], [1, 2, 2, 2, 2, 2]]],
  ] as const)('test_%s', (_, Class, shape, axes, refused) => {
    it.each([false, true])('drops the same channels with and without a batch axis of 1, inplace = %s', (inplace) => {
      const unbatched = new Class(0.5, { ...seeded(), inplace }).forward(rampTensor(shape));
      const batched = new Class(0.5, { ...seeded(), inplace }).forward(rampTensor([1, ...shape]));
      expect(unbatched.shape).toEqual(shape);
      expect(batched.shape).toEqual([1, ...shape]);
      expect(unbatched.data).toEqual(batched.data);
      expect(unbatched.data).toContain(0);
    });

    it.each(['first', 'last'] as const)('drops complete channels of each sample, channels %s', (channels) => {
      const spatial = shape.slice(1);
      const batched = channels === 'first' ? [10, 40, ...spatial] : [10, ...spatial, 40];
      const area = size(spatial);
      for (const inplace of [false, true]) {
        const y = new Class(0.5, { ...seeded(), inplace, channels }).forward(ones(batched));
        const sums = new Float32Array(10 * 40);
        y.data.forEach((v, i) => {
          const sample = Math.floor(i / (40 * area));
          const channel = channels === 'first' ? Math.floor(i / area) % 40 : i % 40;
          sums[sample * 40 + channel]! += v;
        });
        // Each channel is dropped or kept as a whole, and no two samples drop the same channels.
        expect([...new Set(sums)].sort()).toEqual([0, 2 * area].sort());
        expect(new Set(Array.from({ length: 10 }, (_, b) => `${sums.subarray(40 * b, 40 * b + 40)}`)).size).toBe(10);
        expectCount(nonzeros(sums), 400, 0.5);
      }
    });

    it.each(refused.map((shape) => [shape]))('refuses the shape %j', (shape: readonly number[]) => {
      const layer = new Class(0.5, seeded());
      const names = ['channels', ...axes].join(', ');
      expect(() => layer.forward(ones(shape))).toThrow(
        new RangeError(`x.shape has to be [batch, ${names}] or [${names}], but got [${shape}]`),
      );
      expect(layer.generator.position).toBe(0);
    });

    it('refuses an array without a shape', () => {
      expect(() => new Class(0.5, seeded()).forward(new Float32Array(8))).toThrow(TypeError);
    });
  });

  it('FeatureAlphaDropout always takes a batch axis, so it refuses a rank below 2', () => {
    expect(() => new FeatureAlphaDropout(0.5).forward(ones([4]))).toThrow(
      new RangeError('x.shape has to be [batch, channels, …] of rank 2 or more, but got [4]'),
    );
  });

  it.each([
    ['Dropout', Dropout, [[0], [0, 3], [2, 0, 4]]],
    [
      'Dropout1d',
      Dropout1d,
      [
        [0, 4],
        [2, 0, 4],
        [2, 3, 0],
      ],
    ],
    [
      'Dropout2d',
      Dropout2d,
      [
        [0, 3, 4],
        [2, 0, 3, 4],
        [2, 3, 0, 0],
      ],
    ],
    [
      'Dropout3d',
      Dropout3d,
      [
        [0, 2, 3, 4],
        [2, 0, 2, 3, 4],
        [2, 3, 2, 0, 4],
      ],
    ],
    ['AlphaDropout', AlphaDropout, [[0], [0, 3]]],
    [
      'FeatureAlphaDropout',
      FeatureAlphaDropout,
      [
        [0, 3],
        [2, 0, 4],
      ],
    ],
  ] as const)('test_empty_dropout: %s keeps the shape of an empty tensor', (_, Class, shapes) => {
    for (const shape of shapes) {
      const layer = new Class(0.5, seeded());
      expect(layer.forward(ones(shape))).toEqual({ data: new Float32Array(0), shape });
      expect(layer.backward(ones(shape))).toEqual({ data: new Float32Array(0), shape });
    }
  });

  it('test_empty_dropout: dropout returns an empty array', () => {
    expect(dropout(new Float32Array(0), { p: 0.5, key: 1n })).toEqual(new Float32Array(0));
  });

  it('dropout of ones(1000, 100) at p = 0.5 has mean 1 and deviation 1', () => {
    const y = new Dropout(0.5, seeded()).forward(ones([1000, 100]));
    const [m, s] = [mean(y.data), deviation(y.data)];
    // Elements are 0 or 2 with even odds, so they have deviation 1, and four standard errors of the mean are
    // 4 / √100,000 = 0.0126. At that distance the deviation √(m · (2 − m)) falls short of 1 by 0.0126² / 2. It never
    // exceeds 1.
    expect(Math.abs(m - 1)).toBeLessThan(4 / Math.sqrt(100_000));
    expect(s).toBeLessThanOrEqual(1);
    expect(s).toBeGreaterThan(1 - 16 / 100_000 / 2);
    expect(s).toBeCloseTo(Math.sqrt(m * (2 - m)), 6);
  });
});
