/**
 * TF.js's own checks of dropout (tfjs-core ops/dropout_test.ts, tfjs-layers layers/core_test.ts and noise_test.ts), by
 * their numbers in the list of peers' checks. Inputs are larger than TF.js's, where a handful of elements could all be
 * dropped or kept; every test seeds a generator of its own.
 */
import { describe, expect, it } from 'vitest';
import { packages } from '../support/backends.js';

const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const ones = (shape: readonly number[]) => ({ data: new Float32Array(count(shape)).fill(1), shape });
const ramp = (shape: readonly number[]) => ({
  data: Float32Array.from({ length: count(shape) }, (_, i) => i + 1),
  shape,
});
const shapes = [[12], [3, 4]];

describe.each(packages)('TF.js, on %s', (_, api) => {
  const { AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, DropPath, FeatureAlphaDropout, Generator } = api;
  const { GaussianDropout, GaussianNoise, LockedDropout, alphaDropout, dropout, gaussianDropout } = api;
  const seeded = () => ({ generator: new Generator(20261123) });

  it.each(shapes.map((shape) => [shape]))('(10) "rate 0", shape %j: the identity', (shape) => {
    expect(dropout(ramp(shape), { p: 0, key: undefined })).toEqual(ramp(shape));
    expect(dropout(ramp(shape), { p: 0, key: undefined, noiseShape: [1] })).toEqual(ramp(shape));
    expect(new Dropout(0, seeded()).forward(ramp(shape))).toEqual(ramp(shape));
  });

  it.each([[[4096]], [[64, 64]]])('(11) "rate 0.75", shape %j: what is not zero is 4 x', (shape) => {
    const y = dropout(ramp(shape), { p: 0.75, key: seeded().generator.next() });
    expect(y.shape).toEqual(shape);
    expect(y.data.every((v, i) => v === 0 || v === 4 * (i + 1))).toBe(true);
    const kept = y.data.filter((v) => v !== 0).length;
    expect(Math.abs(kept - 1024)).toBeLessThan(4 * Math.sqrt(4096 * 0.75 * 0.25));
  });

  describe('(12) "with noise shape", rate .75: noise of one draw is all 4 x or all 0', () => {
    it.each([
      ['"length = 1": [1] on 1-D', [1], [4], 4],
      ['"length = 2": [2, 1] on 2-D', [2, 1], [2, 3], 3],
      ['"broadcast noise shape": [1] on 2-D', [1], [2, 3], 6],
      ['[null, 1] copies a size, as null does in TF.js', [null, 1], [2, 3], 3],
    ])('%s', (_, noiseShape, shape, run) => {
      const { generator } = seeded();
      const layer = new Dropout(0.75, { ...seeded(), noiseShape });
      const rows = count(shape) / run;
      const patterns = new Set<string>();
      let kept = 0;
      for (let call = 0; call < 400; call++) {
        const y = dropout(ramp(shape), { p: 0.75, key: generator.next(), noiseShape });
        expect(layer.forward(ramp(shape))).toEqual(y);
        const draws = Array.from({ length: rows }, (_, row) => Number(y.data[row * run] !== 0));
        expect([...y.data]).toEqual([...ramp(shape).data].map((v, i) => 4 * v * draws[Math.floor(i / run)]!));
        expect([...layer.mask()]).toEqual([...y.data].map((v) => Number(v !== 0)));
        patterns.add(String(draws));
        kept += draws.reduce((sum, v) => sum + v);
      }
      // Rows are drawn apart from each other: every pattern of them comes.
      expect(patterns.size).toBe(2 ** rows);
      expect(Math.abs(kept - 100 * rows)).toBeLessThan(4 * Math.sqrt(400 * rows * 0.75 * 0.25));
    });

    it('a shorter one is aligned to the end: [40] on [5, 40] shares columns', () => {
      const shape = [5, 40];
      const y = dropout(ramp(shape), { p: 0.75, key: 3n, noiseShape: [40] });
      const first = y.data.subarray(0, 40);
      expect(new Set([...first].map(Boolean))).toEqual(new Set([true, false]));
      expect([...y.data]).toEqual([...ramp(shape).data].map((v, i) => (first[i % 40] ? 4 * v : 0)));
      expect(dropout(ramp(shape), { p: 0.75, key: 3n, noiseShape: [1, 40] })).toEqual(y);
    });

    it('one that would broadcast x is refused: [2, 1] on 1-D', () => {
      const message = 'noiseShape has to be one that can be broadcast to [4], but got [2,1]';
      expect(() => dropout(ramp([4]), { p: 0.75, key: 1n, noiseShape: [2, 1] })).toThrow(new RangeError(message));
    });
  });

  /** Every layer, and a shape that it takes. */
  const layers = [
    ['Dropout', new Dropout(0.75, seeded()), [4]],
    ['Dropout with a noise shape', new Dropout(0.75, { ...seeded(), noiseShape: [2, 1] }), [2, 3]],
    ['Dropout1d', new Dropout1d(0.75, { ...seeded(), channels: 'last' }), [2, 3, 4]],
    ['Dropout2d', new Dropout2d(0.75, seeded()), [2, 3, 4, 5]],
    ['Dropout3d', new Dropout3d(0.75, seeded()), [2, 3, 2, 2, 2]],
    ['AlphaDropout', new AlphaDropout(0.75, seeded()), [3, 4]],
    ['FeatureAlphaDropout', new FeatureAlphaDropout(0.75, seeded()), [2, 3, 4]],
    ['GaussianDropout', new GaussianDropout(0.75, seeded()), [3, 4]],
    ['GaussianNoise', new GaussianNoise(0.75, seeded()), [3, 4]],
    ['DropPath', new DropPath(0.75, seeded()), [3, 4]],
    ['LockedDropout', new LockedDropout(0.75, seeded()), [2, 3, 4]],
  ] as const;

  it('(13) "throws when x.dtype != float32": int32 is refused by the functions', () => {
    const x = Int32Array.of(1, 2, 3, 4) as never;
    const message = 'x has to be a Float32Array or a Float64Array or a Float16Array, but got Int32Array';
    for (const call of [dropout, alphaDropout, gaussianDropout])
      expect(() => call(x, { p: 0.75, key: 1n })).toThrow(new TypeError(message));
  });

  it.each(layers)('(13) int32 is refused by %s', (_, layer, shape) => {
    const x = { data: new Int32Array(count(shape)), shape } as never;
    const message = 'x has to be a Float32Array or a Float64Array or a Float16Array, but got Int32Array';
    for (const training of [true, false]) expect(() => layer.forward(x, { training })).toThrow(new TypeError(message));
    expect(layer.generator.position).toBe(0);
  });

  it('(14) "throws when rate is not in the range [0, 1)": 1.5 is refused, by layers too', () => {
    const error = new RangeError('dropout probability has to be between 0 and 1, but got 1.5');
    for (const call of [dropout, alphaDropout, gaussianDropout])
      expect(() => call(new Float32Array(4), { p: 1.5, key: 1n })).toThrow(error);
    for (const Class of [
      Dropout,
      Dropout1d,
      AlphaDropout,
      FeatureAlphaDropout,
      GaussianDropout,
      DropPath,
      LockedDropout,
    ])
      expect(() => new Class(1.5)).toThrow(error);
    expect(() => new GaussianNoise(-1)).toThrow(
      new RangeError('stddev has to be a finite number from 0 on, but got -1'),
    );
  });

  describe('(15) "Dropout Layer, tensor"', () => {
    const shape = [20, 30, 40];
    const grid = [false, true].flatMap((training) =>
      [0, 0.5].flatMap((rate) => [null, shape, [20, 30, 1]].map((noise) => [training, rate, noise] as const)),
    );

    it.each(grid)('training=%s, dropoutRate=%s, noiseShape=%j: the kept count', (training, rate, noise) => {
      const layer = new Dropout(rate, { ...seeded(), ...(noise && { noiseShape: noise }) }).train(training);
      const y = layer.forward(ones(shape));
      expect(y.shape).toEqual(shape);
      const kept = y.data.filter((v) => v !== 0).length;
      expect(y.data.filter((v) => v === (training ? 1 / (1 - rate) : 1)).length).toBe(kept);
      expect(layer.mask().reduce((sum, v) => sum + v, 0)).toBe(kept);

      const n = count(shape);
      if (!training || rate === 0) expect(kept).toBe(n);
      else {
        const run = n / count(noise ?? shape);
        const draws = n / run;
        expect(kept % run).toBe(0);
        expect(y.data.every((v, i) => v === y.data[i - (i % run)])).toBe(true);
        expect(Math.abs(kept / run - draws * (1 - rate))).toBeLessThan(4 * Math.sqrt(draws * rate * (1 - rate)));
      }
    });

    it('"tensor with seed get specific value": one seed, one mask', () => {
      const forward = (seed: number) => new Dropout(0.5, { generator: new Generator(seed) }).forward(ones([2, 3, 4]));
      expect(forward(23)).toEqual(forward(23));
      expect(forward(23)).not.toEqual(forward(24));
      // The vector of SPEC.md's stream, not of TF.js's.
      expect(forward(42).data).toEqual(dropout(ones([24]), { p: 0.5, key: 0xbdd732262feb6e95n }).data);
    });
  });

  it.each(layers)('(16) predict is the identity: %s', (_, layer, shape) => {
    const x = ramp(shape);
    expect(layer.forward(x, { training: false })).toBe(x);
    expect(layer.backward(x)).toBe(x);
    layer.eval();
    expect(layer.forward(x)).toBe(x);
    expect(x).toEqual(ramp(shape));
    expect(layer.generator.position).toBe(0);
    expect(layer.train().training).toBe(true);
  });
});
