/** `toBuiltins`, which rewrites stored models to TensorFlow.js's own layers. */
import * as tf from '@tensorflow/tfjs-core';
import { input, layers, model, sequential } from '@tensorflow/tfjs-layers';
import * as arrays from 'dropout-wasm';
import * as tfjs from 'dropout-wasm/tfjs';
import { describe, expect, it } from 'vitest';
import { refuses } from '../../support/expect.js';
import { layerNames } from '../../support/layers.js';
import { restore, store, valuesOf } from '../../support/tfjs.js';

const { toBuiltins } = tfjs;
const { classNameMap } = tf.serialization.SerializationMap.getMap();
const theirs = { ...classNameMap };
for (const name of Object.keys(theirs)) if (/Wasm$/.test(name)) delete theirs[name];

/** Loads a model with TensorFlow.js's own layers, as a program without this package does. */
async function restoreWithout(stored: tf.io.ModelArtifacts) {
  const all = { ...classNameMap };
  for (const name of Object.keys(classNameMap)) if (!theirs[name]) delete classNameMap[name];
  Object.assign(classNameMap, theirs);
  try {
    return await restore(stored);
  } finally {
    Object.assign(classNameMap, all);
  }
}

const rewritten = (stored: tf.io.ModelArtifacts, options?: tfjs.ToBuiltinsOptions): tf.io.ModelArtifacts => ({
  ...stored,
  modelTopology: toBuiltins(stored.modelTopology, options),
});

/** A topology of these layers. */
const bare = (...all: [className: string, config: object, more?: object | undefined][]) => ({
  class_name: 'Sequential',
  config: {
    name: 'm',
    layers: all.map(([class_name, config, more], i) => ({
      class_name,
      config: { name: `layer${i}`, ...config },
      ...more,
    })),
  },
});

/** What becomes of a layer. */
const one = (className: string, config: object, options?: tfjs.ToBuiltinsOptions, more?: object) =>
  (toBuiltins(bare([className, config, more]), options) as ReturnType<typeof bare>).config.layers[0];

/** What every layer of this package stores, and TensorFlow.js does not know. */
const own = { always: false, generator: { seed: '0x3', position: 4, children: 0 } };
const common = { trainable: true, batch_input_shape: [null, 4, 6], dtype: 'float32' };

describe('a layer that TensorFlow.js has', () => {
  it.each([
    ['DropoutWasm', 'Dropout', { rate: 0.5, noise_shape: [null, 1, 6], seed: 3 }],
    ['DropoutWasm', 'Dropout', { rate: 0.5, noise_shape: null, seed: null }],
    ['Dropout1dWasm', 'SpatialDropout1D', { rate: 0.5, seed: 3 }],
    ['AlphaDropoutWasm', 'AlphaDropout', { rate: 0.5, noise_shape: [4, 1, 6], seed: 3 }],
    ['GaussianDropoutWasm', 'GaussianDropout', { rate: 0.5, seed: 3 }],
    ['GaussianNoiseWasm', 'GaussianNoise', { stddev: 0.5, seed: -0.5 }],
  ])('%s becomes %s %j', (from, to, args) => {
    const stored = { ...common, ...own, channels: 'last', ...args };
    const expected = { class_name: to, config: { name: 'layer0', ...common, ...args } };
    for (const inferenceOnly of [false, true]) expect(one(from, stored, { inferenceOnly })).toEqual(expected);
    // What replaceBuiltins stores.
    expect(one(to, stored)).toEqual(expected);
  });

  it('keeps the spelling of the topology', () => {
    const config = { name: 'drop', batchInputShape: [null, 6], rate: 0.5, noiseShape: [null, 1], ...own };
    expect(toBuiltins({ className: 'Sequential', config: [{ className: 'DropoutWasm', config }] })).toEqual({
      className: 'Sequential',
      config: [
        {
          className: 'Dropout',
          config: { name: 'drop', batchInputShape: [null, 6], rate: 0.5, noiseShape: [null, 1] },
        },
      ],
    });
  });
});

const NONE = [
  'Dropout2dWasm',
  'Dropout3dWasm',
  'FeatureAlphaDropoutWasm',
  'DropPathWasm',
  'DropBlock2dWasm',
  'LockedDropoutWasm',
  'SpatialDropout2D',
  'SpatialDropout3D',
];

describe('a layer that TensorFlow.js does not have', () => {
  it.each([
    ...NONE.map((name): [string, object] => [name, {}]),
    // TensorFlow.js has it for channels last alone.
    ['Dropout1dWasm', { channels: 'first' }],
    ['SpatialDropout1D', { channels: 'first' }],
    // It drops nothing at rate 1.
    ['DropoutWasm', { rate: 1 }],
    // It takes no null.
    ['AlphaDropoutWasm', { noise_shape: [null, 1] }],
    ['AlphaDropoutWasm', { noiseShape: [null] }],
  ])('%s %j is an error, or a linear activation', (name, args) => {
    const config = { rate: 0.5, ...common, ...own, ...args };
    refuses(
      () => one(name, config),
      Error,
      `layer "layer0" (${name}): TensorFlow.js has no equal: load it with dropout-wasm/tfjs, or set inferenceOnly`,
    );
    const nodes = (kwargs: object) => ({ name: 'layer0', inbound_nodes: [[['in', 0, 0, kwargs]]] });
    expect(one(name, config, { inferenceOnly: true }, nodes({ training: false, mask: null }))).toEqual({
      class_name: 'Activation',
      config: { name: 'layer0', ...common, activation: 'linear' },
      // Keras's Activation takes no `training`.
      ...nodes({ mask: null }),
    });
  });

  it.each(layerNames(arrays))('or that it has: src/tfjs/to-builtins.ts knows %s', (name) => {
    const call = () => one(`${name}Wasm`, { rate: 0.5, always: true });
    expect(call, `src/tfjs/to-builtins.ts does not know ${name}`).toThrow(`(${name}Wasm)`);
  });
});

describe('a layer that is active in evaluation', () => {
  const node = (kwargs: object) => ({ name: 'layer0', inbound_nodes: [[['in', 0, 0, kwargs]]] });

  it.each([false, true])('is an error, inferenceOnly %s', (inferenceOnly) => {
    for (const name of ['DropoutWasm', 'Dropout', ...NONE]) {
      refuses(
        () => one(name, { ...own, rate: 0.5, always: true }, { inferenceOnly }),
        Error,
        `layer "layer0" (${name}) is active in predict. TensorFlow.js has no equal: `,
      );
      refuses(
        () => one(name, { ...own, rate: 0.5 }, { inferenceOnly }, node({ training: true })),
        Error,
        `layer "layer0" (${name}) is active in predict. TensorFlow.js has no equal: `,
      );
    }
  });

  it('is a linear activation where training: false is fixed, since TensorFlow.js ignores it', () => {
    for (const always of [false, true])
      expect(one('DropoutWasm', { ...own, rate: 0.5, always }, {}, node({ training: false, mask: null }))).toEqual({
        class_name: 'Activation',
        config: { name: 'layer0', activation: 'linear' },
        ...node({ mask: null }),
      });
  });

  it('is one that TensorFlow.js has otherwise', () => {
    for (const kwargs of [{}, { training: null }])
      expect(one('DropoutWasm', { ...own, rate: 0.5 }, {}, node(kwargs))).toEqual({
        class_name: 'Dropout',
        config: { name: 'layer0', rate: 0.5 },
        ...node(kwargs),
      });
  });
});

describe('a stored model', () => {
  const all = () => [
    new tfjs.Dropout({ rate: 0.5, seed: 3, name: 'drop', inputShape: [4, 6] }),
    new tfjs.Dropout1d({ rate: 0.5, name: 'spatial' }),
    new tfjs.AlphaDropout({ rate: 0.5, name: 'alpha' }),
    new tfjs.GaussianDropout({ rate: 0.5, name: 'gaussian' }),
    new tfjs.GaussianNoise({ stddev: 0.5, name: 'noise' }),
  ];
  /** The same layers of TensorFlow.js. */
  const plain = () => [
    layers.dropout({ rate: 0.5, name: 'drop', inputShape: [4, 6] }),
    layers.spatialDropout1d({ rate: 0.5, name: 'spatial' }),
    layers.alphaDropout({ rate: 0.5, name: 'alpha' }),
    layers.gaussianDropout({ rate: 0.5, name: 'gaussian' }),
    layers.gaussianNoise({ stddev: 0.5, name: 'noise' }),
  ];
  const names = ['Dropout', 'SpatialDropout1D', 'AlphaDropout', 'GaussianDropout', 'GaussianNoise'];
  const x = tf.randomNormal([2, 4, 6], 0, 1, 'float32', 1);

  it("loads with TensorFlow.js's own layers, which are as they would have been made", async () => {
    const stored = await store(sequential({ layers: all() }));
    await expect(restoreWithout(stored)).rejects.toThrow(/^Unknown layer: DropoutWasm/);
    const loaded = await restoreWithout(rewritten(stored));
    const expectedLayers = plain();
    for (const [i, layer] of loaded.layers.entries()) {
      expect(layer.constructor).toBe(expectedLayers[i]!.constructor);
      const { seed, ...config } = layer.getConfig() as tf.serialization.ConfigDict;
      const { seed: _, ...expected } = expectedLayers[i]!.getConfig() as tf.serialization.ConfigDict;
      expect(config).toMatchObject(JSON.parse(JSON.stringify(expected)));
    }
    expect(valuesOf(loaded.predict(x))).toEqual(valuesOf(x));
    const y = loaded.apply(x, { training: true });
    expect(valuesOf(y)).not.toEqual(valuesOf(x));
  });

  it('is not changed, and gives the same topology twice', async () => {
    const { modelTopology } = await store(sequential({ layers: all() }));
    const before = structuredClone(modelTopology);
    const first = toBuiltins(modelTopology);
    expect(modelTopology).toEqual(before);
    expect(toBuiltins(modelTopology)).toEqual(first);
    expect(toBuiltins(first)).toEqual(first);
    expect(JSON.stringify(first)).not.toMatch(/Wasm|generator|always/);
  });

  it('may be in the form that Keras writes', async () => {
    const { modelTopology } = await store(sequential({ layers: all() }));
    const around = { keras_version: '2.15.0', backend: 'tensorflow', training_config: { optimizer: null } };
    for (const name of ['model_config', 'modelConfig'])
      expect(toBuiltins({ ...around, [name]: modelTopology })).toEqual({
        ...around,
        [name]: toBuiltins(modelTopology),
      });
  });

  it('may have been stored after replaceBuiltins', async () => {
    const undo = tfjs.replaceBuiltins();
    const made = sequential({ layers: plain() });
    const stored = [await store(made), await store(await restore(await store(made)))];
    undo();
    for (const each of stored) {
      expect(JSON.stringify(each.modelTopology)).toContain('generator');
      const cleaned = rewritten(each);
      expect(JSON.stringify(cleaned.modelTopology)).not.toMatch(/generator|always|channels/);
      const loaded = await restoreWithout(cleaned);
      expect(loaded.layers.map((layer) => layer.getClassName())).toEqual(names);
      expect(valuesOf(loaded.predict(x))).toEqual(valuesOf(x));
    }
  });

  it('may be a graph with nested models, wrappers and a shared layer', async () => {
    const inner = sequential({ name: 'inner', layers: [new tfjs.Dropout2d({ rate: 0.5, inputShape: [4, 6, 1] })] });
    const inputs = input({ shape: [4, 6, 1] });
    const shared = new tfjs.GaussianNoise({ stddev: 0.5, name: 'shared' });
    const wrapped = layers.timeDistributed({ layer: new tfjs.Dropout({ rate: 0.5 }) });
    const both = layers.add().apply([shared.apply(inputs), shared.apply(inner.apply(inputs) as never)] as never);
    const reshaped = layers.reshape({ targetShape: [4, 6] }).apply(wrapped.apply(both) as never);
    const rnn = layers.bidirectional({
      layer: layers.gru({ units: 2, recurrentInitializer: 'glorotNormal' }) as layers.RNN,
      mergeMode: 'concat',
    });
    const graph = model({ inputs, outputs: rnn.apply(reshaped as never) as never });
    const stored = await store(graph as never);
    refuses(() => toBuiltins(stored.modelTopology), Error, /^layer "dropout2d_wasm_\w+" \(Dropout2dWasm\)/);
    const loaded = await restoreWithout(rewritten(stored, { inferenceOnly: true }));
    const x = tf.randomNormal([2, 4, 6, 1], 0, 1, 'float32', 1);
    const [y, expected] = [loaded, graph].map((each) => valuesOf(each.predict(x)));
    expect(y).toEqual(expected);
    expect((loaded.getLayer('inner') as unknown as typeof loaded).layers[0]!.getClassName()).toBe('Activation');
  });

  it('without layers of this package comes back as an equal copy', async () => {
    const others = [
      // Layers that replaceBuiltins has not made, and classes of somebody else.
      ['Dropout', { rate: 0.5, noise_shape: null, seed: 1 }],
      ['SpatialDropout2D', { rate: 0.5, data_format: 'channels_last' }],
      ['FancyWasm', { rate: 0.5, generator: null, always: true }],
      ['Dense', { units: 1, kernel_initializer: { class_name: 'Zeros', config: {} } }],
    ] as [string, object][];
    const topology = bare(...others);
    for (const inferenceOnly of [false, true]) {
      const copy = toBuiltins(topology, { inferenceOnly }) as typeof topology;
      expect(copy).toEqual(topology);
      expect(copy).not.toBe(topology);
      expect(copy.config.layers[0]).not.toBe(topology.config.layers[0]);
    }
  });
});

describe('bad input', () => {
  it.each([
    ['a string', JSON.stringify(bare()), /^modelTopology has to be an object, but got .*: JSON\.parse it$/],
    ['an ArrayBuffer', new ArrayBuffer(8), /got ArrayBuffer/],
    [
      'a model',
      sequential({ layers: [new tfjs.Dropout({ rate: 0.5, inputShape: [4] })] }),
      /^modelTopology has to be JSON, but got Sequential: toJSON\(null, false\)$/,
    ],
    ['a list', [bare()], /^modelTopology/],
    ['null', null, /got null/],
    ['nothing', undefined, /got null/],
  ])('%s is a TypeError', (_, topology, message) => {
    refuses(() => toBuiltins(topology as never), TypeError, message);
  });

  it('a whole model.json is not: its topology is rewritten', () => {
    const topology = bare(['DropoutWasm', { rate: 0.5 }]);
    expect(toBuiltins({ format: 'layers-model', modelTopology: topology })).toEqual({
      format: 'layers-model',
      modelTopology: toBuiltins(topology),
    });
  });

  it('an option has to be known and a boolean', () => {
    refuses(() => toBuiltins(bare(), { inferenceonly: true } as never), TypeError, 'unknown option "inferenceonly"');
    for (const inferenceOnly of [1, 'true', null])
      refuses(() => toBuiltins(bare(), { inferenceOnly } as never), TypeError, /^inferenceOnly has to be a boolean/);
    refuses(() => toBuiltins(bare(), true as never), TypeError, /^options has to be an object/);
    expect(toBuiltins(bare(), { inferenceOnly: undefined } as never)).toEqual(bare());
  });
});
