/** `recurrentDropout` and `setRecurrentDropout`: reproducible dropout in TensorFlow.js's recurrent layers. */
import * as tf from '@tensorflow/tfjs-core';
import { input, layers, model, sequential } from '@tensorflow/tfjs-layers';
import * as arrays from 'dropout-wasm';
import { recurrentDropout, setRecurrentDropout } from 'dropout-wasm/tfjs';
import { describe, expect, it } from 'vitest';
import { refuses } from '../../support/expect.js';
import { restore, store, train, valuesOf } from '../../support/tfjs.js';

type Args = Record<string, unknown>;
type Layer = layers.Layer & { cell: Cell };
interface Cell {
  dropoutFunc: ReturnType<typeof recurrentDropout> | undefined;
  dropoutMask: tf.Tensor | tf.Tensor[] | null;
  recurrentDropoutMask: tf.Tensor | tf.Tensor[] | null;
}

/** TensorFlow.js's default for recurrent kernels needs more of TensorFlow.js than these tests import. */
const init = { recurrentInitializer: 'glorotNormal' };
const both = { dropout: 0.25, recurrentDropout: 0.5 };

/** The kinds of recurrent layers, with the masks that each draws for one of its two rates. */
const KINDS: [kind: string, masks: number, create: (args: Args) => Layer][] = [
  ['lstm', 4, (args) => layers.lstm({ units: 3, ...init, ...args } as never) as never],
  ['gru', 3, (args) => layers.gru({ units: 3, ...init, ...args } as never) as never],
  ['simpleRNN', 1, (args) => layers.simpleRNN({ units: 3, ...init, ...args } as never) as never],
  ['convLstm2d', 4, (args) => layers.convLstm2d({ filters: 3, kernelSize: 2, ...init, ...args } as never) as never],
];

const x = tf.randomNormal([2, 5, 4], 0, 1, 'float32', 1);
const images = tf.randomNormal([2, 3, 4, 4, 1], 0, 1, 'float32', 1);
const inputOf = (kind: string): tf.Tensor => (kind === 'convLstm2d' ? images : x);

const maskValues = (mask: tf.Tensor | tf.Tensor[] | null) => [mask!].flat().map((each) => valuesOf(each));

describe.each(KINDS)('%s', (kind, masks, create) => {
  const x = inputOf(kind);

  /** The gradients of x and, where TensorFlow.js's wasm backend has them, of the weights. */
  const gradientsOf = (layer: Layer): tf.Tensor[] => {
    const loss = (x: tf.Tensor) => tf.sum(tf.square(train(layer, x))) as tf.Scalar;
    const dx = tf.grad(loss)(x);
    if (kind === 'convLstm2d') return [dx];
    const variables = layer.trainableWeights.map((weight) => weight.read() as tf.Variable);
    const { value, grads } = tf.variableGrads(() => loss(x), variables);
    expect(Object.keys(grads)).toHaveLength(3);
    return [dx, value, ...Object.values(grads)];
  };

  it('draws the masks of the stream, one key for each, the same in every run', () => {
    const dropoutFunc = recurrentDropout({ seed: 42 });
    const layer = create({ ...both, dropoutFunc });
    const stream = new arrays.Generator(42);
    for (let call = 0; call < 2; call++) {
      train(layer, x);
      for (const [name, p] of [
        ['dropoutMask', 0.25],
        ['recurrentDropoutMask', 0.5],
      ] as const) {
        const got = maskValues(layer.cell[name]);
        expect(got).toHaveLength(masks);
        for (const mask of got) {
          const ones = new Float32Array(mask.length).fill(1);
          expect(mask).toEqual([...arrays.dropout(ones, { p, key: stream.next() })]);
        }
      }
    }
    expect(dropoutFunc.generator.position).toBe(4 * masks);
  });

  it('draws no key in evaluation, and none without dropout', () => {
    const dropoutFunc = recurrentDropout({ seed: 42 });
    const y = create({ ...both, dropoutFunc }).apply(x) as tf.Tensor;
    expect(y.shape[0]).toBe(2);
    train(create({ dropoutFunc }), x);
    expect(dropoutFunc.generator.position).toBe(0);
  });

  it('gives TensorFlow.js the gradients of these masks', () => {
    // The same masks by an exact product, which is differentiated by TensorFlow.js alone.
    const product = () => {
      const stream = new arrays.Generator(7);
      return (ones: tf.Tensor, p: number) => {
        const mask = arrays.dropout(new Float32Array(ones.size).fill(1), { p, key: stream.next() });
        return tf.mul(ones, tf.tensor(mask, ones.shape));
      };
    };
    const gradients = (dropoutFunc: unknown) => {
      const layer = create({ ...both, dropoutFunc });
      layer.apply(x);
      layer.setWeights(layer.getWeights().map((w, i) => tf.randomNormal(w.shape, 0, 1, 'float32', i + 1)));
      return gradientsOf(layer).map(valuesOf);
    };
    expect(gradients(recurrentDropout({ seed: 7 }))).toEqual(gradients(product()));
  });

  it('leaks no tensor in training', () => {
    const layer = create({ ...both, dropoutFunc: recurrentDropout({ seed: 42 }) });
    const step = () => tf.dispose(gradientsOf(layer));
    layer.apply(x);
    step();
    const before = tf.memory();
    for (let i = 0; i < 5; i++) step();
    expect(tf.memory()).toMatchObject({ numTensors: before.numTensors, numBytes: before.numBytes });
  });
});

describe('recurrentDropout', () => {
  const ones = tf.ones([40]);
  const masks = (dropoutFunc: ReturnType<typeof recurrentDropout>, n = 2) =>
    Array.from({ length: n }, () => valuesOf(dropoutFunc(ones, 0.5)));

  it('takes the streams that layers take', () => {
    const parents = [new arrays.Generator(1), new arrays.Generator(1)] as const;
    expect(recurrentDropout({ generator: parents[0] }).generator.toJSON()).toEqual(parents[1].spawn().toJSON());
    expect(recurrentDropout({ seed: 2n ** 64n - 1n }).generator.seed).toBe(2n ** 64n - 1n);
    expect(recurrentDropout({ seed: null, generator: null })).toBeTypeOf('function');
    const free = recurrentDropout();
    arrays.manualSeed(5);
    const first = masks(free);
    arrays.manualSeed(5);
    expect(masks(free)).toEqual(first);
    arrays.manualSeed(5);
    expect(masks(recurrentDropout({ seed: new arrays.Generator(5).spawn().seed }))).toEqual(first);
  });

  it('continues from its stored stream', () => {
    const dropoutFunc = recurrentDropout({ seed: 42 });
    masks(dropoutFunc);
    const state = JSON.parse(JSON.stringify(dropoutFunc.generator));
    const next = masks(dropoutFunc);
    expect(masks(recurrentDropout({ generator: state }))).toEqual(next);
    expect(state).toEqual({ seed: '0x2a', position: 2, children: 0 });
  });

  it('draws no key in a call that throws', () => {
    const dropoutFunc = recurrentDropout({ seed: 42 });
    expect(() => dropoutFunc(tf.ones([4], 'int32'), 0.5)).toThrow(TypeError);
    expect(() => dropoutFunc(ones, 50)).toThrow(RangeError);
    expect(dropoutFunc.generator.position).toBe(0);
  });

  it.each([
    [{ sed: 1 }, TypeError, /^unknown option "sed": the options are seed, generator$/],
    [{ seed: 1, generator: new arrays.Generator(1) }, TypeError, /^generator has to be left out beside a seed/],
    [
      { seed: 1, generator: new arrays.Generator(1).toJSON() },
      TypeError,
      /^generator has to be left out beside a seed/,
    ],
    [{ seed: -1 }, RangeError, /^seed has to be/],
    [{ seed: '1' }, TypeError, /^seed has to be/],
    [{ generator: 1 }, TypeError, /^generator has to be a Generator, but got 1: seed: 1$/],
    [{ generator: {} }, TypeError, /^seed has to be/],
    [{ generator: [] }, TypeError, /^generator has to be a Generator/],
    [1, TypeError, /^options has to be an object/],
  ] as const)('%j is refused, by setRecurrentDropout too', (options, type, message) => {
    refuses(() => recurrentDropout(options as never), type, message);
    const generator = (options as Args).generator;
    const expected = Array.isArray(generator) ? [RangeError, /^generator has to be a state for each/] : [type, message];
    const layer = layers.gru({ units: 2, dropout: 0.5 });
    refuses(() => setRecurrentDropout(layer, options as never), ...(expected as [typeof type, RegExp]));
    expect((layer as unknown as Layer).cell.dropoutFunc).toBeUndefined();
  });
});

describe('setRecurrentDropout', () => {
  /** A model with five cells that drop, one that does not, and two forms of nesting. */
  const create = () => {
    const inputs = input({ shape: [5, 4] });
    const inner = sequential({
      name: 'inner',
      layers: [
        layers.bidirectional({
          layer: layers.gru({ units: 2, dropout: 0.5, returnSequences: true, ...init }) as layers.RNN,
          mergeMode: 'concat',
          inputShape: [5, 4],
        } as never),
      ],
    });
    const stacked = layers.rnn({
      cell: [
        layers.lstmCell({ units: 2, recurrentDropout: 0.5, ...init }),
        layers.gruCell({ units: 2, ...init }),
        layers.simpleRNNCell({ units: 2, dropout: 0.5, ...init }),
      ],
      returnSequences: true,
    });
    const lines = layers.timeDistributed({ layer: layers.simpleRNN({ units: 2, ...both, ...init }) });
    const y = layers.reshape({ targetShape: [5, 2, 1] }).apply(stacked.apply(inner.apply(inputs) as never) as never);
    return model({ inputs, outputs: lines.apply(y as never) as never });
  };
  const weights = create().getWeights();
  const seeded = () => {
    const created = create();
    created.setWeights(weights);
    return created;
  };
  const run = (of: layers.Layer, n = 2) => Array.from({ length: n }, () => valuesOf(train(of, x)));

  it('gives every cell a child of its own, in the order of the layers', () => {
    const all = create();
    const streams = setRecurrentDropout(all, { seed: 42 });
    const parent = new arrays.Generator(42);
    expect(streams.map((stream) => stream.seed)).toEqual(Array.from({ length: 5 }, () => parent.spawn().seed));
    type Parts = Record<string, Layer & { layers: Parts[]; cells: Cell[] }>;
    const [, inner, rnn, , lines] = all.layers as unknown as (Parts & { cell: { cells: Cell[] } })[];
    const bidirectional = (inner!.layers as unknown as Parts[])[0]!;
    const cells = [
      bidirectional.forwardLayer!.cell,
      bidirectional.backwardLayer!.cell,
      rnn!.cell.cells[0]!,
      rnn!.cell.cells[2]!,
      lines!.layer!.cell,
    ];
    expect(cells.map((cell) => cell.dropoutFunc!.generator)).toEqual(streams);
    for (const [i, stream] of streams.entries()) expect(cells[i]!.dropoutFunc!.generator).toBe(stream);
    expect(rnn!.cell.cells[1]!.dropoutFunc).toBeUndefined();
  });

  it('makes training reproducible, also after loading', async () => {
    const [a, b, c] = [seeded(), seeded(), seeded()];
    setRecurrentDropout(a, { seed: 42 });
    setRecurrentDropout(b, { generator: new arrays.Generator(42) });
    const expected = run(a);
    expect(run(b)).toEqual(expected);
    expect(run(c)).not.toEqual(expected);
    const loaded = await restore(await store(c as never));
    setRecurrentDropout(loaded, { seed: 42 });
    expect(run(loaded)).toEqual(expected);
  });

  it('continues from its stored streams', async () => {
    const all = seeded();
    const streams = setRecurrentDropout(all, { seed: 42 });
    run(all);
    const states = JSON.parse(JSON.stringify(streams));
    const loaded = await restore(await store(all as never));
    setRecurrentDropout(loaded, { generator: states });
    // TensorFlow.js keeps the masks of stacked cells from call to call, so the cells of `all` need new masks too.
    setRecurrentDropout(all, { generator: states });
    expect(run(loaded)).toEqual(run(all));
    refuses(
      () => setRecurrentDropout(all, { generator: states.slice(1) }),
      RangeError,
      /^generator has to be a state for each of 5 cells/,
    );
    refuses(
      () => setRecurrentDropout(all, { generator: states[0] }),
      RangeError,
      /^generator has to be a state for each/,
    );
    const [stream] = setRecurrentDropout(layers.gru({ units: 2, dropout: 0.5 }), { generator: states[0] });
    expect(stream!.toJSON()).toEqual(states[0]);
  });

  it('follows manualSeed without options', () => {
    const all = seeded();
    const masks = () => {
      setRecurrentDropout(all);
      arrays.manualSeed(3);
      return run(all);
    };
    expect(masks()).toEqual(masks());
  });

  it('takes a single layer or cell, and disposes of the masks that it holds', () => {
    const cell = layers.gruCell({ units: 2, dropout: 0.5, ...init });
    const rnn = layers.rnn({ cell });
    rnn.apply(x);
    const { numTensors } = tf.memory();
    // TensorFlow.js would keep these masks of ones, which are from evaluation.
    expect(setRecurrentDropout(rnn, { seed: 1 })).toHaveLength(1);
    expect(tf.memory().numTensors).toBe(numTensors - 3);
    train(rnn, x);
    expect(maskValues((cell as unknown as Cell).dropoutMask).flat()).toContain(0);
    expect(setRecurrentDropout(cell, { seed: 1 })).toHaveLength(1);
  });

  it('counts a layer that is used twice once', () => {
    const gru = layers.gru({ units: 4, dropout: 0.5, returnSequences: true, ...init });
    const inner = sequential({ layers: [layers.inputLayer({ inputShape: [5, 4] }), gru] });
    const inputs = input({ shape: [5, 4] });
    const outputs = gru.apply(inner.apply(inputs) as never);
    expect(setRecurrentDropout(model({ inputs, outputs: outputs as never }))).toHaveLength(1);
  });

  it('refuses a model without recurrent dropout, and anything else', () => {
    const plain = sequential({ name: 'plain', layers: [layers.gru({ units: 2, inputShape: [5, 4], ...init })] });
    refuses(() => setRecurrentDropout(plain, { seed: 1 }), Error, /^plain has no recurrent layer with dropout: /);
    const generator = new arrays.Generator(1);
    expect(() => setRecurrentDropout(plain, { generator })).toThrow();
    expect(generator.toJSON().children).toBe(0);
    for (const wrong of [null, undefined, {}, 'model', [plain]])
      refuses(() => setRecurrentDropout(wrong as never), TypeError, /^model has to be a model or layer/);
  });
});
