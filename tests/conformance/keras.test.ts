/**
 * Keras's tests of dropout (keras/src/layers/regularization/dropout_test.py, alpha_dropout_test.py, and the config round
 * trip of run_layer_test), by their upstream names. Each test seeds its own generator, so its figures never change.
 */
import type { LayerJSON } from 'dropout-wasm';
import { describe, expect, it } from 'vitest';
import { ones, randn } from '../support/arrays.js';
import { packages } from '../support/backends.js';
import { refuses } from '../support/expect.js';
import { deviation, mean } from '../support/statistics.js';

describe.each(packages)('Keras, on %s', (_, pkg) => {
  const { AlphaDropout, DropBlock2d, Dropout, Dropout1d, Dropout2d, Dropout3d, DropPath, FeatureAlphaDropout } = pkg;
  const { GaussianDropout, GaussianNoise, Generator, LockedDropout, alphaDropout, dropout } = pkg;
  const seeded = () => ({ seed: 1337 });

  it('test_dropout_rescaling: ones(20, 500) at rate 0.5 has mean 1 within 0.02, minimum 0 and maximum 2', () => {
    const { data } = new Dropout(0.5, seeded()).forward(ones([20, 500]));
    expect(Math.abs(mean(data) - 1)).toBeLessThan(0.02);
    expect(Math.max(...data)).toBe(2);
    expect(Math.min(...data)).toBe(0);
  });

  describe.each([
    ['dynamic', [null, 1, null]],
    ['static', [20, 1, 10]],
  ])('test_dropout_partial_noise_shape_%s', (_, noiseShape) => {
    it.each([
      ['Dropout', Dropout, dropout],
      ['AlphaDropout', AlphaDropout, alphaDropout],
    ] as const)('%s shares draws along the middle axis only', (_, Class, call) => {
      const layer = new Class(0.5, { ...seeded(), noiseShape });
      expect(layer.noiseShape).toEqual(noiseShape);
      const y = layer.forward(ones([20, 5, 10]));
      const row = (sample: number, step: number) => y.data.subarray((sample * 5 + step) * 10).subarray(0, 10);
      for (let sample = 0; sample < 20; sample++)
        for (let step = 1; step < 5; step++) expect(row(sample, step)).toEqual(row(sample, 0));
      expect(new Set(Array.from({ length: 20 }, (_, sample) => String(row(sample, 0)))).size).toBeGreaterThan(15);
      expect(new Set(y.data).size).toBe(2);

      // The 200 draws applied to one step give each of the 5 steps.
      const noise = call(ones([20, 10]), { p: 0.5, key: layer.key });
      for (let sample = 0; sample < 20; sample++)
        expect(row(sample, 0)).toEqual(noise.data.slice(sample * 10, sample * 10 + 10));
      expect(call(ones([20, 5, 10]), { p: 0.5, key: layer.key, noiseShape })).toEqual(y);
      expect(layer.backward(ones([20, 5, 10])).data.map(Math.sign)).toEqual(Float32Array.from(layer.mask()));
    });
  });

  it('test_validate_noise_shape_*: valid noise shapes are kept as they are', () => {
    expect(new Dropout(0.5).noiseShape).toBeUndefined();
    for (const noiseShape of [[20, 1, 10], [null, 1, null], [1], []])
      expect(new Dropout(0.5, { noiseShape }).noiseShape).toEqual(noiseShape);
  });

  describe('test_validate_noise_shape_*: layers and functions refuse bad noise shapes', () => {
    const numbers = 'noiseShape has to be an array of positive whole numbers and null, but got ';
    it.each<[string, unknown, typeof Error, string]>([
      ['non_iterable: a string', 'Invalid', TypeError, `${numbers}"Invalid"`],
      ['non_iterable: a number', 20, TypeError, `${numbers}20`],
      ['non_iterable: an empty string', '', TypeError, `${numbers}""`],
      ['invalid_type: 1.5', [20, 1.5, 10], RangeError, `${numbers}[20,1.5,10]`],
      ['invalid_type: a string in it', [20, '1', 10], TypeError, `${numbers}[20,1,10]`],
      ['invalid_type: undefined in it', [20, undefined, 10], TypeError, `${numbers}[20,undefined,10]`],
      ['invalid_type: NaN', [20, Number.NaN, 10], RangeError, `${numbers}[20,NaN,10]`],
      ['negative_value: −1', [20, -1, 10], RangeError, `${numbers}[20,-1,10]`],
      ['zero_value: 0', [20, 0, 10], RangeError, `${numbers}[20,0,10]`],
    ])('%s', (_, bad, type, message) => {
      const noiseShape = bad as number[];
      for (const Layer of [Dropout, AlphaDropout]) refuses(() => new Layer(0.5, { noiseShape }), type, message);
      for (const call of [dropout, alphaDropout]) {
        const out = ones([20, 1, 10]);
        refuses(() => call(ones([20, 1, 10]), { p: 0.5, key: 1n, noiseShape, out }), type, message);
        expect(out).toEqual(ones([20, 1, 10]));
      }
    });

    it.each([
      ['another size', [20, 2, 10]],
      ['too many axes', [1, 20, 5, 10]],
      ['aligned to the wrong end', [20, 5]],
    ])('one that cannot be broadcast to x, before a key is drawn: %s', (_, noiseShape) => {
      const layer = new Dropout(0.5, { ...seeded(), noiseShape });
      const message = `noiseShape has to be one that can be broadcast to [20,5,10], but got [${noiseShape}]`;
      for (const training of [true, false])
        expect(() => layer.forward(ones([20, 5, 10]), { training })).toThrow(new RangeError(message));
      expect(layer.generator.position).toBe(0);
      expect(() => dropout(ones([20, 5, 10]), { p: 0.5, key: 1n, noiseShape })).toThrow(new RangeError(message));
    });
  });

  it.each([-0.5, 1.5])('test_dropout_negative_rate, _greater_than_one: layers refuse a rate of %s', (rate) => {
    for (const Layer of [Dropout, AlphaDropout, GaussianDropout])
      expect(() => new Layer(rate)).toThrow(
        new RangeError(`p has to be between 0 and 1, but got ${rate}${rate > 1 ? ': 0.015 is 1.5 %' : ''}`),
      );
  });

  describe('run_layer_test: a layer is restored from its JSON, with its seed and its position', () => {
    it.each([
      ['Dropout', Dropout, new Dropout(0.2, { ...seeded(), noiseShape: [null, 1, 4], inplace: true }), [2, 3, 4]],
      ['Dropout1d', Dropout1d, new Dropout1d(0.2, { ...seeded(), channels: 'last' }), [2, 3, 40]],
      ['Dropout2d', Dropout2d, new Dropout2d(0.2, seeded()), [2, 30, 4, 4]],
      ['Dropout3d', Dropout3d, new Dropout3d(0.2, seeded()), [2, 30, 2, 2, 2]],
      ['AlphaDropout', AlphaDropout, new AlphaDropout(0.2, { ...seeded(), noiseShape: [20, 1] }), [20, 3]],
      ['FeatureAlphaDropout', FeatureAlphaDropout, new FeatureAlphaDropout(0.2, seeded()), [20, 30, 4]],
      ['GaussianDropout', GaussianDropout, new GaussianDropout(0.2, seeded()), [20, 3]],
      ['GaussianNoise', GaussianNoise, new GaussianNoise(0.2, { ...seeded(), always: true }), [20, 3]],
      ['DropPath', DropPath, new DropPath(0.2, { ...seeded(), scaleByKeep: false }), [40, 3]],
      ['DropBlock2d', DropBlock2d, new DropBlock2d(0.2, { ...seeded(), blockSize: 3 }), [2, 3, 9, 9]],
      ['LockedDropout', LockedDropout, new LockedDropout(0.2, { ...seeded(), batchFirst: true }), [4, 3, 20]],
    ] as const)('%s', (type, Class, layer, shape) => {
      layer.forward(ones(shape));
      layer.forward(ones(shape));
      layer.train(false);
      const stored = JSON.stringify(layer);
      expect(JSON.parse(stored)).toMatchObject({ type, training: false, generator: { seed: '0x539' } });

      const restored = (Class.fromJSON as (json: LayerJSON) => typeof layer).call(Class, JSON.parse(stored));
      expect(restored).toBeInstanceOf(Class);
      expect(JSON.stringify(restored)).toBe(stored);
      expect(String(restored)).toBe(String(layer));
      expect(restored.generator).not.toBe(layer.generator);
      for (let call = 0; call < 2; call++) {
        const y = layer.train().forward(ones(shape));
        expect(y).not.toEqual(ones(shape));
        expect(restored.train().forward(ones(shape))).toEqual(y);
        expect(restored.key).toBe(layer.key);
      }
    });
  });

  describe('test_alpha_dropout_correctness: the deviation is 1 within 0.1', () => {
    it('of ones(20, 500) at rate 0.3, where it comes from the dropped elements alone', () => {
      const { data } = new AlphaDropout(0.3, seeded()).forward(ones([20, 500]));
      expect(Math.abs(deviation(data) - 1)).toBeLessThan(0.1);
    });

    it('of N(0, 1) at rate 0.3, whose mean stays 0', () => {
      const { data } = new AlphaDropout(0.3, seeded()).forward(randn([10_000], new Generator(1337)));
      expect(Math.abs(deviation(data) - 1)).toBeLessThan(0.1);
      expect(Math.abs(mean(data))).toBeLessThan(0.1);
    });
  });
});
