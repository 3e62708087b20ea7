/** `monteCarloPredict`: which layers are active, what they draw, and that the model stays as it was. */
import * as tf from '@tensorflow/tfjs-core';
import { input, type LayersModel, layers, sequential, model as tfModel } from '@tensorflow/tfjs-layers';
import * as arrays from 'dropout-wasm';
import { merge } from 'dropout-wasm/monte-carlo';
import * as tfjs from 'dropout-wasm/tfjs';
import { describe, expect, it } from 'vitest';
import { restore, store, train, valuesOf } from '../../support/tfjs.js';

const { monteCarloPredict } = tfjs;
type Options = Parameters<typeof monteCarloPredict>[2];
type Kept = Promise<{ kept: readonly Float64Array[] | undefined }>;

/** TensorFlow.js's default for recurrent kernels needs more of TensorFlow.js than these tests import. */
const init = { recurrentInitializer: 'glorotNormal' } as const;
const both = { dropout: 0.25, recurrentDropout: 0.5 };

const random = (shape: number[]) => tf.randomNormal(shape, 0, 1, 'float32', 1);
const x = random([5, 8]);
const sequences = random([3, 4, 8]);
const images = random([2, 3, 4, 4, 1]);

/** A model of these layers, which takes rows like those of an input. */
const chain = (x: tf.Tensor, ...parts: layers.Layer[]) =>
  sequential({ layers: [layers.inputLayer({ inputShape: x.shape.slice(1) }), ...parts] });

/** The samples of a run, row after row. */
const samples = async (model: LayersModel, x: tf.Tensor | tf.Tensor[], options?: Partial<Options>) => {
  const { kept } = await (monteCarloPredict(model, x, { samples: 4, keep: true, ...options }) as Kept);
  return kept!.map((sample) => [...sample]);
};

const different = (lists: number[][]) => new Set(lists.map(String)).size;

const rowOf = (x: tf.Tensor, row: number) => tf.slice(x, [row], [1]);

/** Memory without the tensors that a test makes. */
const counts = () => {
  const { numTensors, numBytes, numDataBuffers } = tf.memory();
  return { numTensors, numBytes, numDataBuffers };
};

const rnn = (name: 'lstm' | 'gru' | 'simpleRNN', args: object = {}) =>
  layers[name]({ units: 3, ...both, ...init, ...args } as never);

/** Models with one kind of layer that draws each, by name. */
const MODELS: Record<string, () => [model: LayersModel, x: tf.Tensor]> = {
  Dropout: () => [chain(x, new tfjs.Dropout({ rate: 0.5, seed: 1 })), x],
  'Dropout that names the number of rows': () => [
    chain(sequences, new tfjs.Dropout({ rate: 0.5, seed: 1, noiseShape: [3, 1, 8] })),
    sequences,
  ],
  GaussianNoise: () => [chain(x, new tfjs.GaussianNoise({ stddev: 0.5, seed: 1 })), x],
  'LockedDropout until reset': () => [
    chain(sequences, new tfjs.LockedDropout({ rate: 0.5, seed: 1, lock: 'reset' })),
    sequences,
  ],
  "TF.js's dropout": () => [chain(x, layers.dropout({ rate: 0.5, seed: 1 })), x],
  "TF.js's dropout with a noise shape": () => [
    chain(sequences, layers.dropout({ rate: 0.5, seed: 1, noiseShape: [3, 1, 8] })),
    sequences,
  ],
  "TF.js's spatialDropout1d": () => [chain(sequences, layers.spatialDropout1d({ rate: 0.5, seed: 1 })), sequences],
  "TF.js's alphaDropout": () => [chain(x, layers.alphaDropout({ rate: 0.5 })), x],
  "TF.js's gaussianDropout": () => [chain(x, layers.gaussianDropout({ rate: 0.5 })), x],
  "TF.js's gaussianNoise": () => [chain(x, layers.gaussianNoise({ stddev: 0.5 })), x],
  'a nested model': () => [chain(x, chain(x, chain(x, new tfjs.Dropout({ rate: 0.5, seed: 1 })))), x],
  timeDistributed: () => [
    chain(sequences, layers.timeDistributed({ layer: new tfjs.Dropout({ rate: 0.5, seed: 1 }) })),
    sequences,
  ],
  "timeDistributed of TF.js's dropout": () => [
    chain(sequences, layers.timeDistributed({ layer: layers.dropout({ rate: 0.5, seed: 1 }) })),
    sequences,
  ],
  lstm: () => [chain(sequences, rnn('lstm')), sequences],
  gru: () => [chain(sequences, rnn('gru')), sequences],
  'gru of recurrent dropout alone': () => [chain(sequences, rnn('gru', { dropout: 0 })), sequences],
  simpleRNN: () => [chain(sequences, rnn('simpleRNN')), sequences],
  convLstm2d: () => [
    chain(images, layers.convLstm2d({ filters: 2, kernelSize: 2, ...both, ...init } as never), layers.flatten()),
    images,
  ],
  'stacked cells': () => [
    chain(
      sequences,
      layers.rnn({
        cell: [
          layers.lstmCell({ units: 2, recurrentDropout: 0.5, ...init }),
          layers.gruCell({ units: 2, ...init }),
          layers.simpleRNNCell({ units: 2, dropout: 0.5, ...init }),
        ],
      }),
    ),
    sequences,
  ],
  bidirectional: () => [
    chain(sequences, layers.bidirectional({ layer: rnn('gru') as never, mergeMode: 'concat' } as never)),
    sequences,
  ],
  'bidirectional in timeDistributed': () => {
    const layer = layers.bidirectional({ layer: rnn('lstm') as never, mergeMode: 'sum' } as never);
    const long = tf.reshape(sequences, [3, 2, 2, 8]);
    return [chain(long, layers.timeDistributed({ layer })), long];
  },
};

describe.each(Object.keys(MODELS))('%s', (name) => {
  const [model, x] = MODELS[name]!();
  const options = { seed: 7 };

  it('is active, with other masks in each sample, which a seed or the streams of the layers repeat', async () => {
    const seeded = await samples(model, x, options);
    expect(different(seeded)).toBe(4);
    expect(await samples(model, x, options)).toEqual(seeded);
    expect(different([...(await samples(model, x, { seed: 8 })), ...seeded])).toBe(8);
    // A small cell has few masks, of which unseeded streams would draw one twice in every 25th run or so.
    arrays.manualSeed(1);
    const own = await samples(model, x);
    expect(await samples(model, x)).toEqual(own);
    expect(different([...own, ...seeded])).toBe(8);
    expect(await samples(model, x, { samples: 1, from: 2, ...options })).toEqual([seeded[2]]);
  });

  it('leaves the model as it was, and no tensor', async () => {
    const predict = () => valuesOf(model.predict(x));
    const before = predict();
    const parts = JSON.stringify(model.toJSON(null, false));
    const memory = counts();
    await samples(model, x, options);
    await samples(model, x, { masks: 'shared' });
    expect(counts()).toEqual(memory);
    expect(JSON.stringify(model.toJSON(null, false))).toBe(parts);
    expect(predict()).toEqual(before);
  });

  it('gives a row the same as in a batch of its own with shared masks, and something else with own masks', async () => {
    const shared = await samples(model, x, { masks: 'shared', ...options });
    const rows = x.shape[0]!;
    const width = shared[0]!.length / rows;
    for (let row = 0; row < rows; row++) {
      // A noise shape that names the number of rows fits no other number.
      if (name.includes('names') || name.includes('noise shape')) continue;
      const alone = await samples(model, rowOf(x, row), { masks: 'shared', ...options });
      expect(shared.map((sample) => sample.slice(row * width, (row + 1) * width))).toEqual(alone);
      expect(await samples(model, rowOf(x, row), options)).toEqual(alone);
    }
    const equal = tf.tile(rowOf(x, 0), [rows, ...x.shape.slice(1).map(() => 1)]);
    const kinds = (sample: number[]) =>
      different(Array.from({ length: rows }, (_, row) => sample.slice(row * width, (row + 1) * width)));
    const [sample] = await samples(model, equal, { masks: 'shared', ...options });
    expect(kinds(sample!)).toBe(1);
    expect(Math.max(...(await samples(model, equal, options)).map(kinds))).toBeGreaterThan(1);
  });

  it('cannot be in two runs at once, but in one after another, also after an error', async () => {
    const run = () => samples(model, x, options);
    const [first, second] = await Promise.allSettled([run(), run()]);
    expect(first.status).toBe('fulfilled');
    expect(second).toMatchObject({
      status: 'rejected',
      reason: { message: expect.stringMatching(/is in another run/) },
    });
    await expect(samples(model, x, { onSample: () => Promise.reject(new Error('no')) })).rejects.toThrow(/^no$/);
    await run();
  });
});

describe('a run', () => {
  it("draws from forks of the layers' own streams, in the order of the model", async () => {
    const own = new tfjs.Dropout({ rate: 0.5, seed: 3 });
    const model = chain(x, own, layers.dropout({ rate: 0.25, seed: 4 }));
    const expected = (streams: arrays.Generator[]) =>
      [0, 1].map((i) => {
        const [a, b] = streams.map((stream, k) => {
          return new arrays.Dropout(k ? 0.25 : 0.5, { seed: stream.fork(`sample ${i}`).seed });
        });
        return [...b!.forward(a!.forward(new Float32Array(valuesOf(x))))];
      });
    const seeds = [new arrays.Generator(3), new arrays.Generator(4)];
    expect(await samples(model, x, { samples: 2 })).toEqual(expected(seeds));
    const root = new arrays.Generator(9);
    const children = [root.fork('#0'), root.fork('#1')];
    expect(await samples(model, x, { samples: 2, seed: 9 })).toEqual(expected(children));
    expect(await samples(model, x, { samples: 2, generator: root })).toEqual(expected(children));
    expect(root.toJSON()).toMatchObject({ position: 0, children: 0 });
    expect(own.getConfig().generator).toMatchObject({ position: 0 });
  });

  it('draws from the stream that setRecurrentDropout set', async () => {
    const [a, b, c] = [3, 3, 4].map((seed) => {
      const model = chain(sequences, rnn('gru', { kernelInitializer: 'ones', recurrentInitializer: 'ones' }));
      tfjs.setRecurrentDropout(model, { seed });
      return model;
    });
    const expected = await samples(a!, sequences);
    expect(await samples(b!, sequences)).toEqual(expected);
    expect(await samples(c!, sequences)).not.toEqual(expected);
  });

  it('follows manualSeed where no layer has a seed', async () => {
    const model = chain(x, new tfjs.Dropout({ rate: 0.5 }), layers.gaussianNoise({ stddev: 1 }));
    arrays.manualSeed(5);
    const expected = await samples(model, x);
    arrays.manualSeed(6);
    expect(await samples(model, x)).not.toEqual(expected);
    arrays.manualSeed(5);
    expect(await samples(model, x)).toEqual(expected);
  });

  it('is the same with replaceBuiltins, and continues none of its streams', async () => {
    const model = chain(x, layers.dropout({ rate: 0.5, seed: 3 }));
    const expected = await samples(model, x);
    const undo = tfjs.replaceBuiltins();
    try {
      expect(await samples(model, x)).toEqual(expected);
      const twin = new arrays.Dropout(0.5, { seed: 3 });
      const mask = () => [...twin.forward(new Float32Array(valuesOf(x)))];
      expect(valuesOf(train(model, x))).toEqual(mask());
      expect(await samples(model, x)).toEqual(expected);
      expect(valuesOf(train(model, x))).toEqual(mask());
    } finally {
      undo();
    }
    expect(await samples(model, x)).toEqual(expected);
  });

  it('draws from the streams of layers that were loaded with replaceBuiltins', async () => {
    const undo = tfjs.replaceBuiltins();
    try {
      arrays.manualSeed(9);
      const loaded = await restore(await store(chain(x, layers.alphaDropout({ rate: 0.5 }))));
      const seed = new arrays.Generator(9).spawn().seed;
      expect(await samples(loaded, x)).toEqual(await samples(chain(x, new tfjs.AlphaDropout({ rate: 0.5, seed })), x));
    } finally {
      undo();
    }
  });

  it('leaves batch normalization and predict unchanged to the bit, and fit as it would have been', async () => {
    const create = () => {
      const model = chain(
        x,
        layers.dense({ units: 8, kernelInitializer: 'ones' }),
        layers.batchNormalization({}),
        new tfjs.Dropout({ rate: 0.5, seed: 3 }),
        new tfjs.GaussianDropout({ rate: 0.2, seed: 4 }),
        layers.dense({ units: 1, kernelInitializer: 'ones' }),
      );
      model.compile({ optimizer: 'sgd', loss: 'meanAbsoluteError' });
      return model;
    };
    const learn = (model: LayersModel) =>
      model.fit(x, tf.ones([5, 1]), { epochs: 2, batchSize: 2, shuffle: false, verbose: 0, yieldEvery: 'never' });
    const [a, b] = [create(), create()];
    for (const model of [a, b]) await learn(model);
    const weights = () => a.getWeights().map(valuesOf);
    const before = [weights(), valuesOf(a.predict(x))];
    await samples(a, x, { samples: 20 });
    expect([weights(), valuesOf(a.predict(x))]).toEqual(before);
    expect((await learn(a)).history).toEqual((await learn(b)).history);
    expect(weights()).toEqual(b.getWeights().map(valuesOf));
  });

  it('leaves a layer applied with training: false off, and draws the same with always or training: true', async () => {
    const inputs = input({ shape: [8] });
    const apply = (training: boolean | undefined, layer: layers.Layer) =>
      tfModel({ inputs, outputs: layer.apply(inputs, training === undefined ? {} : { training }) as never });
    for (const make of [() => new tfjs.Dropout({ rate: 0.5, seed: 1 }), () => layers.dropout({ rate: 0.5, seed: 1 })]) {
      const plain = await samples(apply(undefined, make()), x);
      expect(await samples(apply(true, make()), x)).toEqual(plain);
      await expect(samples(apply(false, make()), x)).rejects.toThrow(/^model has to be one with a dropout/);
      const off = make().apply(inputs, { training: false }) as never;
      const half = tfModel({ inputs, outputs: new tfjs.Dropout({ rate: 0.5, seed: 1 }).apply(off) as never });
      expect(await samples(half, x)).toEqual(plain);
    }
    expect(await samples(chain(x, new tfjs.Dropout({ rate: 0.5, seed: 1, always: true })), x)).toEqual(
      await samples(chain(x, new tfjs.Dropout({ rate: 0.5, seed: 1 })), x),
    );
    const long = input({ shape: [4, 8] });
    const off = tfModel({ inputs: long, outputs: rnn('gru').apply(long, { training: false }) as never });
    await expect(samples(off, sequences)).rejects.toThrow(/^model has to be one with a dropout/);
  });

  it('has a layer that is applied twice once, and draws two masks', async () => {
    const shared = new tfjs.Dropout({ rate: 0.5, seed: 1 });
    const inputs = input({ shape: [8] });
    const outputs = layers.concatenate().apply([shared.apply(inputs), shared.apply(inputs)] as never) as never;
    const [sample] = await samples(tfModel({ inputs, outputs }), tf.ones([1, 8]), { samples: 1 });
    const twin = new arrays.Dropout(0.5, { seed: new arrays.Generator(1).fork('sample 0').seed });
    const [first, second] = [0, 1].map(() => [...twin.forward(new Float32Array(8).fill(1))]);
    // TensorFlow.js computes the second branch first.
    expect(sample).toEqual([...second!, ...first!]);
  });

  it('has a layer once that is in a nested model and beside it', async () => {
    const shared = new tfjs.Dropout({ rate: 0.5, seed: 1 });
    const model = chain(x, chain(x, shared), shared);
    expect(different(await samples(model, x))).toBe(4);
  });

  it('keeps layers of rate 0 in the count, and drops all at rate 1', async () => {
    const silent = new tfjs.Dropout({ rate: 0 });
    const model = chain(x, silent, new tfjs.Dropout({ rate: 0.5 }));
    const expected = await samples(model, x, { seed: 1 });
    silent.rate = 1e-12;
    expect(await samples(model, x, { seed: 1 })).toEqual(expected);
    silent.rate = 1;
    expect((await samples(model, x, { seed: 1 })).flat().every((value) => value === 0)).toBe(true);
  });

  it('takes several inputs, and a single one in an array', async () => {
    const [a, b] = [input({ shape: [8] }), input({ shape: [3] })];
    const drop = new tfjs.Dropout({ rate: 0.5, seed: 1 }).apply(layers.concatenate().apply([a, b])) as never;
    const y = random([5, 3]);
    const result = await monteCarloPredict(tfModel({ inputs: [a, b], outputs: drop }), [x, y], { samples: 3 });
    expect(result).toMatchObject({ count: 3, shape: [5, 11], kind: 'values' });
    const model = chain(x, new tfjs.Dropout({ rate: 0.5, seed: 1 }));
    expect(await samples(model, [x])).toEqual(await samples(model, x));
  });

  it('takes more rows than the default batch of predict as one batch', async () => {
    const model = chain(x, new tfjs.Dropout({ rate: 0.5, seed: 1 }));
    const [sample] = await samples(model, tf.ones([100, 8]), { samples: 1 });
    const twin = new arrays.Dropout(0.5, { seed: new arrays.Generator(1).fork('sample 0').seed });
    expect(sample).toEqual([...twin.forward(new Float32Array(800).fill(1))]);
  });

  it('merges from ranges to the bytes of the whole, and passes on kind, until, keep and onSample', async () => {
    const model = chain(
      x,
      new tfjs.Dropout({ rate: 0.5, seed: 1 }),
      layers.dense({ units: 4, activation: 'softmax', kernelInitializer: 'glorotNormal' }),
    );
    const run = (from: number, samples: number) =>
      monteCarloPredict(model, x, { from, samples, kind: 'probabilities', seed: 2, masks: 'shared' });
    const whole = await run(0, 20);
    expect(merge(await run(11, 9), await run(0, 11)).toBytes()).toEqual(whole.toBytes());
    expect(whole.mutualInformation).toHaveLength(5);
    expect(whole.kept).toBeUndefined();
    const seen: number[] = [];
    const { count } = await monteCarloPredict(model, x, {
      samples: 500,
      until: { standardError: 0.1 },
      onSample: (index) => seen.push(index),
    });
    expect(count % 16).toBe(0);
    expect(count).toBeLessThan(500);
    expect(seen).toEqual(Array.from({ length: count }, (_, i) => i));
  });

  it('counts int32 and bool outputs as numbers', async () => {
    class Cast extends layers.Layer {
      static readonly className = 'Cast';
      constructor(readonly to: 'int32' | 'bool') {
        super({});
      }
      override call(inputs: tf.Tensor | tf.Tensor[]) {
        const x = [inputs].flat()[0]!;
        // The wasm backend's cast to bool keeps a 2.
        return this.to === 'bool' ? tf.greater(x, 0) : tf.cast(x, this.to);
      }
    }
    const ones = tf.ones([2, 8]);
    for (const [to, kept] of [
      ['int32', 2],
      ['bool', 1],
    ] as const) {
      const { mean } = await monteCarloPredict(
        chain(ones, new tfjs.Dropout({ rate: 0.5, seed: 1 }), new Cast(to)),
        ones,
        { samples: 64 },
      );
      for (const value of mean) expect(Math.abs(value / kept - 0.5)).toBeLessThan(0.25);
    }
  });

  it('starts each sample from the states of a stateful layer, which stay', async () => {
    const create = () =>
      sequential({
        layers: [layers.inputLayer({ batchInputShape: [3, 4, 8] }), rnn('lstm', { stateful: true }) as layers.RNN],
      });
    const [model, twin] = [create(), create()];
    twin.setWeights(model.getWeights());
    const predict = (model: LayersModel) => valuesOf(model.predict(sequences));
    expect(predict(model)).toEqual(predict(twin));
    const memory = counts();
    const all = await samples(model, sequences, { seed: 1 });
    expect(await samples(model, sequences, { seed: 1, from: 2, samples: 1 })).toEqual([all[2]]);
    expect(counts()).toEqual(memory);
    expect(predict(model)).toEqual(predict(twin));
  });

  it('gives recurrent cells back their function, masks and calls, also when a layer throws', async () => {
    const cell = layers.gruCell({ units: 2, ...both, ...init }) as unknown as Record<string, unknown>;
    const model = chain(sequences, layers.rnn({ cell: cell as never }));
    const failing = chain(sequences, model.layers[1]!, new tfjs.Dropout({ rate: 0.5 }));
    model.predict(sequences);
    const { dropoutFunc, dropoutMask, recurrentDropoutMask } = cell;
    expect(dropoutMask).toHaveLength(3);
    const memory = counts();
    await samples(model, sequences);
    failing.layers[2]!.call = () => {
      throw new Error('no call');
    };
    const { call } = failing.layers[2]!;
    // Our layer's own call is what runs.
    await expect(samples(failing, sequences)).rejects.toThrow(/^no call$/);
    expect(failing.layers[2]!.call).toBe(call);
    expect(counts()).toEqual(memory);
    expect(cell).toMatchObject({ dropoutFunc, dropoutMask, recurrentDropoutMask });
    for (const name of ['dropoutFunc', 'dropoutMask', 'recurrentDropoutMask'] as const)
      expect(cell[name]).toBe({ dropoutFunc, dropoutMask, recurrentDropoutMask }[name]);
    expect(Object.hasOwn(cell, 'call')).toBe(false);
    expect((dropoutMask as tf.Tensor[])[0]!.isDisposed).toBe(false);
  });

  it('restores a call of its own that a layer has, and calls its hook', async () => {
    const layer = layers.dropout({ rate: 0.5, seed: 1 });
    const model = chain(x, layer);
    const expected = await samples(model, x);
    const { call } = layer;
    layer.call = (inputs, kwargs) => call.call(layer, inputs, { ...kwargs, training: true });
    const own = layer.call;
    let hooks = 0;
    (layer as never as { setCallHook(hook: () => void): void }).setCallHook(() => hooks++);
    expect(await samples(model, x)).toEqual(expected);
    expect(layer.call).toBe(own);
    expect(hooks).toBe(4);
  });

  it('wakes classes that are derived from those of TensorFlow.js, with what their call adds', async () => {
    const Base = layers.dropout({ rate: 0.5 }).constructor as new (args: object) => tfjs.Dropout;
    class Plain extends Base {
      static className = 'PlainTest';
    }
    class Doubled extends Base {
      static className = 'DoubledTest';
      override call(...args: Parameters<tfjs.Dropout['call']>): tf.Tensor {
        return tf.mul(super.call(...args), 2);
      }
    }
    const { prototype } = Base;
    const { call } = prototype;
    const args = { rate: 0.5, seed: 1 };
    const expected = await samples(chain(x, layers.dropout(args)), x);
    const memory = counts();
    expect(await samples(chain(x, new Plain(args)), x)).toEqual(expected);
    expect(await samples(chain(x, new Doubled(args)), x)).toEqual(
      expected.map((sample) => sample.map((value) => 2 * value)),
    );
    // Two of a class change its call one after the other.
    await samples(chain(x, new Doubled(args), layers.dropout(args)), x);
    expect(prototype.call).toBe(call);
    expect(counts()).toEqual(memory);
  });

  it('has active layers only while the model runs', async () => {
    const model = chain(x, new tfjs.Dropout({ rate: 0.5, seed: 1 }), linear());
    const before = valuesOf(model.predict(x));
    const calls: number[][] = [];
    const run = monteCarloPredict(model, x, {
      samples: 3,
      onSample: () => {
        calls.push(valuesOf(model.predict(x)));
      },
    });
    calls.push(valuesOf(model.predict(x)));
    await run;
    expect(calls).toEqual([before, before, before, before]);
  });

  it('gives partial results, and can be left by break', async () => {
    const model = chain(x, new tfjs.Dropout({ rate: 0.5, seed: 1 }));
    const whole = await monteCarloPredict(model, x, { samples: 7 });
    const memory = counts();
    const counted: number[] = [];
    let last: Uint8Array | undefined;
    for await (const part of monteCarloPredict.stream(model, x, { samples: 7, every: 3 })) {
      counted.push(part.count);
      last = part.toBytes();
    }
    expect(counted).toEqual([3, 6, 7]);
    expect(last).toEqual(whole.toBytes());
    for await (const part of monteCarloPredict.stream(model, x, { samples: 7 })) if (part.count === 2) break;
    expect(counts()).toEqual(memory);
    await monteCarloPredict(model, x, { samples: 1 });
  });

  it('rejects with the reason of its signal, and can be run again', async () => {
    const model = chain(x, new tfjs.Dropout({ rate: 0.5, seed: 1 }));
    const abort = new AbortController();
    const memory = counts();
    const run = monteCarloPredict(model, x, {
      samples: 9,
      signal: abort.signal,
      onSample: (i) => i === 3 && abort.abort(new Error('enough')),
    });
    await expect(run).rejects.toThrow(/^enough$/);
    expect(counts()).toEqual(memory);
    await monteCarloPredict(model, x, { samples: 1 });
  });
});

/** A layer that draws nothing. */
const linear = () => layers.activation({ activation: 'linear' });

describe('what is refused', () => {
  const model = chain(x, new tfjs.Dropout({ rate: 0.5, seed: 1 }));
  const graph = { predict() {}, executeAsync() {}, outputs: [], constructor: { name: 'GraphModel' } };

  it.each([
    [undefined, x, {}, /^model has to be a tf.LayersModel, but got undefined$/],
    [{}, x, {}, /^model has to be a tf.LayersModel, but got Object$/],
    [[model], x, {}, /^model has to be a tf.LayersModel, but got /],
    [new tfjs.Dropout({ rate: 0.5 }), x, {}, /^model has to be a tf.LayersModel, but got Dropout/],
    [graph, x, {}, /^model has to be a tf.LayersModel, but got GraphModel: a graph model has no dropout left/],
    [model, [1, 2], {}, /^x has to be a tensor, but got 1: tensor\(x\)$/],
    [model, new Float32Array(8), {}, /^x has to be a tensor, but got Float32Array: tensor\(x\)$/],
    [model, undefined, {}, /^x has to be a tensor, but got undefined$/],
    [model, [], {}, /^x has to be a tensor, but got undefined$/],
    [model, [x, 3], {}, /^x has to be a tensor, but got 3/],
    [model, x, { layers: [] }, /^layers has to be left out, since those of the model are found, but got \[\]$/],
    [model, x, { mask: 'each' }, /^unknown option "mask": the options are samples, masks, from,/],
    [model, x, { batchSize: 4 }, /^unknown option "batchSize"/],
    [model, x, { every: 4 }, /^unknown option "every"/],
    [model, x, { masks: true }, /^masks has to be "each" or "shared", but got true$/],
    [model, x, { samples: undefined }, /^samples has to be/],
    [model, x, { seed: 1, generator: new arrays.Generator(1) }, /^generator has to be left out/],
    [chain(x, linear()), x, {}, /^model has to be one with a dropout or noise layer that is on, but got Sequential/],
    [chain(x, new tfjs.Dropout({ rate: 0 })), x, {}, /^model has to be one with a dropout or noise layer that is on/],
    [chain(x, new tfjs.Dropout({ rate: 1 })), x, {}, /^model has to be one with a dropout or noise layer that is on/],
    [chain(x, layers.gaussianNoise({ stddev: 0 })), x, {}, /^model has to be one with a dropout or noise layer/],
    [
      chain(sequences, rnn('gru', { dropout: 0, recurrentDropout: 0 })),
      sequences,
      {},
      /^model has to be one with a dr/,
    ],
    [
      chain(sequences, rnn('gru', { dropout: 1, recurrentDropout: 0 })),
      sequences,
      {},
      /^model has to be one with a dr/,
    ],
  ])('case %# is a TypeError, before anything is drawn', async (model, x, options, message) => {
    arrays.manualSeed(1);
    const run = monteCarloPredict(model as never, x as never, { samples: 2, ...options } as never);
    await expect(run).rejects.toThrow(TypeError);
    await expect(run).rejects.toThrow(message);
    const stream = monteCarloPredict.stream(model as never, x as never, { samples: 2, ...options } as never);
    if (!('every' in options)) await expect(stream.next()).rejects.toThrow(message);
    expect(arrays.manualSeed(1).toJSON()).toMatchObject({ position: 0, children: 0 });
  });

  it.each([
    [{ masks: 'same' }, /^masks has to be "each" or "shared", but got "same"$/],
    [{ samples: 0 }, /^samples has to be/],
    [{ from: -1 }, /^from has to be/],
  ])('%j is a RangeError', async (options, message) => {
    const run = monteCarloPredict(model, x, { samples: 2, ...options } as never);
    await expect(run).rejects.toThrow(RangeError);
    await expect(run).rejects.toThrow(message);
  });

  it('a run without options', async () => {
    await expect(monteCarloPredict(model, x, undefined as never)).rejects.toThrow(/^samples has to be/);
  });

  it('a model of several outputs', async () => {
    const inputs = input({ shape: [8] });
    const y = new tfjs.Dropout({ rate: 0.5 }).apply(inputs) as never;
    const run = monteCarloPredict(tfModel({ inputs, outputs: [y, inputs] }), x, { samples: 2 });
    await expect(run).rejects.toThrow(TypeError);
    await expect(run).rejects.toThrow(
      /^model has to be one of a single output, but got 2: tf.model\({ inputs, outputs: outputs\[0\] }\)$/,
    );
  });

  it('a disposed tensor', async () => {
    const gone = tf.clone(x);
    gone.dispose();
    await expect(monteCarloPredict(model, gone, { samples: 2 })).rejects.toThrow(/^x is disposed$/);
  });

  it('shapes that predict refuses, with its error', async () => {
    const memory = counts();
    const wide = tf.ones([5, 9]);
    await expect(monteCarloPredict(model, wide, { samples: 2 })).rejects.toThrow(/expected .* to have shape/);
    await expect(monteCarloPredict(model, [x, x], { samples: 2 })).rejects.toThrow(/Expected to see 1 Tensor/);
    wide.dispose();
    expect(counts()).toEqual(memory);
  });
});
