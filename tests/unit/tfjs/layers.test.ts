/** The family as TF.js layers: bits of the layers of arrays, gradients, storage, and TF.js's own layers replaced. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { layers, loadLayersModel, type Sequential, sequential } from '@tensorflow/tfjs-layers';
import * as arrays from 'dropout-wasm';
import * as ours from 'dropout-wasm/tfjs';
import { afterEach, describe, expect, it } from 'vitest';

setWasmPaths(`${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))}/`);
await tf.setBackend('wasm');

type TfLayer = layers.Layer & { always: boolean };

/** A layer's arguments, the options that make a layer of arrays the same, an input's shape, and one of a wrong rank. */
interface Case {
  name: string;
  args: { rate?: number; stddev?: number; [option: string]: unknown };
  options?: object;
  shape: number[];
  wrong?: number[];
}

const last = { channels: 'last' };
const family: Case[] = [
  { name: 'Dropout', args: { rate: 0.4 }, shape: [6, 20] },
  { name: 'Dropout', args: { rate: 0.4, noiseShape: [null, 1, 4] }, shape: [8, 5, 4], wrong: [8, 5] },
  { name: 'Dropout1d', args: { rate: 0.5 }, options: last, shape: [4, 5, 6], wrong: [5, 6] },
  { name: 'Dropout2d', args: { rate: 0.5 }, options: last, shape: [2, 3, 4, 8], wrong: [3, 4, 8] },
  { name: 'Dropout2d', args: { rate: 0.5, channels: 'first' }, shape: [2, 8, 3, 4], wrong: [8, 12] },
  { name: 'Dropout3d', args: { rate: 0.5 }, options: last, shape: [2, 2, 3, 2, 8], wrong: [2, 3, 2, 8] },
  { name: 'AlphaDropout', args: { rate: 0.3 }, shape: [6, 20] },
  { name: 'AlphaDropout', args: { rate: 0.3, noiseShape: [1, 20] }, shape: [6, 20], wrong: [20] },
  { name: 'FeatureAlphaDropout', args: { rate: 0.3 }, options: last, shape: [4, 5, 8], wrong: [8] },
  { name: 'GaussianDropout', args: { rate: 0.2 }, shape: [6, 20] },
  { name: 'GaussianNoise', args: { stddev: 0.5 }, shape: [6, 20] },
  { name: 'DropPath', args: { rate: 0.3 }, shape: [16, 3, 2] },
  { name: 'DropPath', args: { rate: 0.3, scaleByKeep: false }, shape: [16, 3, 2] },
  { name: 'DropBlock2d', args: { rate: 0.2, blockSize: 3 }, options: last, shape: [2, 8, 8, 3], wrong: [8, 8, 3] },
  { name: 'DropBlock2d', args: { rate: 0.2, blockSize: 2, channels: 'first' }, shape: [2, 3, 8, 8], wrong: [6, 64] },
  { name: 'LockedDropout', args: { rate: 0.5 }, options: { batchFirst: true }, shape: [4, 5, 8], wrong: [4, 8] },
  { name: 'LockedDropout', args: { rate: 0.5, batchFirst: false }, shape: [5, 4, 8], wrong: [5, 4, 2, 4] },
];

const classes: Record<string, unknown> = {
  Dropout: [ours.Dropout, arrays.Dropout],
  Dropout1d: [ours.Dropout1d, arrays.Dropout1d],
  Dropout2d: [ours.Dropout2d, arrays.Dropout2d],
  Dropout3d: [ours.Dropout3d, arrays.Dropout3d],
  AlphaDropout: [ours.AlphaDropout, arrays.AlphaDropout],
  FeatureAlphaDropout: [ours.FeatureAlphaDropout, arrays.FeatureAlphaDropout],
  GaussianDropout: [ours.GaussianDropout, arrays.GaussianDropout],
  GaussianNoise: [ours.GaussianNoise, arrays.GaussianNoise],
  DropPath: [ours.DropPath, arrays.DropPath],
  DropBlock2d: [ours.DropBlock2d, arrays.DropBlock2d],
  LockedDropout: [ours.LockedDropout, arrays.LockedDropout],
};

type Classes = [new (args: object) => TfLayer, new (amount: unknown, options: object) => arrays.Layer];
const classesOf = (name: string) => classes[name] as Classes;

function makeLayer(name: string, args: object): TfLayer {
  const [type] = classesOf(name);
  return new type(args);
}

function arrayLayer({ name, args, options }: Case, generator: arrays.Generator): arrays.Layer {
  const [, type] = classesOf(name);
  return new type(args.rate ?? args.stddev, { ...args, ...options, generator });
}

const size = (shape: number[]) => shape.reduce((a, b) => a * b);
const wave = (shape: number[], phase = 1) => Float32Array.from({ length: size(shape) }, (_, i) => Math.sin(i + phase));
const values = (t: unknown) => [...(t as tf.Tensor).dataSync()];
const train = (layer: layers.Layer, x: tf.Tensor) => layer.apply(x, { training: true }) as tf.Tensor;
/** Lets go of a locked mask, where there is one. */
const unlock = (layer: object) => (layer as { reset?: () => void }).reset?.();

/** What a model is stored as: topology through JSON, as a file would have it. */
async function store(model: Sequential): Promise<tf.io.ModelArtifacts> {
  let stored: tf.io.ModelArtifacts = {};
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      stored = { ...artifacts, modelTopology: JSON.parse(JSON.stringify(artifacts.modelTopology)) };
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
  return stored;
}

interface StoredLayer {
  class_name: string;
  config: Record<string, unknown>;
}

const storedLayers = ({ modelTopology }: tf.io.ModelArtifacts) =>
  (modelTopology as unknown as { config: { layers: StoredLayer[] } }).config.layers;

const restore = async (stored: tf.io.ModelArtifacts) => (await loadLayersModel(tf.io.fromMemory(stored))) as Sequential;

describe.each(family)('$name $args', (one) => {
  const { name, args, shape } = one;
  const x = tf.tensor(wave(shape), shape);
  const make = (more: object) => makeLayer(name, { ...args, ...more });
  const seeded = (more = {}) => make({ seed: 42, ...more });
  const twin = () => arrayLayer(one, new arrays.Generator(42));

  it('has the bits of the layer of arrays, call by call', () => {
    const layer = seeded();
    const expected = twin();
    const calls = [0, 1, 2].map(() => {
      const y = train(layer, x);
      expect([y.shape, y.dtype]).toEqual([shape, 'float32']);
      expect(values(y)).toEqual([...(expected.forward({ data: wave(shape), shape }) as arrays.Tensor).data]);
      unlock(layer);
      unlock(expected);
      return String(values(y));
    });
    expect(new Set(calls).size).toBe(3);
  });

  it('is the identity in inference, and draws no key', () => {
    const generator = new arrays.Generator(1);
    const layer = make({ generator });
    expect(layer.call(x, {})).toBe(x);
    expect(layer.call(x, { training: false })).toBe(x);
    expect(values(layer.apply(x))).toEqual(values(x));
    expect(generator.position).toBe(0);
  });

  it('has the gradient of the layer of arrays, also if other calls follow', () => {
    const layer = seeded();
    const weights = wave(shape, 7);
    const dx = tf.grad((x) => {
      const y = train(layer, x);
      unlock(layer);
      train(layer, x);
      return tf.sum(tf.mul(y, tf.tensor(weights, shape)));
    })(x);
    const expected = twin();
    expected.forward({ data: wave(shape), shape });
    expect(values(dx)).toEqual([...(expected.backward({ data: weights, shape }) as arrays.Tensor).data]);
  });

  it('has a second gradient', () => {
    const square = (layer: TfLayer) => (x: tf.Tensor) => tf.sum(tf.square(train(layer, x)));
    const slope = (layer: TfLayer) => (x: tf.Tensor) => tf.sum(tf.grad(square(layer))(x));
    const expected = twin();
    expected.forward({ data: wave(shape), shape });
    // y = factor · x + …, so the second derivative of y² is 2 · factor²
    const factor = (expected.backward({ data: wave(shape).fill(1), shape }) as arrays.Tensor).data;
    const second = values(tf.grad(slope(seeded()))(x));
    expect(second.some((v) => v !== 0)).toBe(true);
    for (const [i, v] of second.entries()) expect(Math.abs(v - 2 * factor[i]! ** 2)).toBeLessThan(1e-5 * (1 + v));
  });

  it('comes back from a stored model with its options and its next masks', async () => {
    const layer = seeded({ name: 'kept', inputShape: shape.slice(1), always: true });
    const model = sequential({ layers: [layer] });
    train(layer, x);
    const stored = await store(model);
    const { class_name, config } = storedLayers(stored)[0]!;
    expect(class_name).toBe(`${name}Wasm`);
    expect(config.generator).toEqual({ seed: '0x2a', position: 1 });
    const loaded = (await restore(stored)).getLayer('kept') as TfLayer;
    expect(loaded).toBeInstanceOf(classesOf(name)[0]);
    expect(loaded.getConfig()).toEqual(layer.getConfig());
    expect(loaded.getConfig()).toMatchObject({ ...args, always: true });
    for (let call = 0; call < 3; call++) {
      expect(values(train(loaded, x))).toEqual(values(train(layer, x)));
      if (call) for (const each of [loaded, layer]) unlock(each); // a mask in force is stored too
    }
  });

  it('shares the default generator, also when it is loaded', async () => {
    const model = sequential({ layers: [make({ inputShape: shape.slice(1) })] });
    const loaded = await restore(await store(model));
    arrays.manualSeed(42);
    const expected = values(train(seeded(), x));
    expect(values(train(model.layers[0]!, x))).toEqual(expected);
    expect(values(train(loaded.layers[0]!, x))).not.toEqual(expected);
    arrays.manualSeed(42);
    unlock(loaded.layers[0]!);
    expect(values(train(loaded.layers[0]!, x))).toEqual(expected);
  });

  it('is active in predict with always', () => {
    const layer = seeded({ always: true, inputShape: shape.slice(1) });
    const model = sequential({ layers: [layer] });
    const expected = values(train(seeded(), x));
    expect(values(model.predict(x, { batchSize: shape[0]! }))).toEqual(expected);
    layer.always = false;
    expect(values(model.predict(x, { batchSize: shape[0]! }))).toEqual(values(x));
  });

  it('amount 0: the input itself, no key drawn', () => {
    const generator = new arrays.Generator(1);
    const layer = make({ [name === 'GaussianNoise' ? 'stddev' : 'rate']: 0, generator });
    expect(layer.call(x, { training: true })).toBe(x);
    expect(generator.position).toBe(0);
  });

  it('refuses bad arguments when it is made', () => {
    const noise = name === 'GaussianNoise';
    const amount = noise ? 'stddev' : 'rate';
    const message = noise ? /^stddev has to be / : /^dropout probability has to be between 0 and 1, but got /;
    for (const bad of [-0.1, Number.NaN, noise ? Number.POSITIVE_INFINITY : 1.1]) {
      expect(() => make({ [amount]: bad })).toThrow(RangeError);
      expect(() => make({ [amount]: bad })).toThrow(message);
    }
    for (const bad of ['0.5', undefined, null]) expect(() => make({ [amount]: bad })).toThrow(TypeError);
    expect(() => seeded({ seed: -1 })).toThrow(RangeError);
    expect(() => seeded({ always: 1 })).toThrow(new TypeError('always has to be a boolean, but got 1'));
  });

  it('refuses another dtype, before it draws', () => {
    const generator = new arrays.Generator(1);
    const integers = tf.cast(x, 'int32');
    expect(() => make({ generator }).call(integers, { training: true })).toThrow(
      new TypeError('x has to be a float32 tensor, but got int32'),
    );
    expect(generator.position).toBe(0);
  });

  it('leaves no tensor behind', () => {
    const layer = seeded();
    const before = tf.memory().numTensors;
    for (let i = 0; i < 50; i++) {
      const [y, dx] = tf.tidy(() => [train(layer, x), tf.grad((x) => tf.sum(train(layer, x)))(x)]);
      expect(tf.memory().numTensors).toBe(before + 2);
      tf.dispose([y, dx]);
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('layers in models', () => {
  it.each(family.filter(({ name }) => !name.startsWith('Gaussian')))('$name $args: a dropped NaN is not NaN', (one) => {
    const layer = makeLayer(one.name, { ...one.args, seed: 42 });
    const broken = values(train(layer, tf.fill(one.shape, Number.NaN)));
    const mask = (layer as never as { arrays: arrays.Dropout }).arrays.mask();
    expect(mask).toContain(0);
    expect(mask).toContain(1);
    // dropped elements are +0; in alpha dropout the same saturated value, whatever x was
    const fill = broken[mask.indexOf(0)];
    expect(Object.is(fill, 0)).toBe(!one.name.includes('Alpha'));
    expect(broken).toEqual([...mask].map((kept) => (kept ? Number.NaN : fill)));
  });

  it.each(family.filter(({ wrong }) => wrong))('$name $args: refuses the rank of $wrong', ({ name, args, wrong }) => {
    const generator = new arrays.Generator(1);
    const layer = makeLayer(name, { ...args, generator });
    expect(() => train(layer, tf.zeros(wrong!))).toThrow(/is incompatible with layer|^noiseShape has to be/);
    expect(generator.position).toBe(0);
  });

  it('checks ranks when a model is built', () => {
    expect(() => sequential({ layers: [new ours.Dropout2d({ rate: 0.5, inputShape: [4, 8] })] })).toThrow('ndim=4');
  });

  it('refuses options as the layer of arrays does', () => {
    expect(() => new ours.Dropout2d({ rate: 0.5, channels: 'middle' as never })).toThrow(/^channels has to be/);
    expect(() => new ours.Dropout({ rate: 0.5, noiseShape: [0] })).toThrow(/^noiseShape has to be/);
    expect(() => new ours.DropPath({ rate: 0.5, scaleByKeep: 1 as never })).toThrow(/^scaleByKeep has to be/);
    expect(() => new ours.DropBlock2d({ rate: 0.5, blockSize: 0 })).toThrow(/^blockSize has to be/);
    expect(() => new ours.LockedDropout({ rate: 0.5, batchFirst: 1 as never })).toThrow(/^batchFirst has to be/);
  });

  it('an option that is undefined or null is none', () => {
    const layer = new ours.Dropout2d({ rate: 0.5, channels: undefined as never, seed: null, generator: null });
    expect(layer.getConfig()).toMatchObject({ channels: 'last', generator: null });
  });

  it('LockedDropout keeps its mask over calls until reset', () => {
    const layer = new ours.LockedDropout({ rate: 0.5, seed: 42 });
    const x = tf.ones([4, 5, 8]);
    const first = values(train(layer, x));
    expect(values(train(layer, x))).toEqual(first);
    expect(() => train(layer, tf.ones([3, 5, 8]))).toThrow(/until reset/);
    layer.reset();
    expect(values(train(layer, x))).not.toEqual(first);
  });

  it('LockedDropout trains with a reset for every batch, the short last one included', async () => {
    const locked = new ours.LockedDropout({ rate: 0.5, seed: 42, inputShape: [5, 8] });
    const model = sequential({ layers: [locked, layers.flatten(), layers.dense({ units: 1 })] });
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    const callbacks = { onBatchBegin: async () => locked.reset() };
    await model.fit(tf.ones([10, 5, 8]), tf.ones([10, 1]), { batchSize: 4, epochs: 1, verbose: 0, callbacks });
    expect(locked.getConfig().generator).toMatchObject({ position: 3 });
  });

  it('never writes to memory that a backend gives out, whatever inplace is', () => {
    const x = tf.ones([4, 10]);
    const memory = new Float32Array(40).fill(1);
    x.dataSync = () => memory as never;
    const args = { rate: 0.5, seed: 42, inplace: true };
    expect(values(train(new ours.Dropout(args), x))).toContain(0);
    expect(memory).toEqual(new Float32Array(40).fill(1));
  });

  it('trains a model with every layer in it', async () => {
    const model = sequential({
      layers: [
        layers.dense({ units: 144, inputShape: [8] }),
        layers.reshape({ targetShape: [6, 6, 4] }),
        new ours.Dropout2d({ rate: 0.2, seed: 1 }),
        new ours.DropBlock2d({ rate: 0.1, blockSize: 2, seed: 2 }),
        new ours.DropPath({ rate: 0.1, seed: 3 }),
        layers.reshape({ targetShape: [36, 4] }),
        new ours.Dropout1d({ rate: 0.1, seed: 4 }),
        new ours.LockedDropout({ rate: 0.1, seed: 5 }),
        layers.flatten(),
        new ours.FeatureAlphaDropout({ rate: 0.1, seed: 6 }),
        new ours.AlphaDropout({ rate: 0.1, seed: 7 }),
        new ours.GaussianDropout({ rate: 0.1, seed: 8 }),
        new ours.GaussianNoise({ stddev: 0.1, seed: 9 }),
        new ours.Dropout({ rate: 0.1, seed: 10 }),
        layers.dense({ units: 1 }),
      ],
    });
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    const weights = values(model.getWeights()[0]);
    await model.fit(tf.ones([6, 8]), tf.ones([6, 1]), { epochs: 2, batchSize: 3, verbose: 0 });
    expect(values(model.getWeights()[0])).not.toEqual(weights);
    expect(values(model.getWeights()[0]).every(Number.isFinite)).toBe(true);
    const positions = model.layers.map((layer) => (layer.getConfig().generator as { position: number })?.position);
    expect(positions.filter((position) => position !== undefined)).toEqual([4, 4, 4, 4, 1, 4, 4, 4, 4, 4]);
  });

  it('loads what version 0.1 stored', async () => {
    const config = { name: 'old', trainable: true, rate: 0.25, generator: { seed: '0x7', position: 1 } };
    const model = await restore({
      modelTopology: {
        class_name: 'Sequential',
        config: {
          name: 'old_model',
          layers: [
            { class_name: 'DropoutWasm', config: { ...config, batch_input_shape: [null, 40], dtype: 'float32' } },
            { class_name: 'DropoutWasm', config: { ...config, name: 'shared', generator: null } },
          ],
        },
      } as never,
    });
    const layer = model.getLayer('old') as ours.Dropout;
    const key = new arrays.Generator(7).keyAt(1);
    expect(layer).toBeInstanceOf(ours.Dropout);
    expect(values(train(layer, tf.ones([1, 40])))).toEqual([
      ...arrays.dropout(new Float32Array(40).fill(1), { p: 0.25, key }),
    ]);
    expect(model.getLayer('shared').getConfig()).toMatchObject({ rate: 0.25, always: false, generator: null });
  });
});

describe('replaceBuiltins', () => {
  const theirs = [
    layers.dropout({ rate: 0.5 }),
    layers.spatialDropout1d({ rate: 0.5 }),
    layers.alphaDropout({ rate: 0.5 }),
    layers.gaussianDropout({ rate: 0.5 }),
    layers.gaussianNoise({ stddev: 0.5 }),
  ].map((layer) => layer.constructor as never);
  const putBack = () => {
    for (const type of theirs) tf.serialization.registerClass(type);
  };
  afterEach(putBack);

  const names = ['drop', 'spatial', 'alpha', 'gaussian', 'noise'];
  const types = [ours.Dropout, ours.Dropout1d, ours.AlphaDropout, ours.GaussianDropout, ours.GaussianNoise];
  const plain = () =>
    sequential({
      layers: [
        layers.dropout({ rate: 0.5, seed: 3, noiseShape: [4, 1, 6], name: 'drop', inputShape: [5, 6] }),
        layers.spatialDropout1d({ rate: 0.25, seed: 4, name: 'spatial' }),
        layers.alphaDropout({ rate: 0.2, name: 'alpha' }),
        layers.gaussianDropout({ rate: 0.3, name: 'gaussian' }),
        layers.gaussianNoise({ stddev: 0.1, name: 'noise' }),
      ],
    });
  const x = tf.tensor(wave([4, 5, 6]), [4, 5, 6]);

  it('makes a model of TF.js load with ours, and its masks are ours', async () => {
    const stored = await store(plain());
    const before = await restore(stored);
    for (const [i, type] of types.entries()) expect(before.getLayer(names[i]!)).not.toBeInstanceOf(type);
    ours.replaceBuiltins();
    const model = await restore(stored);
    for (const [i, type] of types.entries()) expect(model.getLayer(names[i]!)).toBeInstanceOf(type);
    expect(names.slice(2).map((name) => model.getLayer(name).getConfig())).toMatchObject([
      { rate: 0.2 },
      { rate: 0.3 },
      { stddev: 0.1 },
    ]);
    const tensor = { data: wave([4, 5, 6]), shape: [4, 5, 6] };
    const expected: [string, arrays.Layer][] = [
      ['drop', new arrays.Dropout(0.5, { noiseShape: [4, 1, 6], generator: new arrays.Generator(3) })],
      ['spatial', new arrays.Dropout1d(0.25, { channels: 'last', generator: new arrays.Generator(4) })],
    ];
    for (const [name, layer] of expected) {
      const layerOfModel = model.getLayer(name);
      const calls = [0, 1].map(() => values(train(layerOfModel, x)));
      for (const call of calls) expect(call).toEqual([...(layer.forward(tensor) as arrays.Tensor).data]);
      // TF.js's own seeded layer gives one mask for ever.
      expect(calls[0]).not.toEqual(calls[1]);
    }
    expect(values(train(before.getLayer('drop'), x))).toEqual(values(train(before.getLayer('drop'), x)));
    expect(values(model.predict(x))).toEqual(values(x));
  });

  it('takes a model of Keras', async () => {
    ours.replaceBuiltins();
    const common = { trainable: true, dtype: 'float32', seed: null };
    const model = await restore({
      modelTopology: {
        keras_version: '2.15.0',
        backend: 'tensorflow',
        model_config: {
          class_name: 'Sequential',
          config: {
            name: 'keras',
            layers: [
              {
                class_name: 'Dropout',
                config: {
                  ...common,
                  name: 'drop',
                  batch_input_shape: [null, 5, 6],
                  rate: 0.5,
                  noise_shape: [null, 1, 6],
                  seed: 9,
                },
              },
              { class_name: 'SpatialDropout1D', config: { ...common, name: 'spatial', rate: 0.5, noise_shape: null } },
              { class_name: 'AlphaDropout', config: { ...common, name: 'alpha', rate: 0.5, noise_shape: [4, 5, 1] } },
              { class_name: 'GaussianDropout', config: { ...common, name: 'gaussian', rate: 0.5 } },
              { class_name: 'GaussianNoise', config: { ...common, name: 'noise', stddev: 0.5 } },
            ],
          },
        },
      } as never,
    });
    for (const [i, type] of types.entries()) expect(model.getLayer(names[i]!)).toBeInstanceOf(type);
    expect(model.getLayer('drop').getConfig()).toMatchObject({
      noiseShape: [null, 1, 6],
      generator: { seed: '0x9', position: 0 },
    });
    expect(model.getLayer('alpha').getConfig()).toMatchObject({ noiseShape: [4, 5, 1], generator: null });
  });

  it('stores under TF.js’s names: loads with the next masks, and with plain TF.js', async () => {
    const stored = await store(plain());
    ours.replaceBuiltins();
    const model = await restore(stored);
    train(model.getLayer('drop'), x);
    const again = await store(model);
    expect(storedLayers(again).map(({ class_name }) => class_name)).toEqual([
      'Dropout',
      'SpatialDropout1D',
      'AlphaDropout',
      'GaussianDropout',
      'GaussianNoise',
    ]);
    const loaded = await restore(again);
    for (const name of ['drop', 'spatial'])
      expect(values(train(loaded.getLayer(name), x))).toEqual(values(train(model.getLayer(name), x)));
    putBack();
    const bare = await restore(again);
    for (const [i, type] of theirs.entries()) expect(bare.getLayer(names[i]!)).toBeInstanceOf(type);
    expect(bare.getLayer('drop').getConfig()).toMatchObject({ rate: 0.5, noiseShape: [4, 1, 6] });
    expect(train(bare.getLayer('drop'), x).shape).toEqual([4, 5, 6]);
  });

  it('may be called twice, and leaves what was made by hand alone', async () => {
    const stored = await store(plain());
    ours.replaceBuiltins();
    const first = (await restore(stored)).getLayer('drop');
    ours.replaceBuiltins();
    const second = (await restore(stored)).getLayer('drop');
    expect(second.constructor).toBe(first.constructor);
    expect(layers.dropout({ rate: 0.5 })).not.toBeInstanceOf(ours.Dropout);
    const own = await restore(
      await store(sequential({ layers: [new ours.Dropout({ rate: 0.5, seed: 1, inputShape: [8] })] })),
    );
    expect(own.layers[0]!.getClassName()).toBe('DropoutWasm');
  });

  it.each([
    [0.2, 0.62],
    [0.8, 3.38],
  ])('AlphaDropout(%s) on N(0, 1): TF.js’s has mean %s, ours keeps mean and deviation', async (rate, mean) => {
    const normal = tf.randomNormal([200, 1000], 0, 1, 'float32', 5);
    const moments = (layer: layers.Layer) => {
      const { mean, variance } = tf.moments(train(layer, normal));
      return [values(mean)[0]!, Math.sqrt(values(variance)[0]!)] as const;
    };
    const model = sequential({ layers: [layers.alphaDropout({ rate, inputShape: [1000] })] });
    expect(moments(model.layers[0]!)[0]).toBeCloseTo(mean, 1);
    ours.replaceBuiltins();
    arrays.manualSeed(1);
    const [m, deviation] = moments((await restore(await store(model))).layers[0]!);
    expect(Math.abs(m)).toBeLessThan(0.1);
    expect(Math.abs(deviation - 1)).toBeLessThan(0.1);
  });
});
