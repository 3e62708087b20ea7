/**
 * `dropout-wasm/tfjs/inference`, which makes models with layers of dropout-wasm/tfjs load as layers that pass their input
 * through. Vitest gives this file modules of its own, so its first import decides which classes are registered.
 */
import 'dropout-wasm/tfjs/inference';
import * as tf from '@tensorflow/tfjs-core';
import { input, type layers, model, sequential } from '@tensorflow/tfjs-layers';
import * as arrays from 'dropout-wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { layerNames } from '../../support/layers.js';
import { restore, store, storedLayers, train, valuesOf } from '../../support/tfjs.js';

type Classes = Record<string, new (args: object) => layers.Layer>;

const { classNameMap } = tf.serialization.SerializationMap.getMap();
const registered = () => Object.entries(classNameMap).filter(([name]) => name.endsWith('Wasm'));
const ours = registered();

const x = tf.tensor(
  Array.from({ length: 24 }, (_, i) => i - 12),
  [4, 6],
);

/** A stored model of one layer. */
const stored = (class_name: string, config: object, node?: object) =>
  node
    ? ({
        modelTopology: {
          class_name: 'Model',
          config: {
            name: 'graph',
            layers: [
              {
                name: 'in',
                class_name: 'InputLayer',
                config: { batch_input_shape: [null, 6], dtype: 'float32', sparse: false, name: 'in' },
                inbound_nodes: [],
              },
              {
                name: 'drop',
                class_name,
                config: { name: 'drop', trainable: true, ...config },
                inbound_nodes: [[['in', 0, 0, node]]],
              },
            ],
            input_layers: [['in', 0, 0]],
            output_layers: [['drop', 0, 0]],
          },
        },
      } as never)
    : ({
        modelTopology: {
          class_name: 'Sequential',
          config: {
            name: 'stored',
            layers: [
              {
                class_name,
                config: { name: 'drop', trainable: true, batch_input_shape: [null, 6], dtype: 'float32', ...config },
              },
            ],
          },
        },
      } as never);

const REFUSED = 'dropout-wasm/tfjs/inference only evaluates: import dropout-wasm/tfjs';

it.each(layerNames(arrays))('src/tfjs/inference.ts registers %s', (name) => {
  expect(
    ours.map(([className]) => className),
    `src/tfjs/inference.ts does not register ${name}`,
  ).toContain(`${name}Wasm`);
});

describe.each(ours.map(([name]) => name))('%s', (className) => {
  const config = {
    [className === 'GaussianNoiseWasm' ? 'stddev' : 'rate']: 0.5,
    always: false,
    seed: 7,
    generator: { seed: '0x7', position: 3, children: 0 },
    // What another version may store.
    lock: { key: '0x1', batch: 4, features: 6 },
    noise_shape: [null, 6],
  };

  it('passes its input through in evaluation, and keeps its shape', async () => {
    const loaded = await restore(stored(className, config));
    expect(loaded.outputs[0]!.shape).toEqual([null, 6]);
    expect(valuesOf(loaded.predict(x))).toEqual(valuesOf(x));
    expect(valuesOf(loaded.apply(x, { training: false }))).toEqual(valuesOf(x));
    expect(loaded.layers[0]!.supportsMasking).toBe(true);
  });

  it('is stored as it was loaded', async () => {
    const before = stored(className, config);
    const { modelTopology } = before as { modelTopology: object };
    const copy = structuredClone(modelTopology);
    const again = await store(await restore(before));
    expect(modelTopology).toEqual(copy);
    expect(storedLayers(again)).toEqual(storedLayers(before));
  });

  it('refuses to train', async () => {
    const loaded = await restore(stored(className, config));
    expect(() => loaded.apply(x, { training: true })).toThrow(`drop is called with training: true, but ${REFUSED}`);
    expect(() => train(loaded.layers[0]!, x)).toThrow(REFUSED);
  });

  it('refuses to be always active, when it is loaded', async () => {
    await expect(restore(stored(className, { ...config, always: true }))).rejects.toThrow(
      `drop is stored with always: true, but ${REFUSED}`,
    );
    await expect(restore(stored(className, config, { training: true }))).rejects.toThrow(
      `drop is called with training: true, but ${REFUSED}`,
    );
  });

  it.each([{}, { training: false }, { training: null }])('loads at a node with %j', async (node) => {
    const loaded = await restore(stored(className, config, node));
    expect(valuesOf(loaded.predict(x))).toEqual(valuesOf(x));
    const again = await store(loaded);
    expect(storedLayers(again)[1]).toMatchObject({ class_name: className, config });
  });
});

it('a layer takes a single tensor', async () => {
  const layer = (await restore(stored('DropoutWasm', { rate: 0.5 }))).layers[0]!;
  expect(valuesOf(layer.apply([x]))).toEqual(valuesOf(x));
  const inputs = [input({ shape: [6] }), input({ shape: [6] })];
  for (const two of [[x, x], inputs])
    expect(() => layer.apply(two as tf.Tensor[])).toThrow(/^drop takes a single tensor$/);
});

it('lets a model evaluate, but not fit', async () => {
  const dense = { units: 6, use_bias: false, activation: 'linear' };
  const topology = stored('DropoutWasm', { rate: 0.5 }) as { modelTopology: { config: { layers: object[] } } };
  topology.modelTopology.config.layers.push({
    class_name: 'Dense',
    config: { ...dense, kernel_initializer: { class_name: 'Identity', config: { gain: 1 } }, name: 'dense' },
  });
  const loaded = await restore(topology as never);
  loaded.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
  expect(valuesOf(loaded.evaluate(x, x))).toEqual([0]);
  await expect(loaded.fit(x, x, { verbose: 0 })).rejects.toThrow(REFUSED);
  expect(valuesOf(loaded.evaluate(x, x))).toEqual([0]);
});

it('works inside of wrappers, which refuse to train', async () => {
  const config = { layer: { class_name: 'DropoutWasm', config: { name: 'inner', trainable: true, rate: 0.5 } } };
  const wrapped = await restore(stored('TimeDistributed', { ...config, batch_input_shape: [null, 3, 6] }));
  const x = tf.ones([2, 3, 6]);
  expect(valuesOf(wrapped.predict(x))).toEqual(valuesOf(x));
  expect(() => wrapped.apply(x, { training: true })).toThrow(REFUSED);
});

it('leaks no tensor', async () => {
  const loaded = await restore(stored('DropoutWasm', { rate: 0.5 }));
  const { numTensors } = tf.memory();
  for (let i = 0; i < 3; i++) tf.dispose(loaded.predict(x));
  expect(tf.memory().numTensors).toBe(numTensors);
});

// Last, since importing dropout-wasm/tfjs changes what is registered.
describe('dropout-wasm/tfjs, imported later', () => {
  let tfjs: Classes;
  beforeAll(async () => {
    tfjs = (await import('dropout-wasm/tfjs')) as unknown as Classes;
  });

  it('takes over all of these names, and no others', () => {
    expect(registered().map(([name]) => name)).toEqual(ours.map(([name]) => name));
    for (const [name, [type]] of registered()) expect(type).toBe(tfjs[name.replace('Wasm', '')]);
  });

  it('is left alone when this entry is imported after it', async () => {
    const before = registered();
    const path = '../../../src/tfjs/inference.ts?again';
    await import(/* @vite-ignore */ path);
    expect(registered()).toEqual(before);
  });

  it('continues a model that was stored with its layers here', async () => {
    const trained = sequential({ layers: [new tfjs.Dropout!({ rate: 0.5, seed: 7, inputShape: [6] })] });
    train(trained.layers[0]!, x);
    const first = await store(trained);
    for (const [name, entry] of ours) classNameMap[name] = entry;
    const passed = await restore(first);
    expect(passed.layers[0]).not.toBeInstanceOf(tfjs.Dropout!);
    expect(valuesOf(passed.predict(x))).toEqual(valuesOf(x));
    const second = await store(passed);
    expect(second.modelTopology).toEqual(first.modelTopology);
    for (const type of Object.values(tfjs)) if ('className' in type) tf.serialization.registerClass(type as never);
    const again = await restore(second);
    expect(again.layers[0]).toBeInstanceOf(tfjs.Dropout!);
    expect(valuesOf(train(again.layers[0]!, x))).toEqual(valuesOf(train(trained.layers[0]!, x)));
  });

  it('has layers whose every configuration is kept', async () => {
    const shapes: Record<string, number[]> = { Dropout2d: [4, 4, 2], Dropout3d: [4, 4, 4, 2], DropBlock2d: [4, 4, 2] };
    for (const [name] of ours) {
      const type = name.replace('Wasm', '');
      const shape = shapes[type] ?? [5, 6];
      const inputs = input({ shape });
      const amount = type === 'GaussianNoise' ? { stddev: 1 } : { rate: 0.25 };
      const layer = new tfjs[type]!({ ...amount, seed: 3 });
      const graph = model({ inputs, outputs: layer.apply(inputs) as never });
      if (type === 'LockedDropout') train(layer, tf.ones([2, ...shape]));
      const first = await store(graph as never);
      const own = classNameMap[name]!;
      classNameMap[name] = ours.find(([other]) => other === name)![1];
      const second = await store(await restore(first));
      classNameMap[name] = own;
      expect(second.modelTopology, name).toEqual(first.modelTopology);
    }
  });
});
