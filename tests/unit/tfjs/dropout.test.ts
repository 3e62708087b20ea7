/** The TF.js face, on TF.js's wasm backend: values, gradients, modes, storage. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { layers, loadLayersModel, type Sequential, sequential } from '@tensorflow/tfjs-layers';
import { Generator, manualSeed, dropout as onArrays } from 'dropout-wasm';
import { Dropout, dropout } from 'dropout-wasm/tfjs';
import { describe, expect, it } from 'vitest';

setWasmPaths(`${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))}/`);
await tf.setBackend('wasm');

const key = new Generator(42).next();
const x = tf.reshape(tf.range(1, 41), [5, 8]);
const expected = [
  ...onArrays(
    Float32Array.from({ length: 40 }, (_, i) => i + 1),
    { p: 0.5, key },
  ),
];
const values = (t: unknown) => [...(t as tf.Tensor).dataSync()];

describe('dropout', () => {
  it('gives a tensor the bits that an array gets', () => {
    const y = dropout(x, { p: 0.5, key });
    expect([y.shape, y.dtype, values(y)]).toEqual([[5, 8], 'float32', expected]);
  });

  it('has a gradient with the same mask, to any order', () => {
    const f = (x: tf.Tensor) => tf.sum(tf.square(dropout(x, { p: 0.5, key }))) as tf.Scalar;
    expect(values(tf.grad(f)(x))).toEqual(expected.map((v) => 4 * v));
    const slope = (x: tf.Tensor) => tf.sum(tf.grad(f)(x));
    expect(values(tf.grad(slope)(x))).toEqual(expected.map((v) => (v ? 8 : 0)));
  });

  it('keeps the options of the call for its gradient', () => {
    const options = { p: 0.5, key };
    const f = (x: tf.Tensor) => {
      const y = tf.sum(dropout(x, options));
      options.key = 1n;
      return y;
    };
    expect(values(tf.grad(f)(x))).toEqual(expected.map((v) => (v ? 2 : 0)));
  });

  it('refuses other dtypes and probabilities', () => {
    expect(() => dropout(tf.cast(x, 'int32'), { p: 0.5, key })).toThrow(
      new TypeError('x has to be a float32 tensor, but got int32'),
    );
    expect(() => dropout(x, { p: 1.5, key })).toThrow(RangeError);
  });
});

describe('Dropout', () => {
  it('draws one key a training call, also with a seed, and is the identity otherwise', () => {
    const layer = new Dropout({ rate: 0.5, seed: 42 });
    expect(layer.call(x, {})).toBe(x);
    expect(values(layer.apply(x))).toEqual(values(x));
    expect(values(layer.apply(x, { training: true }))).toEqual(expected);
    expect(values(layer.apply(x, { training: true }))).not.toEqual(expected);
  });

  it('takes its keys from the default generator without a seed', () => {
    const layer = new Dropout({ rate: 0.5 });
    manualSeed(42);
    expect(values(layer.apply(x, { training: true }))).toEqual(expected);
  });

  it('gives each call in a gradient the mask of its forward', () => {
    const layer = new Dropout({ rate: 0.5, seed: 42 });
    const call = (x: tf.Tensor) => layer.apply(x, { training: true }) as tf.Tensor;
    const dx = tf.grad((x) => tf.sum(tf.add(call(x), call(x))))(x);
    const generator = new Generator(42);
    const ones = new Float32Array(40).fill(1);
    const masks = [0, 1].map((c) => onArrays(ones, { p: 0.5, key: generator.keyAt(c) }));
    expect(values(dx)).toEqual([...ones].map((_, i) => masks[0]![i]! + masks[1]![i]!));
  });

  it('is off in predict and on in training', () => {
    const model = sequential({ layers: [new Dropout({ rate: 0.5, seed: 1, inputShape: [8] })] });
    expect(values(model.predict(x))).toEqual(values(x));
    expect(values(model.apply(x, { training: true }))).not.toEqual(values(x));
  });

  it('rate 0 and 1: identity and zeros, no key drawn', () => {
    const generator = new Generator(1);
    expect(values(new Dropout({ rate: 0, generator }).apply(x, { training: true }))).toEqual(values(x));
    const none = tf.grad((x) => tf.sum(new Dropout({ rate: 1, generator }).apply(x, { training: true }) as tf.Tensor))(
      x,
    );
    expect(values(none)).toEqual(new Array(40).fill(0));
    expect(generator.position).toBe(0);
  });

  it('refuses rates and seeds as the layer of arrays does', () => {
    expect(() => new Dropout({ rate: 1.5 })).toThrow(RangeError);
    expect(() => new Dropout({ rate: '0.5' as never })).toThrow(TypeError);
    expect(() => new Dropout({} as never)).toThrow(TypeError);
    expect(() => new Dropout({ rate: 0.5, seed: -1 })).toThrow(RangeError);
  });

  it('comes back from a stored model with its rate and its generator’s state', async () => {
    const model = sequential({
      layers: [
        layers.dense({ units: 8, inputShape: [8], kernelInitializer: 'identity' }),
        new Dropout({ rate: 0.25, seed: 7, name: 'own' }),
        new Dropout({ rate: 0.5, name: 'shared' }),
      ],
    });
    model.apply(x, { training: true });
    let stored: tf.io.ModelArtifacts = {};
    await model.save(
      tf.io.withSaveHandler(async (artifacts) => {
        stored = { ...artifacts, modelTopology: JSON.parse(JSON.stringify(artifacts.modelTopology)) };
        return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
      }),
    );
    const loaded = (await loadLayersModel(tf.io.fromMemory(stored))) as Sequential;
    const [own, shared] = ['own', 'shared'].map((name) => loaded.getLayer(name) as Dropout);
    expect(own).toBeInstanceOf(Dropout);
    expect(own!.getConfig()).toMatchObject({ rate: 0.25, generator: { seed: '0x7', position: 1 } });
    expect(shared!.getConfig()).toMatchObject({ rate: 0.5, generator: null });
    const original = model.getLayer('own') as Dropout;
    expect(values(own!.apply(x, { training: true }))).toEqual(values(original.apply(x, { training: true })));
  });

  it('leaves no tensor behind', () => {
    const layer = new Dropout({ rate: 0.5, seed: 1 });
    const before = tf.memory().numTensors;
    for (let i = 0; i < 3; i++)
      tf.dispose(tf.tidy(() => tf.grad((x) => tf.sum(layer.apply(x, { training: true }) as tf.Tensor))(x)));
    expect(tf.memory().numTensors).toBe(before);
  });
});
