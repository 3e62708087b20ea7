/**
 * PyTorch's own checks of its dropout layers (test/nn/test_dropout.py), by their numbers in the list of peers' checks,
 * and the experiment with a layer of ones. Every test seeds a generator of its own: its figures never change.
 */
import { describe, expect, it } from 'vitest';
import { type Package, packages } from '../support/backends.js';

const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const full = (shape: readonly number[], value: number) => ({ data: new Float32Array(count(shape)).fill(value), shape });
const ramp = (shape: readonly number[]) => ({
  data: Float32Array.from({ length: count(shape) }, (_, i) => i + 1),
  shape,
});
/** Where two arrays first differ, or −1: a matcher's own diff of thousands of numbers takes minutes. */
const difference = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from({ length: Math.max(a.length, b.length) }).findIndex((_, i) => !Object.is(a[i], b[i]));

function moments(x: Float32Array): { mean: number; std: number } {
  const mean = x.reduce((sum, v) => sum + v, 0) / x.length;
  return { mean, std: Math.sqrt(x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / x.length) };
}

const mean = (x: Float32Array) => moments(x).mean;

/** Standard normal numbers, by Box and Muller. */
function randn(shape: readonly number[], generator: InstanceType<Package['Generator']>) {
  const uniform = () => (Number(generator.next() >> 11n) + 0.5) / 2 ** 53;
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  return { data: Float32Array.from({ length: count(shape) }, normal), shape };
}

describe.each(packages)('PyTorch, on %s', (_, api) => {
  const { AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, FeatureAlphaDropout, Generator, dropout } = api;
  const seeded = () => ({ generator: new Generator(20261123) });

  /** Layers that scale, an input of many draws and a small one, and how they print. */
  const layers = [
    ['Dropout', Dropout, [5000], [5, 5], 'Dropout(p=0.2, inplace=false)'],
    ['Dropout1d', Dropout1d, [100, 50, 3], [5, 3, 4], 'Dropout1d(p=0.2, channels="first", inplace=false)'],
    ['Dropout2d', Dropout2d, [1000, 5, 2, 2], [2, 3, 3, 3], 'Dropout2d(p=0.2, channels="first", inplace=false)'],
    ['Dropout3d', Dropout3d, [1000, 5, 1, 2, 2], [2, 3, 2, 3, 3], 'Dropout3d(p=0.2, channels="first", inplace=false)'],
  ] as const;

  describe('test_AlphaDropout, test_FeatureAlphaDropout: N(0, 1) keeps its mean and deviation within .1', () => {
    it.each([
      ['(1) AlphaDropout, [5000]', AlphaDropout, [5000], 1],
      ['(2) FeatureAlphaDropout, 5-D of 1000 samples', FeatureAlphaDropout, [1000, 3, 2, 4, 5], 40],
      ['(2) FeatureAlphaDropout, 4-D of 1000 channels', FeatureAlphaDropout, [50, 20, 16, 16], 256],
    ] as const)('%s', (_, Class, shape, run) => {
      const { generator } = seeded();
      const x = randn(shape, generator);
      const before = moments(x.data);
      for (const p of [0.2, 0.5, 0.8]) {
        const layer = new Class(p, { generator });
        const y = layer.forward(x);
        const after = moments(y.data);
        expect(Math.abs(after.mean - before.mean)).toBeLessThan(0.1);
        expect(Math.abs(after.std - before.std)).toBeLessThan(0.1);

        // The formula of Klambauer et al., section 3; a channel has one draw.
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

  describe.each(layers)('(3) test_native_dropout_corner_case: %s', (_, Class, __, shape) => {
    it.each([true, false])('train = %s with p 0 and 1: output and gradient are those of plain dropout', (training) => {
      for (const p of [0, 1]) {
        const layer = new Class(p, seeded()).train(training);
        const plain = dropout(ramp(shape), { p: training ? p : 0, key: undefined });
        expect(plain).toEqual(training && p === 1 ? full(shape, 0) : ramp(shape));
        const x = ramp(shape);
        const y = layer.forward(x);
        expect(y).toEqual(plain);
        expect(y === x).toBe(!training);
        expect(layer.backward(ramp(shape))).toEqual(plain);
        expect(layer.generator.position).toBe(0);
      }
    });
  });

  it.each([
    ['AlphaDropout', AlphaDropout, [25]],
    ['FeatureAlphaDropout', FeatureAlphaDropout, [5, 5]],
  ] as const)('(3) %s too with p 0 is the identity, with p 1 zeros', (_, Class, shape) => {
    for (const p of [0, 1]) {
      const layer = new Class(p, seeded());
      const expected = p ? full(shape, 0) : ramp(shape);
      expect(layer.forward(ramp(shape))).toEqual(expected);
      expect(layer.backward(ramp(shape))).toEqual(expected);
    }
  });

  it.each([-0.1, 1.1])('(4) test_invalid_dropout_p: %s is refused by every layer and by the functions', (p) => {
    const error = new RangeError(`dropout probability has to be between 0 and 1, but got ${p}`);
    for (const Class of [Dropout, Dropout1d, Dropout2d, Dropout3d, AlphaDropout, FeatureAlphaDropout])
      expect(() => new Class(p)).toThrow(error);
    expect(() => dropout(new Float32Array(1), { p, key: 1n })).toThrow(error);
    expect(() => api.alphaDropout(new Float32Array(1), { p, key: 1n })).toThrow(error);
  });

  describe.each([
    ...layers,
    ['Dropout', Dropout, [100, 100], [], 'Dropout(p=0.2, inplace=false)'],
    ['Dropout', Dropout, [10, 10, 10, 10], [], 'Dropout(p=0.2, inplace=false)'],
  ] as const)('(5) _test_dropout, input .8, p .2: %s', (_, Class, shape, __, text) => {
    it.each([false, true])('keeps the means of output and gradient within .05, inplace = %s', (inplace) => {
      const layer = new Class(0.2, { ...seeded(), inplace });
      const x = full(shape, 0.8);
      const y = layer.forward(x);
      expect(y === x).toBe(inplace);
      expect(difference(y.data, new Class(0.2, seeded()).forward(full(shape, 0.8)).data)).toBe(-1);
      expect(y.shape).toEqual(shape);
      expect(y.data).toContain(0);
      expect(Math.abs(mean(y.data) - 0.8)).toBeLessThan(0.05);
      expect(Math.abs(mean(layer.backward(full(shape, 0.8)).data) - 0.8)).toBeLessThan(0.05);
    });

    it.each([false, true])('is the input in evaluation, inplace = %s, and has a text form', (inplace) => {
      const layer = new Class(0.2, { ...seeded(), inplace }).eval();
      const x = full(shape, 0.8);
      expect(layer.forward(x)).toBe(x);
      expect(difference(x.data, full(shape, 0.8).data)).toBe(-1);
      expect(`${layer}`).toBe(text.replace('false', `${inplace}`));
    });
  });

  describe.each(layers)('%s', (_, Class, shape, small) => {
    it.each([0, 1e-10])('(6) _test_dropout_discontiguous: p = %s leaves the data equal', (p) => {
      for (const size of [shape, small])
        expect(difference(new Class(p, seeded()).forward(ramp(size)).data, ramp(size).data)).toBe(-1);
    });

    it.each([0.3, 0.5, 0.7])('(7) _test_dropout_stride_mean_preserve: p = %s keeps the mean', (p) => {
      const y = new Class(p, seeded()).forward(full(shape, 1));
      expect(y.data).toContain(0);
      // Four standard errors for the number of draws, a hundredth to a tenth; PyTorch allows .5.
      const draws = count(shape.slice(0, 2));
      expect(Math.abs(mean(y.data) - 1)).toBeLessThan(4 * Math.sqrt(p / (1 - p) / draws));
    });
  });

  describe.each([
    ['Dropout1d', Dropout1d, [50, 2], ['length'], [[2], [1, 2, 2, 2]]],
    ['Dropout2d', Dropout2d, [50, 2, 2], ['height', 'width'], [[2], [1, 2], [1, 2, 2, 2, 2]]],
    ['Dropout3d', Dropout3d, [50, 2, 2, 2], ['depth', 'height', 'width'], [[], [1, 2, 2], [1, 2, 2, 2, 2, 2]]],
  ] as const)('(8) test_%s', (_, Class, shape, axes, refused) => {
    it.each([false, true])('unbatched equals batched and squeezed, inplace = %s', (inplace) => {
      const unbatched = new Class(0.5, { ...seeded(), inplace }).forward(ramp(shape));
      const batched = new Class(0.5, { ...seeded(), inplace }).forward(ramp([1, ...shape]));
      expect(unbatched.shape).toEqual(shape);
      expect(batched.shape).toEqual([1, ...shape]);
      expect(unbatched.data).toEqual(batched.data);
      expect(unbatched.data).toContain(0);
    });

    it.each(['first', 'last'] as const)('drops complete channels of each sample, channels %s', (channels) => {
      const spatial = shape.slice(1);
      const size = channels === 'first' ? [10, 40, ...spatial] : [10, ...spatial, 40];
      const area = count(spatial);
      for (const inplace of [false, true]) {
        const y = new Class(0.5, { ...seeded(), inplace, channels }).forward(full(size, 1));
        const sums = new Float32Array(10 * 40);
        y.data.forEach((v, i) => {
          const sample = Math.floor(i / (40 * area));
          const channel = channels === 'first' ? Math.floor(i / area) % 40 : i % 40;
          sums[sample * 40 + channel]! += v;
        });
        // One draw for each channel of each sample, so neither rows nor columns of sums are alike.
        expect([...new Set(sums)].sort()).toEqual([0, 2 * area].sort());
        expect(new Set(Array.from({ length: 10 }, (_, b) => `${sums.subarray(40 * b, 40 * b + 40)}`)).size).toBe(10);
        const kept = sums.filter((v) => v > 0).length;
        expect(Math.abs(kept - 200)).toBeLessThan(4 * 10);
      }
    });

    it.each(refused.map((size) => [size]))('refuses the shape %j', (size: readonly number[]) => {
      const { generator } = seeded();
      const names = ['channels', ...axes].join(', ');
      expect(() => new Class(0.5, { generator }).forward(full(size, 1))).toThrow(
        new RangeError(`x.shape has to be [batch, ${names}] or [${names}], but got [${size}]`),
      );
      expect(generator.position).toBe(0);
    });

    it('refuses an array without a shape', () => {
      expect(() => new Class(0.5, seeded()).forward(new Float32Array(8))).toThrow(TypeError);
    });
  });

  it('(8) FeatureAlphaDropout takes a batch always, so no rank below 2', () => {
    expect(() => new FeatureAlphaDropout(0.5).forward(full([4], 1))).toThrow(
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
  ] as const)('(9) test_empty_dropout: %s keeps the shape of what is empty', (_, Class, shapes) => {
    for (const shape of shapes) {
      const layer = new Class(0.5, seeded());
      expect(layer.forward(full(shape, 1))).toEqual({ data: new Float32Array(0), shape });
      expect(layer.backward(full(shape, 1))).toEqual({ data: new Float32Array(0), shape });
    }
  });

  it('(9) test_empty_dropout: the function too', () => {
    expect(dropout(new Float32Array(0), { p: 0.5, key: 1n })).toEqual(new Float32Array(0));
  });

  it('the experiment with ones(1000, 100), p .5: mean and deviation are 1', () => {
    const y = new Dropout(0.5, seeded()).forward(full([1000, 100], 1));
    const { mean, std } = moments(y.data);
    // 0 or 2 with even odds: deviation 1, so four standard errors of the mean are 4 / √100,000 = .0126. That far
    // off, the deviation √(mean · (2 − mean)) is short of 1 by .0126² / 2; it is never above.
    expect(Math.abs(mean - 1)).toBeLessThan(4 / Math.sqrt(100_000));
    expect(std).toBeLessThanOrEqual(1);
    expect(std).toBeGreaterThan(1 - 16 / 100_000 / 2);
    expect(std).toBeCloseTo(Math.sqrt(mean * (2 - mean)), 6);
  });
});
