/**
 * What models store of the streams that nobody seeded, of those that somebody did, and what older versions stored.
 * Nothing calls `manualSeed` before the last test, so the default generator has no seed.
 */
import * as tf from '@tensorflow/tfjs-core';
import { input, type layers, model, sequential } from '@tensorflow/tfjs-layers';
import * as arrays from 'dropout-wasm';
import * as tfjs from 'dropout-wasm/tfjs';
import { describe, expect, it } from 'vitest';
import { refuses } from '../../support/expect.js';
import { restore, store, storedLayers, train, valuesOf } from '../../support/tfjs.js';

const x = tf.ones([1, 40]);
const ones = () => new Float32Array(40).fill(1);
const stateOf = (layer: layers.Layer) => layer.getConfig().generator as unknown as arrays.GeneratorJSON | null;

/** A stored model of these layers. */
const stored = (...configs: object[]) =>
  ({
    modelTopology: {
      class_name: 'Sequential',
      config: {
        name: 'stored',
        layers: configs.map((config, i) => ({
          class_name: 'DropoutWasm',
          config: { name: `layer${i}`, trainable: true, rate: 0.25, ...config },
        })),
      },
    },
  }) as never;
const first = { batch_input_shape: [null, 40], dtype: 'float32' };

describe('a stream that nobody seeded', () => {
  it('is stored as null, and resumes unseeded', async () => {
    const unseeded = new arrays.Generator();
    const all = sequential({
      layers: [new tfjs.Dropout({ rate: 0.5, inputShape: [40] }), new tfjs.Dropout({ rate: 0.5, generator: unseeded })],
    });
    all.apply(x, { training: true });
    const artifacts = await store(all);
    expect(storedLayers(artifacts).map(({ config }) => config.generator)).toEqual([null, null]);
    const loaded = await restore(artifacts);
    for (const layer of loaded.layers) {
      expect(stateOf(layer)).toBeNull();
      expect(valuesOf(train(layer, x))).not.toEqual(valuesOf(train(layer, x)));
    }
  });

  it('does not keep LockedDropout from storing the mask in use', async () => {
    const locked = new tfjs.LockedDropout({ rate: 0.5, lock: 'reset', inputShape: [5, 8] });
    const x = tf.ones([4, 5, 8]);
    const mask = valuesOf(train(locked, x));
    const artifacts = await store(sequential({ layers: [locked] }));
    const { config } = storedLayers(artifacts)[0]!;
    expect(config).toMatchObject({ generator: null, lock: { batch: 4, features: 8 } });
    const loaded = (await restore(artifacts)).layers[0] as tfjs.LockedDropout;
    expect(valuesOf(train(loaded, x))).toEqual(mask);
    loaded.reset();
    expect(valuesOf(train(loaded, x))).not.toEqual(mask);
    refuses(
      () => new tfjs.LockedDropout({ rate: 0.5, lock: { key: 1, batch: 4, features: 8 } } as never),
      TypeError,
      /^lock\.key has to be /,
    );
  });

  it('may be given as null, like any other option', () => {
    const nothing = { seed: null, generator: null, channels: null, always: null, name: null, dtype: undefined };
    const layer = new tfjs.Dropout2d({ rate: 0.5, ...nothing } as never);
    expect(layer.getConfig()).toMatchObject({ channels: 'last', always: false, generator: null });
  });
});

describe('what version 0.1.0 stored', () => {
  it('continues with the next masks, and null is unseeded', async () => {
    const model = await restore(
      stored({ ...first, generator: { seed: '0x7', position: 1 } }, { generator: null, always: false }),
    );
    const key = new arrays.Generator(7).keyAt(1);
    expect(valuesOf(train(model.layers[0]!, x))).toEqual([...arrays.dropout(ones(), { p: 0.25, key })]);
    expect(stateOf(model.layers[0]!)).toEqual({ seed: '0x7', position: 2, children: 0 });
    expect(model.layers[1]!.getConfig()).toMatchObject({ rate: 0.25, always: false, generator: null });
  });

  it('with an option that no version had is refused', async () => {
    await expect(restore(stored({ ...first, rat: 1 }))).rejects.toThrow(/^unknown option "rat"/);
    await expect(restore(stored({ ...first, generator: { seed: '0x7', positions: 1 } }))).rejects.toThrow(
      /^unknown option "positions"/,
    );
  });
});

describe('training: true or false at a node of a graph', () => {
  /** A model with a layer that was applied with these arguments. */
  const graph = (layer: layers.Layer, ...kwargs: [] | [object]) => {
    const inputs = input({ shape: [40] });
    return model({ inputs, outputs: layer.apply(inputs, ...kwargs) as never });
  };
  const calls = (of: layers.Layer, kwargs: object) => [0, 1].map(() => valuesOf(of.apply(x, kwargs)));

  it('true is active in predict, also after storing', async () => {
    const mc = graph(new tfjs.Dropout({ rate: 0.5, seed: 1 }), { training: true });
    const expected = new arrays.Dropout(0.5, { seed: 1 });
    for (let call = 0; call < 2; call++) expect(valuesOf(mc.predict(x))).toEqual([...expected.forward(ones())]);
    const loaded = await restore(await store(mc as never));
    expect(valuesOf(loaded.predict(x))).toEqual([...expected.forward(ones())]);
  });

  it('false is never active, also after storing', async () => {
    const frozen = graph(new tfjs.Dropout({ rate: 0.5, seed: 1, always: true }), { training: false });
    const loaded = await restore(await store(frozen as never));
    for (const each of [frozen, loaded])
      for (const y of calls(each, { training: true })) expect(y).toEqual([...ones()]);
  });

  it.each([[], [{}], [{ training: null }], [{ training: undefined }]])(
    '%j leaves the mode to the call',
    (...kwargs) => {
      const both = graph(new tfjs.Dropout({ rate: 0.5, seed: 1 }), ...(kwargs as [object]));
      expect(valuesOf(both.predict(x))).toEqual([...ones()]);
      const [a, b] = calls(both, { training: true });
      expect(a).not.toEqual(b);
    },
  );

  it('is an error if it differs from another node of the layer', () => {
    const layer = new tfjs.Dropout({ rate: 0.5, name: 'twice' });
    graph(layer, { training: true });
    graph(layer, { training: true });
    for (const kwargs of [{ training: false }, {}])
      refuses(() => graph(layer, kwargs), Error, /^twice is applied with training: true and \w+: make two layers$/);
    const plain = new tfjs.Dropout({ rate: 0.5 });
    graph(plain);
    refuses(() => graph(plain, { training: true }), Error, 'make two layers');
  });

  it('is not fixed by a call that is refused', () => {
    const layer = new tfjs.Dropout2d({ rate: 0.5 });
    expect(() => graph(layer, { training: true })).toThrow('ndim=4');
    expect(() => layer.apply([input({ shape: [1] }), input({ shape: [1] })])).toThrow(/^x has to be a single tensor/);
    layer.apply(input({ shape: [4, 4, 1] }));
  });
});

// Last, since it seeds the default generator.
it('a stream that manualSeed seeded is stored, even before the first draw, and no longer follows it', async () => {
  const layer = new tfjs.Dropout({ rate: 0.5, inputShape: [40] });
  expect(stateOf(layer)).toBeNull();
  arrays.manualSeed(42);
  expect(stateOf(layer)).toMatchObject({ position: 0, children: 0 });
  const loaded = (await restore(await store(sequential({ layers: [layer] })))).layers[0]!;
  arrays.manualSeed(1);
  const expected = new arrays.Dropout(0.5, { seed: new arrays.Generator(42).fork('#0').seed });
  expect(valuesOf(train(loaded, x))).toEqual([...expected.forward(ones())]);
  expect(valuesOf(train(layer, x))).not.toEqual([...expected.backward(ones())]);
});
