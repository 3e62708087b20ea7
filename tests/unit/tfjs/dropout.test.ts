/** The function and the layer for TensorFlow.js. layers.test.ts tests the layer together with all others. */
import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { Generator, manualSeed, dropout as onArrays } from 'dropout-wasm';
import { Dropout, dropout } from 'dropout-wasm/tfjs';
import { describe, expect, it } from 'vitest';
import { ones, ramp } from '../../support/arrays.js';
import { refuses } from '../../support/expect.js';
import { restore, store, train, valuesOf } from '../../support/tfjs.js';

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

  it('refuses any other dtype and a bad p', () => {
    refuses(
      () => dropout(tf.cast(x, 'int32'), { p: 0.5, key }),
      TypeError,
      /^x has to be a float32 tensor, but got int32$/,
    );
    refuses(() => dropout(x, { p: 1.5, key }), RangeError, /^dropout probability has to be/);
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

  it('draws from the default generator without a seed', () => {
    const layer = new Dropout({ rate: 0.5 });
    manualSeed(42);
    expect(valuesOf(train(layer, x))).toEqual(expected);
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
    const generator = new Generator(1);
    expect(valuesOf(train(new Dropout({ rate: 0, generator }), x))).toEqual(valuesOf(x));
    const none = tf.grad((x) => tf.sum(train(new Dropout({ rate: 1, generator }), x)))(x);
    expect(valuesOf(none)).toEqual(new Array(40).fill(0));
    expect(generator.position).toBe(0);
  });

  it('refuses a bad rate and a bad seed', () => {
    refuses(() => new Dropout({ rate: 1.5 }), RangeError, /^dropout probability has to be/);
    refuses(() => new Dropout({ rate: '0.5' as never }), TypeError, /^rate has to be a number/);
    refuses(() => new Dropout({} as never), TypeError, /^rate has to be a number/);
    refuses(() => new Dropout({ rate: 0.5, seed: -1 }), RangeError, /^seed has to be/);
  });

  it('is stored in a model with its rate and the state of its generator', async () => {
    const model = sequential({
      layers: [
        layers.dense({ units: 8, inputShape: [8], kernelInitializer: 'identity' }),
        new Dropout({ rate: 0.25, seed: 7, name: 'own' }),
        new Dropout({ rate: 0.5, name: 'shared' }),
      ],
    });
    model.apply(x, { training: true });
    const loaded = await restore(await store(model));
    const [own, shared] = ['own', 'shared'].map((name) => loaded.getLayer(name) as Dropout);
    expect(own).toBeInstanceOf(Dropout);
    expect(own!.getConfig()).toMatchObject({ rate: 0.25, generator: { seed: '0x7', position: 1 } });
    expect(shared!.getConfig()).toMatchObject({ rate: 0.5, generator: null });
    const original = model.getLayer('own') as Dropout;
    expect(valuesOf(train(own!, x))).toEqual(valuesOf(train(original, x)));
  });

  it('leaves no tensor behind', () => {
    const layer = new Dropout({ rate: 0.5, seed: 1 });
    const before = tf.memory().numTensors;
    for (let i = 0; i < 3; i++) tf.dispose(tf.tidy(() => tf.grad((x) => tf.sum(train(layer, x)))(x)));
    expect(tf.memory().numTensors).toBe(before);
  });
});
