/**
 * TensorFlow.js's tests of dropout (tfjs-core ops/dropout_test.ts, tfjs-layers layers/core_test.ts and noise_test.ts), by
 * their upstream names. Inputs are larger than upstream's, whose few elements could all be dropped or all be kept. Each
 * test seeds its own generator, so its figures never change.
 */
import { describe, expect, it } from 'vitest';
import { ones, rampTensor, size } from '../support/arrays.js';
import { packages } from '../support/backends.js';
import { expectCount, refuses } from '../support/expect.js';
import { layersOf } from '../support/layers.js';
import { nonzeros } from '../support/statistics.js';

const shapes = [[12], [3, 4]];

describe.each(packages)('TensorFlow.js, on %s', (_, pkg) => {
  const { Dropout, GaussianNoise, Generator, alphaDropout, dropout, gaussianDropout } = pkg;
  const seeded = () => ({ seed: 20261123 });
  const generator = () => new Generator(20261123);

  it.each(shapes.map((shape) => [shape]))('"rate 0": copies, shape %j', (shape) => {
    expect(dropout(rampTensor(shape), { p: 0, key: undefined })).toEqual(rampTensor(shape));
    expect(dropout(rampTensor(shape), { p: 0, key: undefined, noiseShape: [1] })).toEqual(rampTensor(shape));
    expect(new Dropout(0, seeded()).forward(rampTensor(shape))).toEqual(rampTensor(shape));
  });

  it.each([[[4096]], [[64, 64]]])('"rate 0.75": kept elements are 4 x, shape %j', (shape) => {
    const y = dropout(rampTensor(shape), { p: 0.75, key: generator().next() });
    expect(y.shape).toEqual(shape);
    expect(y.data.every((v, i) => v === 0 || v === 4 * (i + 1))).toBe(true);
    expectCount(nonzeros(y.data), 4096, 0.25);
  });

  describe('"with noise shape", rate 0.75: elements that share a draw are all 4 x or all 0', () => {
    it.each([
      ['"length = 1": [1] on 1-D', [1], [4], 4],
      ['"length = 2": [2, 1] on 2-D', [2, 1], [2, 3], 3],
      ['"broadcast noise shape": [1] on 2-D', [1], [2, 3], 6],
      ['[null, 1] copies a size of x', [null, 1], [2, 3], 3],
    ])('%s', (_, noiseShape, shape, run) => {
      const keys = generator();
      const layer = new Dropout(0.75, { ...seeded(), noiseShape });
      const rows = size(shape) / run;
      const patterns = new Set<string>();
      let kept = 0;
      for (let call = 0; call < 400; call++) {
        const y = dropout(rampTensor(shape), { p: 0.75, key: keys.next(), noiseShape });
        expect(layer.forward(rampTensor(shape))).toEqual(y);
        const draws = Array.from({ length: rows }, (_, row) => Number(y.data[row * run] !== 0));
        expect([...y.data]).toEqual([...rampTensor(shape).data].map((v, i) => 4 * v * draws[Math.floor(i / run)]!));
        expect([...layer.mask()]).toEqual([...y.data].map((v) => Number(v !== 0)));
        patterns.add(String(draws));
        kept += draws.reduce((sum, v) => sum + v);
      }
      // Rows are independent of each other: every pattern of rows occurs.
      expect(patterns.size).toBe(2 ** rows);
      expectCount(kept, 400 * rows, 0.25);
    });

    it('a shorter noise shape is aligned to the last axis: [40] on [5, 40] shares the draws of columns', () => {
      const shape = [5, 40];
      const y = dropout(rampTensor(shape), { p: 0.75, key: 3n, noiseShape: [40] });
      const first = y.data.subarray(0, 40);
      expect(new Set([...first].map(Boolean))).toEqual(new Set([true, false]));
      expect([...y.data]).toEqual([...rampTensor(shape).data].map((v, i) => (first[i % 40] ? 4 * v : 0)));
      expect(dropout(rampTensor(shape), { p: 0.75, key: 3n, noiseShape: [1, 40] })).toEqual(y);
    });

    it('a noise shape that would broadcast x is refused: [2, 1] on 1-D', () => {
      const message = 'noiseShape has to be one that can be broadcast to [4], but got [2,1]';
      expect(() => dropout(rampTensor([4]), { p: 0.75, key: 1n, noiseShape: [2, 1] })).toThrow(new RangeError(message));
    });
  });

  it('"throws when x.dtype != float32": functions refuse int32', () => {
    const x = Int32Array.of(1, 2, 3, 4) as never;
    const message =
      'x has to be a Float32Array or a Float64Array or a Float16Array, but got Int32Array: Float32Array.from(x)';
    for (const call of [dropout, alphaDropout, gaussianDropout])
      expect(() => call(x, { p: 0.75, key: 1n })).toThrow(new TypeError(message));
  });

  it.each(layersOf(pkg))('"throws when x.dtype != float32": %s refuses int32', (_, shape, create) => {
    const layer = create(pkg, 0.75, seeded());
    const x = { data: new Int32Array(size(shape)), shape } as never;
    const message =
      'x has to be a Float32Array or a Float64Array or a Float16Array, but got Int32Array: Float32Array.from(x)';
    for (const training of [true, false]) expect(() => layer.forward(x, { training })).toThrow(new TypeError(message));
    expect(layer.generator.position).toBe(0);
  });

  it('"throws when rate is not in the range [0, 1)": functions and layers refuse 1.5', () => {
    const message = 'p has to be between 0 and 1, but got 1.5';
    for (const call of [dropout, alphaDropout, gaussianDropout])
      refuses(() => call(new Float32Array(4), { p: 1.5, key: 1n }), RangeError, message);
    for (const [, , create] of layersOf(pkg))
      if ('p' in create(pkg, 0.5, {})) refuses(() => create(pkg, 1.5, {}), RangeError, message);
    expect(() => new GaussianNoise(-1)).toThrow(
      new RangeError('stddev has to be a finite number of at least 0, but got -1'),
    );
  });

  describe('"Dropout Layer, tensor"', () => {
    const shape = [20, 30, 40];
    const grid = [false, true].flatMap((training) =>
      [0, 0.5].flatMap((rate) => [null, shape, [20, 30, 1]].map((noise) => [training, rate, noise] as const)),
    );

    it.each(grid)(
      'training=%s, dropoutRate=%s, noiseShape=%j: the number of kept elements',
      (training, rate, noise) => {
        const layer = new Dropout(rate, { ...seeded(), ...(noise && { noiseShape: noise }) }).train(training);
        const y = layer.forward(ones(shape));
        expect(y.shape).toEqual(shape);
        const kept = nonzeros(y.data);
        expect(y.data.filter((v) => v === (training ? 1 / (1 - rate) : 1)).length).toBe(kept);
        expect(nonzeros(layer.mask())).toBe(kept);

        const n = size(shape);
        if (!training || rate === 0) expect(kept).toBe(n);
        else {
          const run = n / size(noise ?? shape);
          const draws = n / run;
          expect(kept % run).toBe(0);
          expect(y.data.every((v, i) => v === y.data[i - (i % run)])).toBe(true);
          expectCount(kept / run, draws, 1 - rate);
        }
      },
    );

    it('"tensor with seed get specific value": one seed gives one mask', () => {
      const forward = (seed: number) => new Dropout(0.5, { seed }).forward(ones([2, 3, 4]));
      expect(forward(23)).toEqual(forward(23));
      expect(forward(23)).not.toEqual(forward(24));
      // The key is from a vector of docs/SPEC.md.
      expect(forward(42).data).toEqual(dropout(ones([24]), { p: 0.5, key: 0xbdd732262feb6e95n }).data);
    });
  });

  it.each(layersOf(pkg))('%s returns its input in predict', (_, shape, create) => {
    const layer = create(pkg, 0.75, seeded());
    const x = rampTensor(shape);
    expect(layer.forward(x, { training: false })).toBe(x);
    expect(layer.backward(x)).toBe(x);
    layer.eval();
    expect(layer.forward(x)).toBe(x);
    expect(x).toEqual(rampTensor(shape));
    expect(layer.generator.position).toBe(0);
    expect(layer.train().training).toBe(true);
  });
});
