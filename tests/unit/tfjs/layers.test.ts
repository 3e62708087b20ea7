/** Every layer for TensorFlow.js: the bits of the layer for arrays, gradients, and storage in models. */
import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import * as arrays from 'dropout-wasm';
import * as tfjs from 'dropout-wasm/tfjs';
import { describe, expect, it } from 'vitest';
import { ones, tensor } from '../../support/arrays.js';
import { refuses } from '../../support/expect.js';
import { layerNames } from '../../support/layers.js';
import { restore, store, storedLayers, train, valuesOf } from '../../support/tfjs.js';

type TfLayer = layers.Layer & { always: boolean };

interface Case {
  /** The class, in both packages. */
  name: string;
  args: { rate?: number; stddev?: number; [option: string]: unknown };
  /** More options of the layer for arrays, where its defaults differ. */
  options?: object;
  shape: number[];
  /** A shape that the layer refuses. */
  wrong?: number[];
}

const last = { channels: 'last' };
const CASES: Case[] = [
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

const known = new Set(CASES.map(({ name }) => name));
const others = layerNames(arrays).filter((name) => name in tfjs && !known.has(name));
/** A layer without a case of its own is tested on this shape. */
const family = [...CASES, ...others.map((name): Case => ({ name, args: { rate: 0.4 }, shape: [4, 6, 8] }))];

/** A class by its name, from either package. */
const classIn = <C>(pkg: object, name: string) => pkg[name as never] as C;

const createLayer = (name: string, args: object) => new (classIn<new (args: object) => TfLayer>(tfjs, name))(args);

/** The corresponding layer for arrays. */
function arrayLayer({ name, args, options }: Case, stream: arrays.LayerOptions): arrays.Layer {
  const Layer = classIn<new (amount: unknown, options: object) => arrays.Layer>(arrays, name);
  const { rate, stddev, ...own } = args;
  return new Layer(rate ?? stddev, { ...own, ...options, ...stream });
}

/** The state of a layer's stream, as a model stores it. */
const stateOf = (layer: object) => (layer as TfLayer).getConfig().generator as unknown as arrays.GeneratorJSON | null;

/** Discards the mask of a LockedDropout. */
const unlock = (layer: object) => (layer as { reset?: () => void }).reset?.();

it.each(layerNames(arrays))('src/tfjs/layers.ts wraps %s, and a case tests it', (name) => {
  expect(Object.keys(tfjs), `src/tfjs/layers.ts has no wrapper for ${name}`).toContain(name);
  expect(family.map((layerCase) => layerCase.name)).toContain(name);
});

describe.each(family)('$name $args', (layerCase) => {
  const { name, args, shape } = layerCase;
  const input = tensor(shape);
  const x = tf.tensor(input.data, shape);
  const isNoise = name === 'GaussianNoise';
  const parameter = isNoise ? 'stddev' : 'rate';
  const create = (more: object) => createLayer(name, { ...args, ...more });
  const seeded = (more = {}) => create({ seed: 42, ...more });
  /** The layer for arrays with the same draws. */
  const twin = () => arrayLayer(layerCase, { seed: 42 });

  it('gives the same bits as the layer for arrays in every call', () => {
    const layer = seeded();
    const expected = twin();
    const calls = [0, 1, 2].map(() => {
      const y = train(layer, x);
      expect([y.shape, y.dtype]).toEqual([shape, 'float32']);
      expect(valuesOf(y)).toEqual([...expected.forward(input).data]);
      unlock(layer);
      unlock(expected);
      return String(valuesOf(y));
    });
    expect(new Set(calls).size).toBe(3);
  });

  it('returns its input in inference, and draws no key', () => {
    const layer = seeded();
    expect(layer.call(x, {})).toBe(x);
    expect(layer.call(x, { training: false })).toBe(x);
    expect(valuesOf(layer.apply(x))).toEqual(valuesOf(x));
    expect(stateOf(layer)!.position).toBe(0);
  });

  it('has the gradient of the layer for arrays, even if it is called again before the backward', () => {
    const layer = seeded();
    const weights = tensor(shape, Math.cos);
    const dx = tf.grad((x) => {
      const y = train(layer, x);
      unlock(layer);
      train(layer, x);
      return tf.sum(tf.mul(y, tf.tensor(weights.data, shape)));
    })(x);
    const expected = twin();
    expected.forward(input);
    expect(valuesOf(dx)).toEqual([...expected.backward(weights).data]);
  });

  it('has a second gradient', () => {
    const square = (layer: TfLayer) => (x: tf.Tensor) => tf.sum(tf.square(train(layer, x)));
    const slope = (layer: TfLayer) => (x: tf.Tensor) => tf.sum(tf.grad(square(layer))(x));
    const expected = twin();
    expected.forward(input);
    // y = factor · x + c, so the second derivative of y² is 2 · factor².
    const factor = expected.backward(ones(shape)).data;
    const second = valuesOf(tf.grad(slope(seeded()))(x));
    expect(second.some((v) => v !== 0)).toBe(true);
    for (const [i, v] of second.entries()) expect(Math.abs(v - 2 * factor[i]! ** 2)).toBeLessThan(1e-5 * (1 + v));
  });

  it('continues from a stored model with its options and the next masks', async () => {
    const layer = seeded({ name: 'kept', inputShape: shape.slice(1), always: true });
    const model = sequential({ layers: [layer] });
    train(layer, x);
    const stored = await store(model);
    const { class_name, config } = storedLayers(stored)[0]!;
    expect(class_name).toBe(`${name}Wasm`);
    expect(config.generator).toEqual({ seed: '0x2a', position: 1, children: 0 });
    const loaded = (await restore(stored)).getLayer('kept') as TfLayer;
    expect(loaded).toBeInstanceOf(classIn(tfjs, name));
    expect(loaded.getConfig()).toEqual(layer.getConfig());
    expect(loaded.getConfig()).toMatchObject({ ...args, always: true });
    const copy = createLayer(name, layer.getConfig());
    for (let call = 0; call < 3; call++) {
      const expected = valuesOf(train(layer, x));
      expect(valuesOf(train(loaded, x))).toEqual(expected);
      expect(valuesOf(train(copy, x))).toEqual(expected);
      // The first call shows that the mask of a LockedDropout is stored too.
      if (call > 0) for (const each of [loaded, copy, layer]) unlock(each);
    }
  });

  it('draws from the next child of a generator, which a stored model continues', async () => {
    const generator = new arrays.Generator(42);
    const model = sequential({ layers: [create({ generator, inputShape: shape.slice(1) }), create({ generator })] });
    const expected = [0, 1].map((k) => arrayLayer(layerCase, { seed: new arrays.Generator(42).fork(`#${k}`).seed }));
    const compare = (layers: readonly object[]) => {
      const masks = layers.map((layer, k) => {
        const y = valuesOf(train(layer as TfLayer, x));
        expect(y).toEqual([...expected[k]!.forward(input).data]);
        for (const each of [layer, expected[k]!]) unlock(each);
        return String(y);
      });
      expect(new Set(masks).size).toBe(2);
    };
    for (let call = 0; call < 2; call++) compare(model.layers);
    expect([generator.position, generator.toJSON().children]).toEqual([0, 2]);
    compare((await restore(await store(model))).layers);
  });

  it('restores the state of a stream exactly, with its children', () => {
    const source = new arrays.Generator(7, 3);
    source.spawn();
    const layer = create({ generator: source.toJSON() });
    expect(stateOf(layer)).toEqual({ seed: '0x7', position: 3, children: 1 });
    const expected = arrayLayer(layerCase, { seed: 7 });
    for (let skipped = 0; skipped < 3; skipped++) {
      expected.forward(input);
      unlock(expected);
    }
    expect(valuesOf(train(layer, x))).toEqual([...expected.forward(input).data]);
    expect(source.position).toBe(3);
  });

  it('draws from a child of the default generator without a seed, and is stored once that is seeded', async () => {
    const model = sequential({ layers: [create({ inputShape: shape.slice(1) }), create({})] });
    const [first, second] = model.layers as unknown as [TfLayer, TfLayer];
    arrays.manualSeed(42);
    const calls = () =>
      [first, second].map((layer) => {
        unlock(layer);
        return valuesOf(train(layer, x));
      });
    const masks = calls();
    expect(masks[0]).not.toEqual(masks[1]);
    expect(masks).toEqual(
      [0, 1].map((k) => [
        ...arrayLayer(layerCase, { seed: new arrays.Generator(42).fork(`#${k}`).seed }).forward(input).data,
      ]),
    );
    arrays.manualSeed(42);
    expect(calls()).toEqual(masks);
    const loaded = await restore(await store(model));
    // The loaded layers no longer follow manualSeed.
    arrays.manualSeed(1);
    const next = loaded.layers.map((layer) => {
      unlock(layer);
      return valuesOf(train(layer, x));
    });
    arrays.manualSeed(42);
    calls();
    expect(calls()).toEqual(next);
  });

  it('is active in predict with always', () => {
    const layer = seeded({ always: true, inputShape: shape.slice(1) });
    const model = sequential({ layers: [layer] });
    const expected = valuesOf(train(seeded(), x));
    expect(valuesOf(model.predict(x, { batchSize: shape[0]! }))).toEqual(expected);
    layer.always = false;
    expect(valuesOf(model.predict(x, { batchSize: shape[0]! }))).toEqual(valuesOf(x));
  });

  it('returns its input at rate 0 or stddev 0, and draws no key', () => {
    const layer = seeded({ [parameter]: 0 });
    expect(layer.call(x, { training: true })).toBe(x);
    expect(stateOf(layer)!.position).toBe(0);
  });

  it(`takes another ${parameter} between calls, and refuses a bad one`, () => {
    const layer = seeded() as TfLayer & { rate: number };
    const set = (value: unknown) => Object.assign(layer, { [parameter]: value });
    set(0);
    expect(layer.call(x, { training: true })).toBe(x);
    set(0.75);
    expect(layer.getConfig()[parameter]).toBe(0.75);
    const changed = arrayLayer({ ...layerCase, args: { ...args, [parameter]: 0.75 } }, { seed: 42 });
    expect(valuesOf(train(layer, x))).toEqual([...changed.forward(input).data]);
    for (const bad of [-1, Number.NaN, isNoise ? Number.POSITIVE_INFINITY : 50])
      refuses(() => set(bad), RangeError, new RegExp(`^${parameter} has to be`));
    refuses(() => set('0.5'), TypeError, new RegExp(`^${parameter} has to be`));
    expect(layer.getConfig()[parameter]).toBe(0.75);
  });

  it('refuses bad arguments in the constructor, before it takes a child of the generator', () => {
    const generator = new arrays.Generator(1);
    const bad = (more: object, type: typeof Error, message: string | RegExp) =>
      refuses(() => create({ generator, ...more }), type, message);
    for (const value of [-0.1, Number.NaN, isNoise ? Number.POSITIVE_INFINITY : 1.1])
      bad({ [parameter]: value }, RangeError, new RegExp(`^${parameter} has to be `));
    for (const value of ['0.5', undefined, null])
      bad(
        { [parameter]: value },
        TypeError,
        isNoise
          ? /^stddev has to be a finite number of at least 0, but got /
          : `rate has to be a number between 0 and 1, but got ${typeof value === 'string' ? '"0.5"' : `undefined: new ${name}({ rate: 0.5 })`}`,
      );
    bad({ always: 1 }, TypeError, /^always has to be a boolean, but got 1$/);
    bad({ seed: 1 }, TypeError, /^generator has to be left out beside a seed, but got /);
    bad({ seed: 2, generator: generator.toJSON() }, TypeError, /^generator has to be left out beside a seed, but got /);
    bad({ generator: 42 }, TypeError, /^generator has to be a Generator, but got 42: .*seed/);
    bad({ generator: { seed: 'x', position: 0 } }, RangeError, /^seed has to be /);
    refuses(() => create({ seed: -1 }), RangeError, /^seed has to be/);
    expect(generator.toJSON().children).toBe(0);
  });

  it('refuses unknown options with the known ones, and names the one that was meant', () => {
    const known = [...Object.keys(args), 'seed, generator, always', 'inputShape'];
    for (const option of ['inplace', 'training', 'sed', 'data_format', 'constructor'])
      refuses(() => create({ [option]: true }), TypeError, `unknown option "${option}"`);
    for (const part of known) refuses(() => create({ inplace: true }), TypeError, part);
    refuses(() => create({ input_shape: [1] }), TypeError, 'unknown option "input_shape": did you mean inputShape?');
    const synonym = isNoise ? 'std' : 'p';
    refuses(
      () => create({ [parameter]: undefined, [synonym]: 0.5 }),
      TypeError,
      `unknown option "${synonym}": did you mean ${parameter}?`,
    );
  });

  it('says how it is constructed', () => {
    const Class = classIn<new (args?: unknown) => unknown>(tfjs, name);
    const isLocked = name === 'LockedDropout';
    for (const bad of isLocked ? [] : [null, 0.5, [0.5]])
      refuses(
        () => new Class(bad),
        TypeError,
        `args has to be an object, but got ${Array.isArray(bad) ? '[0.5]' : bad}`,
      );
    for (const bad of [undefined, {}])
      refuses(
        () => new Class(bad),
        TypeError,
        isNoise
          ? /^stddev has to be /
          : `rate has to be a number between 0 and 1, but got undefined: new ${name}({ rate: 0.5 })`,
      );
  });

  it('refuses all but a single float32 tensor, before it draws a key', () => {
    const layer = seeded();
    for (const training of [true, false]) {
      const apply = (inputs: unknown) => () => layer.apply(inputs as tf.Tensor, { training });
      refuses(apply([x, x]), TypeError, /^x has to be a single tensor, but got 2: concatenate them/);
      for (const bad of [[1, 2, 3], [1], [], input.data, 1])
        refuses(apply(bad), TypeError, /^x has to be a tensor, but got .*: tensor\(x\)$/);
      for (const bad of [undefined, null, input]) refuses(apply(bad), TypeError, /^x has to be a tensor, but got \w+$/);
    }
    for (const dtype of ['int32', 'bool'] as const)
      refuses(
        () => layer.call(tf.cast(x, dtype), { training: true }),
        TypeError,
        `x has to be a float32 tensor, but got ${dtype}: x.cast('float32')`,
      );
    refuses(() => layer.call([x, x], { training: true }), TypeError, /^x has to be a single tensor/);
    refuses(() => layer.apply(x, true as never), TypeError, /^kwargs has to be an object, but got true$/);
    for (const kwargs of [{ trainig: true }, { training: true, noiseShape: [1, 1] }])
      refuses(() => layer.apply(x, kwargs), TypeError, /^unknown option "\w+": the options are training, mask$/);
    refuses(
      () => layer.apply(x, { training: 'yes' as never }),
      TypeError,
      /^training has to be a boolean, but got "yes"$/,
    );
    expect(stateOf(layer)!.position).toBe(0);
    expect(valuesOf(layer.apply([x], { training: true }))).toEqual([...twin().forward(input).data]);
  });

  it('passes the masks of its input on, and calls the hook of TensorFlow.js', () => {
    const layer = seeded();
    const mask = tf.ones([shape[0]!], 'bool');
    expect(layer.computeMask(x, mask)).toBe(mask);
    const calls: unknown[][] = [];
    layer.setCallHook((...args) => calls.push(args));
    const kwargs = { training: true };
    layer.apply(x, kwargs);
    expect(calls).toEqual([[x, kwargs]]);
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
  const masked = family.filter(({ name }) => 'mask' in classIn<typeof arrays.Dropout>(arrays, name).prototype);

  it.each(masked)('$name $args drops NaN', ({ name, args, shape }) => {
    const layer = createLayer(name, { ...args, seed: 42 });
    const broken = valuesOf(train(layer, tf.fill(shape, Number.NaN)));
    const mask = (layer as never as { arrays: arrays.Dropout }).arrays.mask();
    expect(mask).toContain(0);
    expect(mask).toContain(1);
    // Alpha dropout has one value other than 0 for all dropped elements.
    const fill = broken[mask.indexOf(0)];
    expect(Object.is(fill, 0)).toBe(!name.includes('Alpha'));
    expect(broken).toEqual([...mask].map((kept) => (kept ? Number.NaN : fill)));
  });

  it.each(family.filter(({ wrong }) => wrong))('$name $args refuses the rank of $wrong', ({ name, args, wrong }) => {
    const layer = createLayer(name, { ...args, seed: 1 });
    expect(() => train(layer, tf.zeros(wrong!))).toThrow(/is incompatible with layer|^noiseShape has to be/);
    expect(stateOf(layer)!.position).toBe(0);
  });

  it('pass the arguments of TensorFlow.js on', () => {
    const shaped = { inputShape: [8], batchSize: 4, inputDType: 'float32' as const, name: 'own', trainable: false };
    expect(new tfjs.Dropout({ rate: 0.5, weights: [], ...shaped }).getConfig()).toMatchObject({
      batchInputShape: [4, 8],
      dtype: 'float32',
      name: 'own',
      trainable: false,
    });
    const typed = new tfjs.Dropout({ rate: 0.5, batchInputShape: [null, 3], dtype: 'int32' });
    expect(typed.getConfig()).toMatchObject({ batchInputShape: [null, 3], dtype: 'int32' });
  });

  it('are checked for their rank when a model is built', () => {
    expect(() => sequential({ layers: [new tfjs.Dropout2d({ rate: 0.5, inputShape: [4, 8] })] })).toThrow('ndim=4');
  });

  it('refuse the options that layers for arrays refuse', () => {
    const rate = 0.5;
    refuses(() => new tfjs.Dropout2d({ rate, channels: 'middle' as never }), RangeError, /^channels has to be/);
    refuses(() => new tfjs.Dropout({ rate, noiseShape: [0] }), RangeError, /^noiseShape has to be/);
    refuses(() => new tfjs.DropPath({ rate, scaleByKeep: 1 as never }), TypeError, /^scaleByKeep has to be/);
    refuses(() => new tfjs.DropBlock2d({ rate, blockSize: 0 }), RangeError, /^blockSize has to be/);
    refuses(() => new tfjs.LockedDropout({ rate, batchFirst: 1 as never }), TypeError, /^batchFirst has to be/);
  });

  it('LockedDropout draws a new mask for each call', () => {
    const layer = new tfjs.LockedDropout({ rate: 0.5, seed: 42 });
    const first = valuesOf(train(layer, tf.ones([4, 5, 8])));
    for (let row = 0; row < 4; row++)
      for (let step = 1; step < 5; step++) {
        const at = 8 * (5 * row + step);
        expect(first.slice(at, at + 8)).toEqual(first.slice(40 * row, 40 * row + 8));
      }
    expect(valuesOf(train(layer, tf.ones([4, 5, 8])))).not.toEqual(first);
    expect(train(layer, tf.ones([3, 5, 8])).shape).toEqual([3, 5, 8]);
    expect(layer.getConfig()).toMatchObject({ lock: 'call', seed: 42, generator: { position: 3 } });
  });

  it("LockedDropout with lock: 'reset' keeps its mask until reset", () => {
    const layer = new tfjs.LockedDropout({ rate: 0.5, seed: 42, lock: 'reset' });
    expect(layer.getConfig()).toMatchObject({ lock: 'reset' });
    const x = tf.ones([4, 5, 8]);
    const first = valuesOf(train(layer, x));
    expect(valuesOf(train(layer, x))).toEqual(first);
    expect(() => train(layer, tf.ones([3, 5, 8]))).toThrow(/until reset/);
    layer.reset();
    expect(valuesOf(train(layer, x))).not.toEqual(first);
  });

  it.each(['call', 'reset'] as const)(
    'LockedDropout trains with lock: %s and a mask for every batch, including a shorter last batch',
    async (lock) => {
      const locked = new tfjs.LockedDropout({ rate: 0.5, seed: 42, lock, inputShape: [5, 8] });
      const model = sequential({ layers: [locked, layers.flatten(), layers.dense({ units: 1 })] });
      model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
      const callbacks = lock === 'call' ? {} : { onBatchBegin: async () => locked.reset() };
      await model.fit(tf.ones([10, 5, 8]), tf.ones([10, 1]), { batchSize: 4, epochs: 1, verbose: 0, callbacks });
      expect(locked.getConfig().generator).toMatchObject({ position: 3 });
    },
  );

  it('LockedDropout refuses another lock, before it takes a child of the generator', () => {
    const generator = new arrays.Generator(1);
    refuses(
      () => new tfjs.LockedDropout({ rate: 0.5, generator, lock: 'step' as never }),
      RangeError,
      /^lock has to be "call" or "reset", but got "step"$/,
    );
    refuses(() => new tfjs.LockedDropout({ rate: 0.5, generator, lock: 1 as never }), TypeError, /^lock has to be /);
    expect(generator.toJSON().children).toBe(0);
  });

  it('train together in one model', async () => {
    const model = sequential({
      layers: [
        layers.dense({ units: 144, inputShape: [8] }),
        layers.reshape({ targetShape: [6, 6, 4] }),
        new tfjs.Dropout2d({ rate: 0.2, seed: 1 }),
        new tfjs.DropBlock2d({ rate: 0.1, blockSize: 2, seed: 2 }),
        new tfjs.DropPath({ rate: 0.1, seed: 3 }),
        layers.reshape({ targetShape: [36, 4] }),
        new tfjs.Dropout1d({ rate: 0.1, seed: 4 }),
        new tfjs.LockedDropout({ rate: 0.1, seed: 5 }),
        layers.flatten(),
        new tfjs.FeatureAlphaDropout({ rate: 0.1, seed: 6 }),
        new tfjs.AlphaDropout({ rate: 0.1, seed: 7 }),
        new tfjs.GaussianDropout({ rate: 0.1, seed: 8 }),
        new tfjs.GaussianNoise({ stddev: 0.1, seed: 9 }),
        new tfjs.Dropout({ rate: 0.1, seed: 10 }),
        layers.dense({ units: 1 }),
      ],
    });
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    const weights = valuesOf(model.getWeights()[0]);
    await model.fit(tf.ones([6, 8]), tf.ones([6, 1]), { epochs: 2, batchSize: 3, verbose: 0 });
    expect(valuesOf(model.getWeights()[0])).not.toEqual(weights);
    expect(valuesOf(model.getWeights()[0]).every(Number.isFinite)).toBe(true);
    const positions = model.layers.map((layer) => (layer.getConfig().generator as { position: number })?.position);
    expect(positions.filter((position) => position !== undefined)).toEqual([4, 4, 4, 4, 4, 4, 4, 4, 4, 4]);
  });
});
