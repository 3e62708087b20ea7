/** The function and the layer for TensorFlow.js. layers.test.ts tests the layer together with all others. */
import * as tf from '@tensorflow/tfjs-core';
import { sequential } from '@tensorflow/tfjs-layers';
import { Generator, dropout as onArrays } from 'dropout-wasm';
import { Dropout, dropout, type TensorDropoutOptions } from 'dropout-wasm/tfjs';
import { describe, expect, it } from 'vitest';
import { ones, ramp } from '../../support/arrays.js';
import { refuses } from '../../support/expect.js';
import { train, valuesOf } from '../../support/tfjs.js';

const key = new Generator(42).next();
const x = tf.reshape(tf.range(1, 41), [5, 8]);
const expected = [...onArrays(ramp(40), { p: 0.5, key })];

describe('dropout', () => {
  it('gives the same bits as dropout on arrays', () => {
    const y = dropout(x, { p: 0.5, key });
    expect([y.shape, y.dtype, valuesOf(y)]).toEqual([[5, 8], 'float32', expected]);
  });

  it('has gradients of any order with the same mask', () => {
    const f = (x: tf.Tensor) => tf.sum(tf.square(dropout(x, { p: 0.5, key }))) as tf.Scalar;
    expect(valuesOf(tf.grad(f)(x))).toEqual(expected.map((v) => 4 * v));
    const slope = (x: tf.Tensor) => tf.sum(tf.grad(f)(x));
    expect(valuesOf(tf.grad(slope)(x))).toEqual(expected.map((v) => (v ? 8 : 0)));
  });

  it('uses the options as they were at the call', () => {
    const options = { p: 0.5, key };
    const f = (x: tf.Tensor) => {
      const y = tf.sum(dropout(x, options));
      options.key = 1n;
      return y;
    };
    expect(valuesOf(tf.grad(f)(x))).toEqual(expected.map((v) => (v ? 2 : 0)));
  });

  it('takes a key as hex digits', () => {
    expect(valuesOf(dropout(x, { p: 0.5, key: `0x${key.toString(16)}` }))).toEqual(expected);
  });

  it('needs no key at p = 0 and p = 1', () => {
    expect(valuesOf(dropout(x, { p: 0, key: undefined }))).toEqual(valuesOf(x));
    expect(valuesOf(dropout(x, { p: 1, key: undefined }))).toEqual(new Array(40).fill(0));
  });

  /** The result and the gradient of `dropout` on x with weights, and the same on arrays. */
  function expectLikeArrays(options: Omit<TensorDropoutOptions, 'p' | 'key'>): void {
    const all = { p: 0.5, key, ...options };
    const shaped = (data: Float32Array) => onArrays({ data, shape: [5, 8] }, all).data;
    expect(valuesOf(dropout(x, all))).toEqual([...shaped(ramp(40))]);
    const weights = ramp(40).map(Math.cos);
    const dx = tf.grad((x) => tf.sum(tf.mul(dropout(x, all), tf.tensor(weights, [5, 8]))))(x);
    expect(valuesOf(dx)).toEqual([...shaped(weights)]);
    expect(valuesOf(dropout(x, all))).not.toEqual(expected);
  }

  it.each([1, 40, 2 ** 40])('starts at offset %s of the stream, in the gradient too', (offset) => {
    expectLikeArrays({ offset });
  });

  it.each([[[1, 8]], [[5, 1]], [[null, 1]], [[8]], [[1]]])(
    'shares the draws of noise shape %j, in the gradient too',
    (noiseShape) => {
      expectLikeArrays({ noiseShape });
      expectLikeArrays({ noiseShape, offset: 3 });
    },
  );

  it('takes null for a missing noise shape', () => {
    expect(valuesOf(dropout(x, { p: 0.5, key, noiseShape: null }))).toEqual(expected);
  });

  it('uses the noise shape as it was at the call', () => {
    const noiseShape = [5, 1];
    const dx = tf.grad((x) => {
      const y = tf.sum(dropout(x, { p: 0.5, key, noiseShape }));
      noiseShape[0] = 1;
      return y;
    })(x);
    expect(valuesOf(dx)).toEqual([...onArrays(ones([5, 8]), { p: 0.5, key, noiseShape: [5, 1] }).data]);
  });

  it('refuses all but a float32 tensor', () => {
    const call = (x: unknown) => () => dropout(x as tf.Tensor, { p: 0.5, key });
    for (const dtype of ['int32', 'bool'] as const)
      refuses(call(tf.cast(x, dtype)), TypeError, `x has to be a float32 tensor, but got ${dtype}: x.cast('float32')`);
    refuses(call(tf.tensor(['a'])), TypeError, /^x has to be a float32 tensor, but got string$/);
    refuses(call(tf.dispose), TypeError, /^x has to be a tensor, but got Function$/);
    refuses(call([['a']]), TypeError, /^x has to be a float32 tensor, but got string$/);
    for (const bad of [null, undefined, { data: ramp(4), shape: [4] }])
      refuses(call(bad), TypeError, /^x has to be a tensor, but got \w+$/);
  });

  it.each<[string, unknown, new () => Error, string | RegExp]>([
    ['missing', undefined, TypeError, /^p has to be a number/],
    ['null', null, TypeError, 'options has to be an object, but got null'],
    ['p = 50', { p: 50, key }, RangeError, 'p has to be between 0 and 1, but got 50: 0.5 is 50 %'],
    ['no key', { p: 0.5 }, TypeError, /^key has to be .*: new Generator\(42\)\.next\(\) gives a key$/],
    ['a negative offset', { p: 0.5, key, offset: -1 }, RangeError, /^offset has to be/],
    ['a bad noise shape', { p: 0.5, key, noiseShape: [3] }, RangeError, /^noiseShape has to be/],
    ['a noise shape of another type', { p: 0.5, key, noiseShape: '5' }, TypeError, /^noiseShape has to be an array/],
    ['rate', { rate: 0.5, key }, TypeError, /^unknown option "rate".* p, key, offset, noiseShape$/],
    ['noise_shape', { p: 0.5, key, noise_shape: [1] }, TypeError, 'unknown option "noise_shape"'],
    ['out', { p: 0.5, key, out: x }, TypeError, 'unknown option "out"'],
    ['training', { p: 0.5, key, training: false }, TypeError, 'unknown option "training"'],
  ])('refuses options: %s', (_, options, type, message) => {
    const before = tf.memory().numTensors;
    refuses(() => dropout(x, options as never), type, message);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('Dropout', () => {
  it('draws one key in each training call, and returns its input otherwise', () => {
    const layer = new Dropout({ rate: 0.5, seed: 42 });
    expect(layer.call(x, {})).toBe(x);
    expect(valuesOf(layer.apply(x))).toEqual(valuesOf(x));
    expect(valuesOf(train(layer, x))).toEqual(expected);
    expect(valuesOf(train(layer, x))).not.toEqual(expected);
  });

  it('has the gradient of each call, if it is called twice', () => {
    const layer = new Dropout({ rate: 0.5, seed: 42 });
    const dx = tf.grad((x) => tf.sum(tf.add(train(layer, x), train(layer, x))))(x);
    const generator = new Generator(42);
    const { data } = ones([40]);
    const [first, second] = [0, 1].map((c) => onArrays(data, { p: 0.5, key: generator.keyAt(c) }));
    expect(valuesOf(dx)).toEqual([...first!].map((v, i) => v + second![i]!));
  });

  it('drops in training, and not in predict', () => {
    const model = sequential({ layers: [new Dropout({ rate: 0.5, seed: 1, inputShape: [8] })] });
    expect(valuesOf(model.predict(x))).toEqual(valuesOf(x));
    expect(valuesOf(model.apply(x, { training: true }))).not.toEqual(valuesOf(x));
  });

  it('copies at rate 0 and gives zeros at rate 1, and draws no key', () => {
    const at = (rate: number) => new Dropout({ rate, seed: 1 });
    expect(valuesOf(train(at(0), x))).toEqual(valuesOf(x));
    const layer = at(1);
    const none = tf.grad((x) => tf.sum(train(layer, x)))(x);
    expect(valuesOf(none)).toEqual(new Array(40).fill(0));
    expect(layer.getConfig().generator).toMatchObject({ position: 0 });
  });

  it('takes percent for a mistake', () => {
    refuses(() => new Dropout({ rate: 50 }), RangeError, /^rate has to be between 0 and 1, but got 50: 0\.5 is 50 %$/);
  });

  it('leaves no tensor behind', () => {
    const layer = new Dropout({ rate: 0.5, seed: 1 });
    const before = tf.memory().numTensors;
    for (let i = 0; i < 3; i++) tf.dispose(tf.tidy(() => tf.grad((x) => tf.sum(train(layer, x)))(x)));
    expect(tf.memory().numTensors).toBe(before);
  });
});
