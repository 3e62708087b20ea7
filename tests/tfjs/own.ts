/** What this package promises on every backend of TensorFlow.js. */
import * as tf from '@tensorflow/tfjs-core';
import { type layers, loadLayersModel, sequential, layers as tfLayers } from '@tensorflow/tfjs-layers';
import * as arrays from 'dropout-wasm';
import { merge } from 'dropout-wasm/monte-carlo';
import * as tfjs from 'dropout-wasm/tfjs';
import { size, tensor } from '../support/arrays.js';
import {
  type Check,
  counts,
  expectBits,
  expectEqual,
  expectError,
  expectNoLeak,
  expectTrue,
  expectValues,
  floats,
  type Setting,
  settle,
  use,
} from './check.js';

const { dropout, replaceBuiltins, tfjsPath } = tfjs;

type Layer = layers.Layer;

interface Case {
  /** The class, in both packages. */
  name: string;
  args: { rate?: number; stddev?: number; [option: string]: unknown };
  /** More options of the layer for arrays, where its defaults differ. */
  options?: object;
  shape: number[];
  /** Whether it only multiplies by one number or drops, which is exact on a GPU too. */
  scales: boolean;
}

const last = { channels: 'last' };

export const CASES: Case[] = [
  { name: 'Dropout', args: { rate: 0.4 }, shape: [7, 33], scales: true },
  { name: 'Dropout', args: { rate: 0.4, noiseShape: [null, 1, 4] }, shape: [8, 5, 4], scales: true },
  { name: 'Dropout1d', args: { rate: 0.5 }, options: last, shape: [4, 5, 6], scales: true },
  { name: 'Dropout2d', args: { rate: 0.5 }, options: last, shape: [2, 3, 4, 9], scales: true },
  { name: 'Dropout2d', args: { rate: 0.5, channels: 'first' }, shape: [2, 9, 3, 4], scales: true },
  { name: 'Dropout3d', args: { rate: 0.5 }, options: last, shape: [2, 2, 3, 2, 8], scales: true },
  { name: 'AlphaDropout', args: { rate: 0.3 }, shape: [7, 33], scales: false },
  { name: 'FeatureAlphaDropout', args: { rate: 0.3 }, options: last, shape: [4, 5, 8], scales: false },
  { name: 'GaussianDropout', args: { rate: 0.2 }, shape: [7, 33], scales: false },
  { name: 'GaussianNoise', args: { stddev: 0.5 }, shape: [7, 33], scales: false },
  { name: 'DropPath', args: { rate: 0.3 }, shape: [17, 3, 2], scales: true },
  { name: 'DropBlock2d', args: { rate: 0.2, blockSize: 3 }, options: last, shape: [2, 8, 7, 3], scales: true },
  { name: 'LockedDropout', args: { rate: 0.5 }, options: { batchFirst: true }, shape: [4, 5, 8], scales: true },
];

/** A class by its name, from either package. */
const classIn = <C>(pkg: object, name: string) => pkg[name as never] as C;

const titleOf = ({ name, args }: Case) => `${name} ${JSON.stringify(args)}`;

export const create = ({ name, args }: Case, more: object = {}): Layer =>
  new (classIn<new (args: object) => Layer>(tfjs, name))({ seed: 42, ...args, ...more });

/** The layer for arrays with the same draws. */
export function twinOf({ name, args: { rate, stddev, ...own }, options }: Case): arrays.Layer {
  const Twin = classIn<new (amount: unknown, options: object) => arrays.Layer>(arrays, name);
  return new Twin(rate ?? stddev, { ...own, ...options, seed: 42 });
}

export const train = (layer: Layer, x: tf.Tensor) => layer.apply(x, { training: true }) as tf.Tensor;

export const positionOf = (layer: Layer) => (layer.getConfig().generator as unknown as { position: number }).position;

/** Leaves x where kernels leave their results: on the GPU. */
export const onDevice = (data: Float32Array, shape: number[]) => tf.tidy(() => tf.add(tf.tensor(data, shape), 0));

export const key = new arrays.Generator(42).next();
export const drop = (x: tf.Tensor, options: object = {}) => dropout(x, { p: 0.5, key, ...options });

const wave = (n: number) => tensor([n]).data;

/** The result and the gradient of the op, and of `dropout` on arrays. */
export async function expectLikeArrays(
  shape: number[],
  options: { p?: number; key?: string; offset?: number; noiseShape?: number[] } = {},
) {
  const what = `${JSON.stringify(shape)} ${JSON.stringify(options)}`;
  const { data } = tensor(shape);
  const weights = tensor(shape, Math.cos).data;
  const expected = (values: Float32Array) => arrays.dropout({ data: values, shape }, { p: 0.5, key, ...options }).data;
  const x = onDevice(data, shape);
  const y = drop(x, options);
  expectEqual([y.shape, y.dtype], [shape, 'float32'], `${what}: shape and dtype`);
  expectBits(await floats(y), expected(data), what);
  const dx = tf.grad((x) => drop(x, options))(x, onDevice(weights, shape));
  expectBits(await floats(dx), expected(weights), `the gradient of ${what}`);
}

const bits = ({ gpu }: Setting): Check[] => [
  ...CASES.map(
    (layerCase): Check => [
      `${titleOf(layerCase)}: result and gradient are those of the layer for arrays`,
      async () => {
        const { shape, name, scales } = layerCase;
        const [layer, twin] = [create(layerCase), twinOf(layerCase)];
        const input = tensor(shape);
        const weights = tensor(shape, Math.cos);
        const expectResult = expectValues(!gpu || scales);
        for (let call = 0; call < 2; call++) {
          // For arrays it keeps its mask until then.
          (twin as { reset?: () => void }).reset?.();
          const expected = twin.forward(input);
          let y!: tf.Tensor;
          const dx = tf.grad((x) => {
            y = tf.keep(train(layer, x));
            return tf.sum(tf.mul(y, tf.tensor(weights.data, shape)));
          })(onDevice(input.data, shape));
          expectEqual([y.shape, y.dtype], [shape, 'float32'], 'shape and dtype');
          expectResult(await floats(y), expected.data, `call ${call} of ${name}`);
          expectResult(await floats(dx), twin.backward(weights).data, `gradient ${call} of ${name}`);
          y.dispose();
        }
      },
    ],
  ),
  ...[[], [1], [65], [3, 7], [2, 3, 5], [2, 3, 2, 5], [2, 1, 3, 2, 3], [2, 1, 3, 2, 2, 3]].map(
    (shape): Check => [
      `rank ${shape.length}, ${JSON.stringify(shape)}: the bits of dropout on arrays`,
      async () => {
        await expectLikeArrays(shape);
        await expectLikeArrays(shape, { offset: 2 ** 40 + 5 });
      },
    ],
  ),
  [
    '2049 x 1025: the bits of dropout on arrays',
    async () => {
      const shape = [2049, 1025];
      const { data } = tensor(shape);
      expectBits(await floats(drop(onDevice(data, shape))), arrays.dropout(data, { p: 0.5, key }));
    },
  ],
  ...[[0], [0, 3], [2, 0, 3]].map(
    (shape): Check => [
      `empty tensors, ${JSON.stringify(shape)}, come out empty, in training and in gradients`,
      async () => {
        await expectLikeArrays(shape);
        for (const layerCase of CASES.filter(
          ({ args, shape: { length } }) => length === shape.length && !args.noiseShape,
        )) {
          const y = train(create(layerCase), tf.zeros(shape));
          expectEqual([y.shape, (await floats(y)).length], [shape, 0], titleOf(layerCase));
        }
      },
    ],
  ),
  ...[[5, 1], [1, 8], [8], [1], [1, 1]].map(
    (noiseShape): Check => [
      `noise shape ${JSON.stringify(noiseShape)} on [5, 8]: the bits of dropout on arrays`,
      async () => {
        await expectLikeArrays([5, 8], { noiseShape });
        await expectLikeArrays([5, 8], { noiseShape, offset: 3 });
      },
    ],
  ),
  ...[0, 1, 1e-9, 0.999].map(
    (p): Check => [
      `p = ${p}: the bits of dropout on arrays`,
      async () => {
        await expectLikeArrays([37], { p });
        await expectLikeArrays([5, 8], { p, noiseShape: [5, 1] });
      },
    ],
  ),
  [
    'no key is needed at p = 0 and p = 1',
    async () => {
      const x = onDevice(wave(40), [40]);
      expectBits(await floats(drop(x, { p: 0, key: undefined })), wave(40));
      expectBits(await floats(drop(x, { p: 1, key: undefined })), new Float32Array(40));
    },
  ],
  [
    'a dropped NaN or Infinity is +0, in the gradient too; negative numbers leave no -0',
    async () => {
      const mask = arrays.mask(400, { p: 0.5, key });
      const dropped = (values: Float32Array) => values.filter((_, i) => !mask[i]);
      const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1];
      const x = onDevice(
        Float32Array.from({ length: 400 }, (_, i) => odd[i % 4]!),
        [400],
      );
      expectBits(dropped(await floats(drop(x))), dropped(new Float32Array(400)));
      expectBits(dropped(await floats(tf.grad((x) => drop(x))(x, x))), dropped(new Float32Array(400)), 'the gradient');
    },
  ],
  ...(gpu
    ? []
    : [
        [
          'denormals, -0, NaN and Infinity that are kept are those of dropout on arrays',
          async () => {
            const odd = [1e-45, -1e-40, -0, Number.NaN, Number.POSITIVE_INFINITY, 3e38, -1e-38];
            const data = Float32Array.from({ length: 700 }, (_, i) => odd[i % 7]!);
            expectBits(await floats(drop(tf.tensor(data))), arrays.dropout(data, { p: 0.5, key }));
          },
        ] satisfies Check,
      ]),
  [
    'gradients of second order have the same mask',
    async () => {
      const x = onDevice(wave(40), [40]);
      const kept = arrays.mask(40, { p: 0.5, key });
      const f = (x: tf.Tensor) => tf.sum(tf.square(drop(x))) as tf.Scalar;
      const dx = await floats(tf.grad(f)(x));
      expectBits(
        dx,
        wave(40).map((v, i) => (kept[i] ? Math.fround(8 * v) : 0)),
      );
      const slope = (x: tf.Tensor) => tf.sum(tf.grad(f)(x));
      expectBits(
        await floats(tf.grad(slope)(x)),
        Float32Array.from(kept, (k) => 8 * k),
        'the second',
      );
    },
  ],
];

const memory = (setting: Setting): Check[] => [
  [
    'a call makes one tensor, and a gradient one more',
    async () => {
      const x = onDevice(wave(1000), [1000]);
      const dy = onDevice(wave(1000), [1000]);
      await expectNoLeak(() => drop(x).dispose(), 'the op');
      await expectNoLeak(
        () =>
          tf
            .grad((x) => drop(x))(x, dy)
            .dispose(),
        'the gradient',
      );
      for (const layerCase of CASES) {
        const layer = create(layerCase);
        const x = onDevice(tensor(layerCase.shape).data, layerCase.shape);
        await expectNoLeak(() => train(layer, x).dispose(), titleOf(layerCase));
        await expectNoLeak(
          () =>
            tf
              .grad((x) => train(layer, x))(x, x)
              .dispose(),
          `the gradient of ${layerCase.name}`,
        );
        x.dispose();
      }
    },
  ],
  [
    'tidy keeps the result only',
    async () => {
      const x = onDevice(wave(100), [100]);
      await expectNoLeak(async () => {
        const y = tf.tidy(() => drop(drop(x)));
        expectEqual((await floats(y)).length, 100);
        y.dispose();
      }, 'tidy');
    },
  ],
  [
    "the engine's own check finds no leak in a kernel (IS_TEST)",
    async () => {
      const before = tf.env().getBool('IS_TEST');
      tf.env().set('IS_TEST', true);
      try {
        for (const layerCase of CASES) {
          const x = onDevice(tensor(layerCase.shape).data, layerCase.shape);
          const layer = create(layerCase);
          await floats(tf.grad((x) => train(layer, x))(x, x));
        }
        await expectLikeArrays([5, 8], { noiseShape: [5, 1] });
      } finally {
        tf.env().set('IS_TEST', before);
      }
    },
  ],
  [
    `${setting.steps} training steps leave the memory flat`,
    async () => {
      const drops = CASES.filter(({ shape: { length } }) => length === 2).map((layerCase) => create(layerCase));
      const rest = CASES.filter(({ shape: { length } }) => length > 2);
      const others = rest.map((layerCase) => create(layerCase));
      const x = onDevice(wave(7 * 33), [7, 33]);
      const w = tf.variable(tf.ones([33, 33]));
      const optimizer = tf.train.sgd(1e-6);
      const step = (i: number) => {
        const turn = i % others.length;
        optimizer.minimize(() => {
          const h = drops.reduce((h, layer) => train(layer, h), tf.matMul(x, w as unknown as tf.Tensor2D) as tf.Tensor);
          const { shape } = rest[turn]!;
          const image = tf.reshape(tf.slice(tf.tile(tf.reshape(h, [-1]), [2]), 0, size(shape)), shape);
          return tf.add(tf.mean(h), tf.mean(train(others[turn]!, image))) as tf.Scalar;
        });
      };
      for (let i = 0; i < others.length; i++) step(i);
      await floats(w);
      const before = counts();
      for (let i = 0; i < setting.steps; i++) {
        step(i);
        // Lets the device finish, whose queue would grow.
        if (setting.gpu && i % 10 === 9) await floats(w);
      }
      expectEqual(counts(), before, 'the memory');
      expectTrue((await floats(w)).every(Number.isFinite), 'a weight is not finite');
      w.dispose();
      optimizer.dispose();
    },
  ],
];

/** A model, with these layers or without them, whose loss has been minimized for two epochs. */
async function fitted(shape: number[], dropouts: Layer[]): Promise<number[]> {
  const model = sequential({
    layers: [
      tfLayers.dense({ units: shape.at(-1)!, inputShape: shape.slice(1), kernelInitializer: 'ones' }),
      ...dropouts,
      ...(shape.length > 2 ? [tfLayers.flatten()] : []),
      tfLayers.dense({ units: 1, kernelInitializer: 'ones' }),
    ],
  });
  model.compile({ optimizer: 'sgd', loss: 'meanAbsoluteError' });
  const [x, y] = [onDevice(tensor(shape).data, shape), tf.ones([shape[0]!, 1])];
  const { history } = await model.fit(x, y, {
    epochs: 2,
    batchSize: 4,
    shuffle: false,
    verbose: 0,
    yieldEvery: 'never',
  });
  tf.dispose([x, y]);
  model.dispose();
  return history.loss as number[];
}

/** The cases of this rank, as layers. */
const layersOfRank = (rank: number, more = {}) =>
  CASES.filter(({ shape, args }) => shape.length === rank && !args.noiseShape && args.channels !== 'first').map((one) =>
    create(one, more),
  );

/** Counts how often a call reads a tensor back. */
async function reads(call: () => Promise<unknown>): Promise<number> {
  const backend = tf.backend() as unknown as Record<string, unknown>;
  let count = 0;
  const names = ['read', 'readSync', 'readToGPU'];
  for (const name of names) {
    const original = backend[name];
    if (typeof original !== 'function') continue;
    backend[name] = function (this: unknown, ...args: unknown[]) {
      count++;
      return original.apply(this, args);
    };
  }
  try {
    await call();
  } finally {
    for (const name of names) delete backend[name];
  }
  return count;
}

const SHAPES: Record<number, number[]> = { 2: [8, 33], 3: [8, 5, 8], 4: [8, 6, 5, 4], 5: [8, 2, 3, 2, 4] };

const training = (): Check[] => [
  ...Object.entries(SHAPES).map(
    ([rank, shape]): Check => [
      `model.fit reads no more tensors back with the dropout layers of rank ${rank} than without`,
      async () => {
        const drops = layersOfRank(Number(rank));
        expectTrue(drops.length > 0, 'there is no layer');
        const without = await reads(() => fitted(shape, []));
        const withDropout = await reads(() => fitted(shape, drops));
        expectTrue(without > 0, 'no read is counted');
        expectTrue(withDropout <= without, `${withDropout} reads with dropout, and ${without} without`);
        for (const layer of drops) expectEqual(positionOf(layer), 4, `the number of keys of ${layer.name}`);
      },
    ],
  ),
  [
    'model.fit with seeds gives the same losses twice, and others with other seeds',
    async () => {
      const run = (seed: number) => fitted(SHAPES[2]!, layersOfRank(2, { seed }));
      const losses = await run(1);
      expectTrue(losses.every(Number.isFinite), `the losses are ${losses}`);
      expectEqual(await run(1), losses, 'the losses');
      expectTrue(String(await run(2)) !== String(losses), 'other seeds give the same losses');
    },
  ],
  ...[
    [true, true],
    [false, false],
    [null, false],
  ].map(
    ([mode, active]): Check => [
      `a stored layer of Keras with training: ${mode} at its node ${active ? 'drops' : 'drops nothing'} in predict`,
      async () => {
        const undo = replaceBuiltins();
        try {
          const input = { name: 'in', batch_input_shape: [null, 64], dtype: 'float32', sparse: false };
          const config = { name: 'mc', trainable: true, dtype: 'float32', rate: 0.5, noise_shape: null, seed: 42 };
          const model = await loadLayersModel(
            tf.io.fromMemory({
              modelTopology: {
                class_name: 'Functional',
                config: {
                  name: 'model',
                  layers: [
                    { class_name: 'InputLayer', name: 'in', config: input, inbound_nodes: [] },
                    { class_name: 'Dropout', name: 'mc', config, inbound_nodes: [[['in', 0, 0, { training: mode }]]] },
                  ],
                  input_layers: [['in', 0, 0]],
                  output_layers: [['mc', 0, 0]],
                },
              },
            } as never),
          );
          const x = onDevice(wave(128), [2, 64]);
          const twin = new arrays.Dropout(0.5, { seed: 42 });
          for (let call = 0; call < 2; call++)
            expectBits(await floats(model.predict(x)), active ? twin.forward(wave(128)) : wave(128), `call ${call}`);
        } finally {
          undo();
        }
      },
    ],
  ),
];

/** The layer for arrays as it draws in a sample of a run without a seed. */
function sampler(layerCase: Case, index: number): arrays.Layer {
  const twin = twinOf(layerCase);
  twin.borrow(twin.generator.fork(`sample ${index}`));
  return twin;
}

/** A model whose arithmetic is exact: integers, and halves dropped. */
function exactModel() {
  const units = { units: 6, useBias: false };
  const model = sequential({
    layers: [
      tfLayers.dense({ ...units, inputShape: [4] }),
      new tfjs.Dropout({ rate: 0.5, seed: 1 }),
      tfLayers.batchNormalization({ scale: false, center: false, epsilon: 0 }),
      sequential({ layers: [tfLayers.dropout({ rate: 0.75, seed: 2, inputShape: [6] })] }),
      tfLayers.dense({ ...units, units: 3 }),
    ],
  });
  const weights = [
    [4, 6],
    [6, 3],
  ].map((shape) => tensor(shape, (i) => (i % 5) - 2));
  model.layers[0]!.setWeights([tf.tensor(weights[0]!.data, [4, 6])]);
  model.layers[4]!.setWeights([tf.tensor(weights[1]!.data, [6, 3])]);
  const x = tensor([5, 4], (i) => (i % 7) - 3);
  /** Sample i, computed by hand. */
  const sample = (index: number, rows: number[]): number[] => {
    const fork = (seed: number) => new arrays.Generator(seed).fork(`sample ${index}`).seed;
    const [a, b] = [new arrays.Dropout(0.5, { seed: fork(1) }), new arrays.Dropout(0.75, { seed: fork(2) })];
    const product = (h: Float32Array, n: number, w: Float32Array, m: number) =>
      Float32Array.from({ length: (h.length / n) * m }, (_, i) => {
        let sum = 0;
        for (let k = 0; k < n; k++) sum += h[Math.floor(i / m) * n + k]! * w[k * m + (i % m)]!;
        return sum;
      });
    const data = Float32Array.from(rows.flatMap((row) => [...x.data.subarray(4 * row, 4 * row + 4)]));
    const h = b.forward(a.forward(product(data, 4, weights[0]!.data, 6)));
    return [...product(h, 6, weights[1]!.data, 3)];
  };
  return { model, x: onDevice(x.data, [5, 4]), sample };
}

const monteCarlo = (): Check[] => [
  ...CASES.map(
    (layerCase): Check => [
      `monteCarloPredict with ${titleOf(layerCase)}: samples of the layer for arrays, with shared masks those of a row`,
      async () => {
        const { shape, scales } = layerCase;
        const [rows, ...rest] = shape as [number, ...number[]];
        const model = sequential({ layers: [create(layerCase, { inputShape: rest })] });
        const { data } = tensor(shape);
        const x = onDevice(data, shape);
        const n = size(rest);
        const expectResult = expectValues(tf.getBackend() === 'cpu' || tf.getBackend() === 'wasm' || scales);
        await expectNoLeak(async () => {
          for (const masks of ['each', 'shared'] as const) {
            const { kept } = await tfjs.monteCarloPredict(model, x, { samples: 2, from: 3, masks, keep: true });
            for (const [i, sample] of kept!.entries()) {
              const expected =
                masks === 'each'
                  ? sampler(layerCase, 3 + i).forward({ data, shape }).data
                  : Array.from({ length: rows }, (_, row) => [
                      ...sampler(layerCase, 3 + i).forward({
                        data: data.slice(row * n, (row + 1) * n),
                        shape: [1, ...rest],
                      }).data,
                    ]).flat();
              expectResult(sample, expected, `sample ${3 + i} with masks ${masks}`);
            }
          }
        }, 'the runs');
        expectEqual(positionOf(model.layers[0]!), 0, 'the position of the stream');
        model.dispose();
      },
    ],
  ),
  [
    'monteCarloPredict wakes nothing but dropout: exact samples, also in ranges; batch normalization and predict stay',
    async () => {
      const { model, x, sample } = exactModel();
      const state = () => Promise.all([...model.getWeights().map(floats), floats(model.predict(x))]);
      const before = await state();
      const whole = await tfjs.monteCarloPredict(model, x, { samples: 20, keep: true });
      for (const [i, got] of whole.kept!.entries()) expectBits(got, sample(i, [0, 1, 2, 3, 4]), `sample ${i}`);
      const shared = await tfjs.monteCarloPredict(model, x, { samples: 3, masks: 'shared', keep: true });
      for (const [i, got] of shared.kept!.entries())
        expectBits(
          got,
          [0, 1, 2, 3, 4].flatMap((row) => sample(i, [row])),
          `shared sample ${i}`,
        );
      const part = (from: number, samples: number) => tfjs.monteCarloPredict(model, x, { samples, from });
      const merged = merge(await part(13, 7), await part(0, 13));
      expectBits(merged.toBytes(), whole.toBytes(), 'the merged result');
      for (const [i, values] of (await state()).entries()) expectBits(values, before[i]!, `weights or result ${i}`);
      model.dispose();
    },
  ],
  [
    'monteCarloPredict leaks nothing when it is aborted, left or throws',
    async () => {
      const { model, x } = exactModel();
      const { monteCarloPredict } = tfjs;
      // Delegates of TF.js's layers, and the programs of a GPU.
      await monteCarloPredict(model, x, { samples: 1 });
      const wide = tf.zeros([5, 3]);
      const abort = new AbortController();
      await expectNoLeak(async () => {
        const onSample = (i: number) => i === 2 && abort.abort(new Error('enough'));
        const run = () => monteCarloPredict(model, x, { samples: 9, signal: abort.signal, onSample });
        await expectError(run, 'Error', /^enough$/);
      }, 'an abort');
      await expectNoLeak(async () => {
        for await (const { count } of monteCarloPredict.stream(model, x, { samples: 9 })) if (count === 3) break;
      }, 'break');
      await expectNoLeak(async () => {
        await expectError(() => monteCarloPredict(model, wide, { samples: 9 }), undefined, /shape/);
        const layer = model.layers[4]!;
        layer.call = () => {
          throw new Error('no call');
        };
        await expectError(() => monteCarloPredict(model, x, { samples: 9 }), 'Error', /^no call$/);
        delete (layer as { call?: unknown }).call;
      }, 'an error');
      for (const layer of model.layers) expectTrue(!Object.hasOwn(layer, 'call'), `${layer.name} has an own call`);
      model.dispose();
    },
  ],
];

/** Removes the backend in use. Returns its factory. */
function removed(name: string): () => tf.KernelBackend | Promise<tf.KernelBackend> {
  const factory = tf.findBackendFactory(name);
  // TF.js cannot dispose of a tensor whose backend is gone.
  tf.backend().disposeData = () => true;
  tf.removeBackend(name);
  return factory;
}

/** Runs a check on a fresh instance of a backend, changed before its first use. Puts a plain one back. */
export async function onChanged(name: string, change: (backend: Backend) => void, check: () => unknown): Promise<void> {
  const factory = removed(name);
  tf.registerBackend(name, async () => {
    const backend = await factory();
    change(backend as unknown as Backend);
    return backend;
  });
  try {
    await use(name);
    await check();
  } finally {
    removed(name);
    tf.registerBackend(name, factory);
    await use(name);
  }
}

export type Backend = Record<string, unknown> & { wasm: Record<string, unknown> };

/** The op on a changed backend, whose other kernels may not work. */
async function expectOp(): Promise<void> {
  const x = tf.tensor(wave(1000), [10, 100]);
  const expected = arrays.dropout(wave(1000), { p: 0.5, key });
  expectBits(await floats(drop(x)), expected);
  expectBits(await floats(tf.grad((x) => drop(x))(x, x)), expected, 'the gradient');
}

const backends = (setting: Setting): Check[] => [
  [
    `tfjsPath() is ${setting.path}`,
    async () => {
      const x = onDevice(wave(100), [100]);
      await settle(setting, () => drop(x));
      expectEqual(tfjsPath().reason, setting.reason, 'the reason');
    },
  ],
  ...(setting.threads
    ? [
        [
          'the wasm build with threads is in use',
          async () => {
            expectEqual(await tf.env().getAsync('WASM_HAS_MULTITHREAD_SUPPORT'), true, 'WASM_HAS_MULTITHREAD_SUPPORT');
            const { wasm } = tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } };
            expectTrue(wasm.HEAPU8.buffer instanceof SharedArrayBuffer, 'the heap is not shared');
          },
        ] satisfies Check,
      ]
    : []),
  [
    'a backend under a name of its own is known by what it can do',
    async () => {
      const factory = tf.findBackendFactory(setting.backend);
      tf.registerBackend('mine', factory);
      tf.copyRegisteredKernels(setting.backend, 'mine');
      try {
        await use('mine');
        const x = onDevice(wave(100), [100]);
        await settle({ ...setting, backend: 'mine' as never }, () => drop(x));
        expectBits(await floats(drop(x)), arrays.dropout(wave(100), { p: 0.5, key }));
      } finally {
        removed('mine');
      }
    },
  ],
  [
    'x made on another backend',
    async () => {
      await use(setting.backend === 'cpu' ? 'wasm' : 'cpu');
      const x = onDevice(wave(300), [300]);
      await use(setting.backend);
      expectBits(await floats(drop(x)), arrays.dropout(wave(300), { p: 0.5, key }));
    },
  ],
  [
    'another backend between a call and its gradient',
    async () => {
      const other = setting.backend === 'cpu' ? 'wasm' : 'cpu';
      const data = wave(300);
      const dx = tf.grad((x) => {
        const y = drop(x);
        tf.setBackend(other);
        return y;
      })(tf.tensor(data), tf.tensor(data));
      expectEqual(tf.getBackend(), other, 'the backend');
      expectBits(await floats(dx), arrays.dropout(data, { p: 0.5, key }));
    },
  ],
  [
    'a backend that is removed between a call and its gradient',
    async () => {
      const other = setting.backend === 'cpu' ? 'wasm' : 'cpu';
      const data = wave(300);
      let factory!: ReturnType<typeof removed>;
      try {
        const dx = tf.grad((x) => {
          const y = drop(x);
          factory = removed(setting.backend);
          tf.setBackend(other);
          return y;
        })(tf.tensor(data));
        expectBits(await floats(dx), arrays.dropout(new Float32Array(300).fill(1), { p: 0.5, key }));
      } finally {
        tf.registerBackend(setting.backend, factory);
      }
    },
  ],
  ...(setting.backend === 'wasm'
    ? [
        [
          'x on a removed backend is an error that leaks no tensor and draws no key',
          async () => {
            const x = onDevice(wave(100), [100]);
            const layer = create(CASES[0]!);
            const factory = removed(setting.backend);
            try {
              await use('cpu');
              for (const call of [() => drop(x), () => train(layer, x)])
                await expectNoLeak(() => expectError(call, undefined, /^x is on a removed backend$/), 'the call');
              expectEqual(positionOf(layer), 0, 'the number of keys of the layer');
              expectBits(await floats(train(layer, tf.tensor(wave(100)))), twinOf(CASES[0]!).forward(wave(100)));
            } finally {
              tf.registerBackend(setting.backend, factory);
              await use(setting.backend);
            }
          },
        ] as Check,
      ]
    : []),
  ...(setting.gpu
    ? [
        [
          setting.draw === true
            ? 'nothing is uploaded'
            : `the mask is uploaded in ${setting.backend === 'webgl' ? '1/16' : '1/32'} of the elements of x, and nothing else`,
          async () => {
            const n = 4096;
            const x = onDevice(wave(n), [n]);
            await settle(setting, () => drop(x));
            const backend = tf.backend() as unknown as { makeTensorInfo(...args: unknown[]): unknown };
            const { makeTensorInfo } = backend;
            const uploads: number[] = [];
            backend.makeTensorInfo = function (...args) {
              if (args[2]) uploads.push((args[2] as Float32Array).length);
              return makeTensorInfo.apply(this, args);
            };
            let y!: tf.Tensor;
            try {
              y = drop(x);
            } finally {
              backend.makeTensorInfo = makeTensorInfo;
            }
            const expected = setting.draw === true ? [] : [n / (setting.backend === 'webgl' ? 16 : 32)];
            expectEqual(uploads, expected, 'the lengths of the uploads');
            expectBits(await floats(y), arrays.dropout(wave(n), { p: 0.5, key }));
          },
        ] as Check,
      ]
    : [
        [
          'the op and every layer run one kernel, forward and for the gradient',
          async () => {
            const kernelsOf = async (call: (x: tf.Tensor) => tf.Tensor, x: tf.Tensor) => {
              const { kernels } = await tf.profile(() => tf.grad(call)(x, x));
              return kernels.map(({ name }) => name);
            };
            expectEqual(await kernelsOf((x) => drop(x), tf.tensor(wave(8))), ['DropoutWasm', 'DropoutWasm'], 'the op');
            for (const layerCase of CASES) {
              const { data, shape } = tensor(layerCase.shape);
              const layer = create(layerCase);
              const names = await kernelsOf((x) => train(layer, x), tf.tensor(data, shape));
              // The gradient of added noise is dy.
              const gradient = layerCase.args.stddev ? 'Identity' : 'DropoutWasm';
              expectEqual(names, ['DropoutWasm', gradient], titleOf(layerCase));
            }
          },
        ] as Check,
      ]),
  ...(setting.backend === 'webgpu'
    ? [
        [
          'tensors of all sizes share the pipelines that were compiled',
          async () => {
            for (const n of [1, 2, 20, 31, 32, 33, 64, 100, 1000]) await floats(drop(tf.tensor(wave(n))));
            const { pipelineCache } = tf.backend() as unknown as { pipelineCache: object };
            const ours = Object.keys(pipelineCache).filter((key) => key.startsWith('dropout-wasm'));
            expectEqual(ours.length, setting.draw === true ? 3 : 1, `the number of pipelines ${ours}`);
          },
        ] as Check,
      ]
    : []),
  ...(setting.backend === 'webgl'
    ? [
        [
          'a tensor of rank 7 has the bits of dropout on arrays, and later ones are served as before',
          async () => {
            const x = tf.reshape(tf.tensor(wave(128)), [2, 2, 2, 2, 2, 2, 2] as never);
            expectBits(await floats(tf.reshape(drop(x), [128])), arrays.dropout(wave(128), { p: 0.5, key }));
            expectEqual(tfjsPath().path, 'webgl', 'the path');
          },
        ] as Check,
      ]
    : []),
  [
    'a backend that is removed and registered again',
    async () => {
      const layer = create(CASES[0]!);
      const twin = twinOf(CASES[0]!);
      for (let round = 0; round < 3; round++) {
        const { data, shape } = tensor(CASES[0]!.shape);
        expectBits(await floats(train(layer, tf.tensor(data, shape))), twin.forward(data), `round ${round}`);
        tf.registerBackend(setting.backend, removed(setting.backend));
        await use(setting.backend);
      }
      const x = onDevice(wave(100), [100]);
      await settle(setting, () => drop(x));
    },
  ],
];

/** Calls that have to fail without a trace: each gets a tensor and a layer. */
const BAD: [name: string, call: (x: tf.Tensor, layer: Layer) => unknown, type: string | undefined, message: RegExp][] =
  [
    ['a rate that is NaN', (x) => dropout(x, Number.NaN), undefined, /rate.*NaN/],
    ['a rate that is a string', (x) => dropout(x, '0.5' as never), 'TypeError', /0\.5/],
    ['a rate out of range', (x) => dropout(x, 1.5), 'RangeError', /rate.*1\.5/],
    ['p = NaN', (x) => drop(x, { p: Number.NaN }), undefined, /^p .*NaN/],
    ['an unknown option', (x) => drop(x, { foo: 1 }), 'TypeError', /foo/],
    ['a noise shape that does not fit', (x) => drop(x, { noiseShape: [3] }), 'RangeError', /noiseShape/],
    ["a noise shape that does not fit, as TF.js's", (x) => dropout(x, 0.5, [3]), 'RangeError', /noiseShape/],
    ['a seed that is none', (x) => dropout(x, 0.5, undefined, {} as never), 'TypeError', /seed/],
    ['no tensor', () => drop(undefined as never), 'TypeError', /^x /],
    ['p = 5 for an empty tensor', () => tf.tidy(() => drop(tf.zeros([0]), { p: 5 })), 'RangeError', /^p .*5/],
    [
      'no key for an empty tensor',
      () => tf.tidy(() => drop(tf.zeros([2, 0]), { key: undefined })),
      'TypeError',
      /^key has to be /,
    ],
    ['a rate of a layer that is NaN', (_, layer) => Object.assign(layer, { rate: Number.NaN }), undefined, /rate.*NaN/],
    ['an unknown argument of a layer', () => new tfjs.Dropout({ rate: 0.5, foo: 1 } as never), 'TypeError', /foo/],
    ['an unknown argument of apply', (x, layer) => layer.apply(x, { foo: 1 } as never), 'TypeError', /foo/],
    ['a second input', (x, layer) => layer.apply([x, x], { training: true }), 'TypeError', /single tensor/],
    ...(['int32', 'bool', 'string', 'complex64'] as const).flatMap((dtype): typeof BAD => {
      const made = (): tf.Tensor => {
        if (dtype === 'string') return tf.tensor(['a', 'b']);
        if (dtype !== 'complex64') return tf.tensor([1, 0], [2], dtype);
        // TF.js has no complex numbers on wasm.
        const name = tf.getBackend();
        tf.setBackend('cpu');
        const x = tf.complex([1, 2], [3, 4]);
        tf.setBackend(name);
        return x;
      };
      const on = (call: (x: tf.Tensor, layer: Layer) => unknown) => (_: tf.Tensor, layer: Layer) => {
        const x = made();
        try {
          call(x, layer);
        } finally {
          x.dispose();
        }
      };
      return [
        [`dtype ${dtype}`, on((x) => drop(x)), 'TypeError', new RegExp(`float32.*${dtype}`)],
        [`dtype ${dtype}, in a layer`, on((x, layer) => train(layer, x)), 'TypeError', new RegExp(`float32.*${dtype}`)],
      ];
    }),
    ...[
      (x: tf.Tensor) => drop(x),
      (x: tf.Tensor) => dropout(x, 0.5),
      (x: tf.Tensor, layer: Layer) => train(layer, x),
      (x: tf.Tensor) => drop(x, { p: 0 }),
    ].map(
      (call, i) =>
        [
          `a disposed tensor, ${['in the op', "in TF.js's form of the op", 'in a layer', 'with p = 0'][i]}`,
          (_: tf.Tensor, layer: Layer) => {
            const x = tf.tensor([1, 2]);
            x.dispose();
            return call(x, layer);
          },
          undefined,
          /dispos/i,
        ] as (typeof BAD)[number],
    ),
  ];

const badInput = (): Check[] =>
  BAD.map(([name, call, type, message]) => [
    `${name} is an error that leaks no tensor and draws no key`,
    async () => {
      const x = onDevice(wave(100), [100]);
      const layer = create(CASES[0]!);
      arrays.manualSeed(7);
      const next = await floats(dropout(x, 0.5));
      arrays.manualSeed(7);
      await expectNoLeak(() => expectError(() => call(x, layer), type, message), name);
      expectEqual(positionOf(layer), 0, 'the number of keys of the layer');
      expectBits(await floats(dropout(x, 0.5)), next, 'the next call');
      expectBits(await floats(train(layer, x)), twinOf(CASES[0]!).forward(wave(100)), 'the next call of the layer');
    },
  ]);

const heap = (): Check[] => [
  [
    'a full heap is an error that leaks nothing and draws no key',
    async () => {
      const backend = tf.backend() as unknown as { getMemoryOffset(dataId: object): number };
      const { getMemoryOffset } = backend;
      const layer = create(CASES[0]!);
      const x = onDevice(wave(100), [100]);
      // What TF.js records where malloc fails.
      let calls = 0;
      backend.getMemoryOffset = (dataId) => (++calls % 2 ? getMemoryOffset.call(backend, dataId) : 0);
      try {
        for (const call of [() => drop(x), () => train(layer, x)])
          await expectNoLeak(() => expectError(call, 'RangeError', /^the heap is full$/), 'the call');
      } finally {
        backend.getMemoryOffset = getMemoryOffset;
      }
      expectEqual(positionOf(layer), 0, 'the number of keys of the layer');
      expectBits(await floats(drop(x)), arrays.dropout(wave(100), { p: 0.5, key }));
    },
  ],
  [
    'the heap grows in the middle',
    async () => {
      const backend = tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } };
      const bufferOf = () => backend.wasm.HEAPU8.buffer;
      let grown = 0;
      for (let i = 0; i < 100 && grown < 3; i++) {
        const before = bufferOf();
        const n = 2 ** 20 + i;
        const x = tf.fill([n], i + 1);
        const y = drop(x);
        const dx = tf.grad((x) => drop(x))(x, x);
        if (bufferOf() !== before) grown++;
        const expected = arrays.dropout(new Float32Array(n).fill(i + 1), { p: 0.5, key });
        expectBits(await floats(y), expected, `tensor ${i}`);
        expectBits(await floats(dx), expected, `gradient ${i}`);
      }
      expectTrue(grown >= 3, `the heap has grown ${grown} times`);
      expectEqual(tfjsPath().path, 'heap', 'the path');
    },
  ],
  [
    'noise and channels in a heap that grows',
    async () => {
      const before = (tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } }).wasm.HEAPU8.buffer;
      const shape = [16, 64, 1024];
      const input = tensor(shape);
      for (let i = 0; i < 3; i++)
        for (const layerCase of CASES.filter(({ name }) => /^(Dropout1d|GaussianNoise|AlphaDropout)$/.test(name))) {
          const y = train(create(layerCase), tf.tensor(input.data, shape));
          expectBits(await floats(y), twinOf(layerCase).forward(input).data, `${layerCase.name}, round ${i}`);
        }
      expectTrue(
        (tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } }).wasm.HEAPU8.buffer !== before,
        'the heap has not grown',
      );
    },
  ],
  ...Object.entries<(backend: Backend) => void>({
    'no makeOutput': (backend) => {
      backend.makeOutput = undefined;
    },
    'no getMemoryOffset': (backend) => {
      backend.getMemoryOffset = undefined;
    },
    'no memory': (backend) => {
      backend.wasm = hiding(backend.wasm, ['asm', 'wasmMemory']);
    },
    'a memory that is not the heap': (backend) => {
      const memory = new WebAssembly.Memory({ initial: 1 });
      const wasm = hiding(backend.wasm, ['wasmMemory']);
      backend.wasm = new Proxy(wasm, {
        get: (target, name) => (name === 'asm' ? { memory } : Reflect.get(target, name)),
      });
    },
  }).map(
    ([name, change]): Check => [
      `a backend with ${name} is served by copies, with the same bits`,
      () =>
        onChanged('wasm', change, async () => {
          await expectOp();
          const { path, reason } = tfjsPath();
          expectEqual(path, 'copy', 'the path');
          expectTrue(typeof reason === 'string' && reason.length > 5, `the reason is ${reason}`);
        }),
    ],
  ),
];

/** An object without some properties, whose methods still run on the object itself. */
const hiding = (target: Record<string, unknown>, names: string[]) =>
  new Proxy(target, { get: (_, name) => (names.includes(name as string) ? undefined : target[name as string]) });

/** A program of a GPU backend. */
interface Program {
  variableNames: string[];
}

/** Changes how a backend runs this package's programs. */
export function changePrograms(
  backend: Backend,
  method: string,
  run: (program: object) => object,
  isMeant = ({ variableNames }: Program) => variableNames.includes('Mask'),
): void {
  const original = backend[method] as (...args: unknown[]) => unknown;
  backend[method] = function (this: unknown, program: Program, ...args: unknown[]) {
    return original.call(this, isMeant(program) ? run(program) : program, ...args);
  };
}

export const fail = (): never => {
  throw new Error('refused by the test');
};

const broken = (program: object): object =>
  Object.assign(Object.create(program), {
    getUserCode: () => 'this is no WGSL',
    shaderKey: 'dropout-wasm broken',
    userCode: 'no GLSL',
  });

/** The op by public ops alone. */
async function expectWhere(): Promise<void> {
  for (let round = 0; round < 3; round++) {
    await expectOp();
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  for (const layerCase of CASES) {
    const { data, shape } = tensor(layerCase.shape);
    const y = await floats(train(create(layerCase), onDevice(data, shape)));
    expectValues(false)(y, twinOf(layerCase).forward({ data, shape }).data, titleOf(layerCase));
  }
  const { path, reason } = tfjsPath();
  expectEqual(path, 'where', 'the path');
  expectTrue(typeof reason === 'string' && reason.length > 5, `the reason is ${reason}`);
}

const gpuFallbacks = ({ backend: name }: Setting): Check[] => {
  const method = name === 'webgl' ? 'runWebGLProgram' : 'runWebGPUProgram';
  return [
    ...Object.entries<(backend: Backend) => void>({
      [`whose ${method} throws`]: (backend) => changePrograms(backend, method, fail),
      [`whose ${method} has other conventions`]: (backend) => changePrograms(backend, method, broken),
    }).map(
      ([what, change]): Check => [
        `a ${name} backend ${what} is served by tf.where, with the same mask`,
        () => onChanged(name, change, expectWhere),
      ],
    ),
    ...(name === 'webgl'
      ? [
          [
            'webgl without float textures is served by tf.where, with the same mask',
            async () => {
              tf.env().set('WEBGL_RENDER_FLOAT32_ENABLED', false);
              try {
                await onChanged(
                  name,
                  () => {},
                  async () => {
                    const x = tf.tensor(wave(1000).map(Math.round));
                    const expected = arrays.dropout(wave(1000).map(Math.round), { p: 0.5, key });
                    expectBits(await floats(drop(x)), expected);
                    expectEqual(tfjsPath().path, 'where', 'the path');
                  },
                );
              } finally {
                tf.env().set('WEBGL_RENDER_FLOAT32_ENABLED', true);
              }
            },
          ] satisfies Check,
        ]
      : []),
  ];
};

/** Takes the device away from the backend, so it comes last. */
const lost = ({ backend: name }: Setting): Check => [
  `a lost ${name} device is an error that names the backend and draws no key, and cpu takes over`,
  async () => {
    const layer = create(CASES[0]!);
    const x = onDevice(wave(1000), [1000]);
    await floats(drop(x));
    if (name === 'webgl') {
      const { gl } = (tf.backend() as unknown as { gpgpu: { gl: WebGLRenderingContext } }).gpgpu;
      gl.getExtension('WEBGL_lose_context')!.loseContext();
      expectTrue(gl.isContextLost(), 'the context is not lost');
    } else {
      const { device } = tf.backend() as unknown as { device: { destroy(): void; lost: Promise<unknown> } };
      device.destroy();
      await device.lost;
    }
    await expectNoLeak(async () => {
      await expectError(() => drop(x), undefined, new RegExp(name));
      await expectError(() => train(layer, x), undefined, new RegExp(name));
    }, 'a lost device');
    expectEqual(positionOf(layer), 0, 'the number of keys of the layer');
    await use('cpu');
    const y = train(layer, tf.tensor(wave(1000)));
    expectBits(await floats(y), twinOf(CASES[0]!).forward(wave(1000)), 'the next call on cpu');
  },
];

export function own(setting: Setting): Check[] {
  const { backend, gpu } = setting;
  return [
    ...backends(setting).slice(0, 1),
    ...bits(setting),
    ...memory(setting),
    ...training(),
    ...monteCarlo(),
    ...badInput(),
    ...backends(setting).slice(1),
    ...(backend === 'wasm' ? heap() : []),
    ...(gpu ? [...gpuFallbacks(setting), lost(setting)] : []),
  ];
}
