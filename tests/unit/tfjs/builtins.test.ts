/** `replaceBuiltins`, which makes stored models load with the layers of this package. */
import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential, input as tfInput, model as tfModel } from '@tensorflow/tfjs-layers';
import * as arrays from 'dropout-wasm';
import * as tfjs from 'dropout-wasm/tfjs';
import { afterEach, describe, expect, it } from 'vitest';
import { tensor } from '../../support/arrays.js';
import { restore, store, storedLayers, train, valuesOf } from '../../support/tfjs.js';

describe('replaceBuiltins', () => {
  const theirs = [
    layers.dropout({ rate: 0.5 }),
    layers.spatialDropout1d({ rate: 0.5 }),
    layers.alphaDropout({ rate: 0.5 }),
    layers.gaussianDropout({ rate: 0.5 }),
    layers.gaussianNoise({ stddev: 0.5 }),
  ].map((layer) => layer.constructor as never);
  let undo = () => {};
  const replace = () => {
    undo = tfjs.replaceBuiltins();
  };
  afterEach(() => undo());

  const names = ['drop', 'spatial', 'alpha', 'gaussian', 'noise'];
  const types = [tfjs.Dropout, tfjs.Dropout1d, tfjs.AlphaDropout, tfjs.GaussianDropout, tfjs.GaussianNoise];
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
  const input = tensor([4, 5, 6]);
  const x = tf.tensor(input.data, [4, 5, 6]);

  it('makes a stored model of TensorFlow.js load with these layers and their masks', async () => {
    const stored = await store(plain());
    const before = await restore(stored);
    for (const [i, type] of types.entries()) expect(before.getLayer(names[i]!)).not.toBeInstanceOf(type);
    replace();
    const model = await restore(stored);
    for (const [i, type] of types.entries()) expect(model.getLayer(names[i]!)).toBeInstanceOf(type);
    expect(names.slice(2).map((name) => model.getLayer(name).getConfig())).toMatchObject([
      { rate: 0.2 },
      { rate: 0.3 },
      { stddev: 0.1 },
    ]);
    const expected: [string, arrays.Layer][] = [
      ['drop', new arrays.Dropout(0.5, { noiseShape: [4, 1, 6], seed: 3 })],
      ['spatial', new arrays.Dropout1d(0.25, { channels: 'last', seed: 4 })],
    ];
    for (const [name, layer] of expected) {
      const layerOfModel = model.getLayer(name);
      const calls = [0, 1].map(() => valuesOf(train(layerOfModel, x)));
      for (const call of calls) expect(call).toEqual([...layer.forward(input).data]);
      expect(calls[0]).not.toEqual(calls[1]);
    }
    expect(valuesOf(model.predict(x))).toEqual(valuesOf(x));
    undo();
    // The seeded layer of TensorFlow.js reuses one mask at every step.
    expect(valuesOf(train(before.getLayer('drop'), x))).toEqual(valuesOf(train(before.getLayer('drop'), x)));
  });

  /** A stored model of Keras. */
  const keras = (...configs: [class_name: string, config: object][]) =>
    restore({
      modelTopology: {
        keras_version: '2.15.0',
        backend: 'tensorflow',
        model_config: {
          class_name: 'Sequential',
          config: {
            name: 'keras',
            layers: configs.map(([class_name, config], i) => ({
              class_name,
              config: { name: `layer${i}`, ...config },
            })),
          },
        },
      },
    } as never);

  it('makes a stored model of Keras load with these layers', async () => {
    replace();
    const common = { trainable: true, dtype: 'float32', seed: null };
    const model = await keras(
      ['Dropout', { ...common, batch_input_shape: [null, 5, 6], rate: 0.5, noise_shape: [null, 1, 6], seed: 9 }],
      ['SpatialDropout1D', { ...common, rate: 0.5, noise_shape: null }],
      ['AlphaDropout', { ...common, rate: 0.5, noise_shape: [4, 5, 1] }],
      ['GaussianDropout', { ...common, rate: 0.5 }],
      ['GaussianNoise', { ...common, stddev: 0.5 }],
    );
    for (const [i, type] of types.entries()) expect(model.layers[i]).toBeInstanceOf(type);
    expect(model.layers[0]!.getConfig()).toMatchObject({
      noiseShape: [null, 1, 6],
      generator: { seed: '0x9', position: 0 },
    });
    expect(model.layers[2]!.getConfig()).toMatchObject({ noiseShape: [4, 5, 1] });
  });

  it.each([
    ['SpatialDropout2D', tfjs.Dropout2d, [3, 4, 5, 16], [0, 3]],
    ['SpatialDropout3D', tfjs.Dropout3d, [3, 2, 4, 5, 16], [0, 4]],
  ] as const)('makes %s of Keras drop whole channels, last or first', async (name, type, shape, kept) => {
    replace();
    const axes = shape.map((_, axis) => axis);
    for (const [data_format, channel] of [
      ['channels_last', kept[1]],
      ['channels_first', 1],
      [null, kept[1]],
    ]) {
      const model = await keras([
        name,
        {
          batch_input_shape: [null, ...shape.slice(1)],
          dtype: 'float32',
          rate: 0.5,
          seed: 7,
          noise_shape: null,
          data_format,
        },
      ]);
      const layer = model.layers[0]!;
      expect(layer).toBeInstanceOf(type);
      const y = train(layer, tf.ones([...shape]));
      const within = axes.filter((axis) => axis !== 0 && axis !== channel);
      const [low, high] = [valuesOf(tf.min(y, within)), valuesOf(tf.max(y, within))];
      expect(low).toEqual(high);
      expect(new Set(low)).toEqual(new Set([0, 2]));
      const again = (await restore(await store(model))).layers[0]!;
      expect([again.getClassName(), again.getConfig()]).toEqual([name, layer.getConfig()]);
    }
  });

  it('ignores what else TensorFlow.js and Keras store, as TensorFlow.js does', async () => {
    replace();
    const dtypes = [
      'float16',
      'mixed_float16',
      { module: 'keras', class_name: 'DTypePolicy', config: { name: 'float32' } },
    ];
    const others = {
      dynamic: false,
      autocast: true,
      activity_regularizer: null,
      updatable: true,
      quantization_config: null,
    };
    for (const dtype of dtypes) {
      const model = await keras(['Dropout', { ...others, dtype, batch_input_shape: [null, 64], rate: 0.5, seed: 1 }]);
      const ones = tf.ones([1, 64]);
      expect(valuesOf(model.predict(ones))).toEqual(valuesOf(ones));
      expect(new Set(valuesOf(train(model.layers[0]!, ones)))).toEqual(new Set([0, 2]));
    }
    const integers = await keras(['Dropout', { batch_input_shape: [null, 4], dtype: 'int32', rate: 0.5 }]);
    expect(integers.layers[0]!.getConfig()).toMatchObject({ dtype: 'int32' });
    await expect(keras(['Dropout', { batch_input_shape: [null, 4], dtype: 'float32', rate: '0.5' }])).rejects.toThrow(
      /^rate has to be a number/,
    );
  });

  it.each([-1, 0.123, -0.5, 2 ** 53 + 2, 1234567890123456789n, 1e300].map(Number))(
    'gives %s, a seed of TensorFlow.js or Keras alone, a stream of its own',
    async (seed) => {
      replace();
      const masks = async (seed: number) => {
        const config = { batch_input_shape: [null, 64], dtype: 'float32', rate: 0.5, seed };
        const layer = (await keras(['Dropout', config])).layers[0]!;
        expect(layer.getConfig()).toMatchObject({ seed });
        return valuesOf(train(layer, tf.ones([1, 64])));
      };
      expect(await masks(seed)).toEqual(await masks(seed));
      for (const other of [0, Math.trunc(seed) || 1, 2 * seed])
        if (other !== seed) expect(await masks(seed)).not.toEqual(await masks(other));
    },
  );

  it('keeps 2^53 and every smaller whole number as the seed', async () => {
    replace();
    for (const [seed, hex] of [
      [0, '0x0'],
      [2 ** 32, '0x100000000'],
      [2 ** 53, '0x20000000000000'],
    ] as const) {
      const model = await keras(['GaussianNoise', { batch_input_shape: [null, 4], dtype: 'float32', stddev: 1, seed }]);
      expect(model.layers[0]!.getConfig().generator).toMatchObject({ seed: hex });
    }
  });

  it('makes a layer that Keras called with training=True active in predict', async () => {
    replace();
    const stochastic = async (kwargs: object) => {
      const config = { name: 'mc', rate: 0.5, noise_shape: null, seed: 3, dtype: 'float32' };
      const inputs = { name: 'in', batch_input_shape: [null, 64], dtype: 'float32', sparse: false };
      const model = await restore({
        modelTopology: {
          class_name: 'Functional',
          config: {
            name: 'm',
            layers: [
              { class_name: 'InputLayer', name: 'in', config: inputs, inbound_nodes: [] },
              { class_name: 'Dropout', name: 'mc', config, inbound_nodes: [[['in', 0, 0, kwargs]]] },
            ],
            input_layers: [['in', 0, 0]],
            output_layers: [['mc', 0, 0]],
          },
        },
      } as never);
      return valuesOf(model.predict(tf.ones([1, 64]))).includes(0);
    };
    expect(await stochastic({ training: true })).toBe(true);
    for (const kwargs of [{ training: false }, { training: null }, {}]) expect(await stochastic(kwargs)).toBe(false);
  });

  it('stores layers under their TensorFlow.js names, so that they load with and without this package', async () => {
    const stored = await store(plain());
    replace();
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
      expect(valuesOf(train(loaded.getLayer(name), x))).toEqual(valuesOf(train(model.getLayer(name), x)));
    undo();
    const bare = await restore(again);
    for (const [i, type] of theirs.entries()) expect(bare.getLayer(names[i]!)).toBeInstanceOf(type);
    expect(bare.getLayer('drop').getConfig()).toMatchObject({ rate: 0.5, noiseShape: [4, 1, 6] });
    expect(train(bare.getLayer('drop'), x).shape).toEqual([4, 5, 6]);
  });

  it('may be called twice, and is undone once', async () => {
    const stored = await store(plain());
    replace();
    const first = (await restore(stored)).getLayer('drop');
    expect(tfjs.replaceBuiltins()).toBe(undo);
    const second = (await restore(stored)).getLayer('drop');
    expect(second.constructor).toBe(first.constructor);
    const own = await restore(
      await store(sequential({ layers: [new tfjs.Dropout({ rate: 0.5, seed: 1, inputShape: [8] })] })),
    );
    expect(own.layers[0]!.getClassName()).toBe('DropoutWasm');
    const former = undo;
    undo();
    expect((await restore(stored)).getLayer('drop')).not.toBeInstanceOf(tfjs.Dropout);
    replace();
    former();
    expect((await restore(stored)).getLayer('drop')).toBeInstanceOf(tfjs.Dropout);
    expect(tfjs.replaceBuiltins()).toBe(undo);
  });

  describe('layers that TensorFlow.js makes', () => {
    /** Each with the layer whose masks it draws, and its own arguments in getConfig. */
    const cases: [string, () => layers.Layer, () => arrays.Layer, object][] = [
      [
        'dropout',
        () => layers.dropout({ rate: 0.5, seed: 3, noiseShape: [4, 1, 6] }),
        () => new arrays.Dropout(0.5, { seed: 3, noiseShape: [4, 1, 6] }),
        { rate: 0.5, seed: 3 },
      ],
      [
        'spatialDropout1d',
        () => layers.spatialDropout1d({ rate: 0.5, seed: 4 }),
        () => new arrays.Dropout1d(0.5, { seed: 4, channels: 'last' }),
        { rate: 0.5, seed: 4 },
      ],
      ['alphaDropout', () => layers.alphaDropout({ rate: 0.4 }), () => new arrays.AlphaDropout(0.4), { rate: 0.4 }],
      [
        'alphaDropout with a noise shape',
        () => layers.alphaDropout({ rate: 0.4, noiseShape: [4, 1, 6] }),
        () => new arrays.AlphaDropout(0.4, { noiseShape: [4, 1, 6] }),
        { rate: 0.4 },
      ],
      [
        'gaussianDropout',
        () => layers.gaussianDropout({ rate: 0.4 }),
        () => new arrays.GaussianDropout(0.4),
        { rate: 0.4 },
      ],
      [
        'gaussianNoise',
        () => layers.gaussianNoise({ stddev: 0.4 }),
        () => new arrays.GaussianNoise(0.4),
        { stddev: 0.4 },
      ],
    ];

    it.each(cases)('%s made before draws from our streams until undone', (_, make, expected, config) => {
      const layer = make();
      const { call, getConfig } = Object.getPrototypeOf(layer);
      replace();
      arrays.manualSeed(7);
      const calls = [0, 1].map(() => valuesOf(train(layer, x)));
      const { generator } = layer.getConfig();
      arrays.manualSeed(7);
      const reference = expected();
      for (const y of calls) expect(y).toEqual([...reference.forward(input).data]);
      expect(layer.getConfig()).toMatchObject(config);
      expect(generator).toEqual(reference.generator.toJSON());
      expect(valuesOf(layer.apply(x))).toEqual(valuesOf(x));
      undo();
      expect(Object.getPrototypeOf(layer)).toMatchObject({ call, getConfig });
      expect(layer.getConfig()).not.toHaveProperty('generator');
      expect(Object.hasOwn(Object.getPrototypeOf(layer), 'apply')).toBe(false);
    });

    it.each(cases)('%s made after draws from our streams, and its gradient has the same mask', (_, make, expected) => {
      replace();
      arrays.manualSeed(8);
      const layer = make();
      const weights = input.data.map(Math.cos);
      const dx = tf.grad((x) => tf.sum(tf.mul(train(layer, x), tf.tensor(weights, [4, 5, 6]))))(x);
      arrays.manualSeed(8);
      const reference = expected();
      reference.forward(input);
      expect(valuesOf(dx)).toEqual([...reference.backward({ data: weights, shape: [4, 5, 6] }).data]);
    });

    it.each(cases)('%s is stored under its name and continues with the next masks', async (_, make) => {
      replace();
      arrays.manualSeed(9);
      const layer = make();
      const model = sequential({ layers: [layers.reshape({ targetShape: [5, 6], inputShape: [30] }), layer] });
      train(layer, x);
      const again = (await restore(await store(model))).layers[1]!;
      expect(again.getClassName()).toBe(layer.getClassName());
      expect(valuesOf(train(again, x))).toEqual(valuesOf(train(layer, x)));
    });

    it('take their rate and stddev as it is at each call', () => {
      replace();
      const drop = layers.dropout({ rate: 0, seed: 1 }) as unknown as layers.Layer & { rate: number };
      expect(valuesOf(train(drop, x))).toEqual(valuesOf(x));
      drop.rate = 1;
      expect(valuesOf(train(drop, x))).toEqual(valuesOf(tf.zerosLike(x)));
      drop.rate = 2;
      expect(() => train(drop, x)).toThrow(/^rate has to be between 0 and 1, but got 2: 0.02 is 2 %$/);
      const noise = layers.gaussianNoise({ stddev: 1 }) as unknown as layers.Layer & { stddev: number };
      noise.stddev = 0;
      expect(valuesOf(train(noise, x))).toEqual(valuesOf(x));
    });

    it('are active in predict where they are applied with training: true', () => {
      replace();
      const inputs = tfInput({ shape: [64] });
      const layer = layers.dropout({ rate: 0.5, seed: 3 });
      const mc = tfModel({ inputs, outputs: layer.apply(inputs, { training: true }) as never });
      const [a, b] = [0, 1].map(() => valuesOf(mc.predict(tf.ones([1, 64]))));
      expect(a).toContain(0);
      expect(a).not.toEqual(b);
      expect(() => layer.apply(inputs)).toThrow(/make two layers$/);
    });

    it('are active in predict in a graph that was built before', () => {
      const inputs = tfInput({ shape: [64] });
      const layer = layers.dropout({ rate: 0.5, seed: 3 });
      const mc = tfModel({ inputs, outputs: layer.apply(inputs, { training: true }) as never });
      replace();
      const expected = new arrays.Dropout(0.5, { seed: 3 });
      expect(valuesOf(mc.predict(tf.ones([1, 64])))).toEqual([...expected.forward(new Float32Array(64).fill(1))]);
      expect(() => layer.apply(inputs)).toThrow(/make two layers$/);
    });

    it('continue their streams when they are replaced again', () => {
      replace();
      const layer = layers.dropout({ rate: 0.5, seed: 3 });
      const expected = new arrays.Dropout(0.5, { seed: 3 });
      expect(valuesOf(train(layer, x))).toEqual([...expected.forward(input).data]);
      undo();
      train(layer, x);
      replace();
      expect(valuesOf(train(layer, x))).toEqual([...expected.forward(input).data]);
    });

    it('stay as others have changed them in between', () => {
      const prototype = Object.getPrototypeOf(layers.dropout({ rate: 0.5 }));
      const { call } = prototype;
      replace();
      const wrapped = () => x;
      prototype.call = wrapped;
      undo();
      expect(prototype.call).toBe(wrapped);
      prototype.call = call;
    });

    it('refuse a second input', () => {
      replace();
      expect(() => layers.dropout({ rate: 0.5 }).apply([x, x])).toThrow(/^x has to be a single tensor, but got 2/);
    });

    it('keep their automatic names', () => {
      const count = () => Number(/\d+$/.exec(layers.gaussianNoise({ stddev: 1 }).name));
      const before = count();
      replace();
      expect(count()).toBe(before + 1);
    });
  });

  it.each([
    [0.2, 0.62],
    [0.8, 3.38],
  ])("AlphaDropout(%s) keeps mean 0 and deviation 1, whereas TensorFlow.js's has mean %s", async (rate, mean) => {
    const normal = tf.randomNormal([200, 1000], 0, 1, 'float32', 5);
    const moments = (layer: layers.Layer) => {
      const { mean, variance } = tf.moments(train(layer, normal));
      return [valuesOf(mean)[0]!, Math.sqrt(valuesOf(variance)[0]!)] as const;
    };
    const model = sequential({ layers: [layers.alphaDropout({ rate, inputShape: [1000] })] });
    expect(moments(model.layers[0]!)[0]).toBeCloseTo(mean, 1);
    replace();
    arrays.manualSeed(1);
    const [m, deviation] = moments((await restore(await store(model))).layers[0]!);
    expect(Math.abs(m)).toBeLessThan(0.1);
    expect(Math.abs(deviation - 1)).toBeLessThan(0.1);
  });
});
