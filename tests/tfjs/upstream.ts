/**
 * TensorFlow.js's tests of dropout, check by check and by their upstream names: tfjs-core ops/dropout_test.ts, and
 * tfjs-layers layers/core_test.ts (Dropout, SpatialDropout1D) and layers/noise_test.ts, after `replaceBuiltins`.
 */
import * as tf from '@tensorflow/tfjs-core';
import { layers, SymbolicTensor } from '@tensorflow/tfjs-layers';
import * as arrays from 'dropout-wasm';
import { AlphaDropout, Dropout, Dropout1d, dropout, GaussianDropout, replaceBuiltins } from 'dropout-wasm/tfjs';
import { full, ones } from '../support/arrays.js';
import {
  type Check,
  expectBits,
  expectEqual,
  expectError,
  expectTrue,
  expectValues,
  floats,
  type Setting,
} from './check.js';

type Layer = layers.Layer;
type Args = { [name: string]: never };

const x1 = () => tf.tensor1d([1, 2, 2, 1]);
const x2 = () => tf.tensor2d([1, 5, 2, 4, 3, 6], [2, 3]);
const train = (layer: Layer, x: tf.Tensor) => layer.apply(x, { training: true }) as tf.Tensor;

function expectLike(y: tf.Tensor, x: tf.Tensor): void {
  expectEqual(y.dtype, x.dtype, 'the dtype');
  expectEqual(y.shape, x.shape, 'the shape');
}

/** Expects y to be x / (1 − rate) or 0, alike within runs of elements. */
async function expectDropped(y: tf.Tensor, x: tf.Tensor, rate: number, run = 1): Promise<void> {
  expectLike(y, x);
  const [got, values] = [await floats(y), await floats(x)];
  for (const [i, v] of got.entries()) {
    const kept = got[i - (i % run)] !== 0;
    expectEqual(v, kept ? Math.fround(values[i]! / (1 - rate)) : 0, `element ${i}`);
  }
}

async function expectSame(y: tf.Tensor, x: tf.Tensor): Promise<void> {
  expectLike(y, x);
  expectBits(await floats(y), await floats(x));
}

const dropoutTest: Check[] = [
  ['x 1d array, rate 0', () => expectSame(dropout(x1(), 0), x1())],
  ['x 1d array, rate 0.75', () => expectDropped(dropout(x1(), 0.75), x1(), 0.75)],
  ['x 2d array, rate 0', () => expectSame(dropout(x2(), 0), x2())],
  ['x 2d array, rate 0.75', () => expectDropped(dropout(x2(), 0.75), x2(), 0.75)],
  ['x 1d array, rate 0.75, with noise shape length = 1', () => expectDropped(dropout(x1(), 0.75, [1]), x1(), 0.75, 4)],
  [
    'x 2d array, rate 0.75, with noise shape length = 2',
    () => expectDropped(dropout(x2(), 0.75, [2, 1]), x2(), 0.75, 3),
  ],
  ['broadcast noise shape', () => expectDropped(dropout(x2(), 0.75, [1]), x2(), 0.75, 6)],
  ['x 1d array, rate 0.75, with seed', () => expectDropped(dropout(x1(), 0.75, undefined, 23), x1(), 0.75)],
  [
    'x 1d array, rate 0.75, with seed, and null for the noise shape',
    async () => {
      await expectDropped(dropout(x1(), 0.75, null, 23), x1(), 0.75);
    },
  ],
  ['x TensorLike object', () => expectSame(dropout([1, 2, 2, 1], 0), x1())],
  [
    'throws when x.dtype != float32',
    () => expectError(() => dropout(tf.tensor1d([1, 2, 2, 1], 'int32'), 0.75), 'TypeError', /float32/),
  ],
  [
    'throws when rate is not in the range [0, 1)',
    () => expectError(() => dropout(x1(), 1.5), 'RangeError', /rate.*1\.5/),
  ],
];

const symbolicShapes = [
  [10, 4],
  [12, 10, 4],
  [null, 4],
];

/** The checks of a layer on symbolic tensors. */
const symbolic = (create: (args: Args) => Layer, parameter: string, amounts: number[]): Check[] =>
  amounts.flatMap((amount) =>
    symbolicShapes.map(
      (shape): Check => [
        `Symbolic: ${parameter}=${amount}; input shape=${JSON.stringify(shape)}`,
        () => {
          const x = new SymbolicTensor('float32', shape, null as never, [], {});
          const layer = create({ [parameter]: amount as never });
          const y = layer.apply(x) as SymbolicTensor;
          expectEqual(y.dtype, 'float32', 'the dtype');
          expectEqual(y.shape, shape, 'the shape');
          expectTrue(y.sourceLayer === layer, 'the source layer is another one');
          expectTrue(y.inputs.length === 1 && y.inputs[0] === x, 'the inputs are others');
        },
      ],
    ),
  );

const shape = [2, 3, 4];

const dropoutLayer = [false, true].flatMap((training) =>
  [0, 0.5].flatMap((rate) =>
    [null, shape, [2, 3, 1]].map(
      (noiseShape): Check => [
        `tensor: training=${training}, dropoutRate=${rate}, noiseShape=${JSON.stringify(noiseShape)}`,
        async () => {
          const x = tf.ones(shape);
          const layer = layers.dropout({ rate, noiseShape: noiseShape as never, seed: 0 });
          const y = layer.apply(x, { training }) as tf.Tensor;
          if (!training || rate === 0) return expectSame(y, x);
          const run = noiseShape?.[2] === 1 ? 4 : 1;
          await expectDropped(y, x, rate, run);
          const kept = (await floats(y)).filter((v) => v !== 0).length;
          expectTrue(kept < 24 && kept % run === 0, `${kept} of 24 elements are kept`);
        },
      ],
    ),
  ),
);

const x4 = () => tf.ones([1, 2, 3, 4]);
const rankError = /expected ndim=3.*found ndim=4/;

const spatialLayer: Check[] = [
  ...[
    [0.5, false],
    [0, false],
    [0, true],
  ].map(
    ([rate, training]): Check => [
      `Forward: rate=${rate}; training=${training}`,
      () => {
        const layer = layers.spatialDropout1d({ rate: rate as number, seed: 1337 });
        return expectSame(layer.apply(tf.ones(shape), { training }) as tf.Tensor, tf.ones(shape));
      },
    ],
  ),
  [
    'Incorrect input shape: Symbolic',
    () => {
      const x = new SymbolicTensor('float32', [1, 2, 3, 4], null as never, [], {});
      return expectError(() => layers.spatialDropout1d({ rate: 0.5 }).apply(x), undefined, rankError);
    },
  ],
  [
    'Incorrect input shape: Concrete Tensor',
    () => expectError(() => layers.spatialDropout1d({ rate: 0.5 }).apply(x4()), undefined, rankError),
  ],
  [
    'Serialization round trip',
    () => {
      const config = JSON.parse(JSON.stringify(layers.spatialDropout1d({ rate: 0.3, seed: 1337 }).getConfig()));
      const again = layers.spatialDropout1d(config).getConfig();
      expectEqual([again.rate, again.seed], [0.3, 1337], 'rate and seed');
    },
  ],
];

/** The checks of a noise layer on tensors. */
const noise = (create: () => Layer, shape: [number, number]): Check[] => [
  ['Predict', () => expectSame(create().apply(tf.ones(shape), { training: false }) as tf.Tensor, tf.ones(shape))],
  [
    'Train',
    async () => {
      const y = train(create(), tf.ones(shape));
      expectLike(y, tf.ones(shape));
      expectTrue(
        (await floats(y)).some((v) => v !== 1),
        'no element differs from the input',
      );
    },
  ],
  [
    // Upstream compares the first result to itself.
    'Successive Call',
    async () => {
      const layer = create();
      const [a, b] = [train(layer, tf.ones([8, 8])), train(layer, tf.ones([8, 8]))];
      expectLike(a, b);
      expectTrue(String(await floats(a)) !== String(await floats(b)), 'two calls give the same noise');
    },
  ],
];

const { alphaDropout, gaussianDropout, gaussianNoise } = layers;

/** The layer of dropout-wasm that a layer of `tf.layers` stands for, with the same seed. */
const TWINS: [name: string, create: () => Layer, twin: () => arrays.Layer][] = [
  ['dropout', () => layers.dropout({ rate: 0.5, seed: 23 }), () => new arrays.Dropout(0.5, { seed: 23 })],
  [
    'spatialDropout1d',
    () => layers.spatialDropout1d({ rate: 0.5, seed: 1337 }),
    () => new arrays.Dropout1d(0.5, { seed: 1337, channels: 'last' }),
  ],
  // TF.js's noise layers have no seed, so their streams are the children of the default generator.
  ['alphaDropout', () => alphaDropout({ rate: 0.5 }), () => new arrays.AlphaDropout(0.5)],
  ['gaussianDropout', () => gaussianDropout({ rate: 0.5 }), () => new arrays.GaussianDropout(0.5)],
  ['gaussianNoise', () => gaussianNoise({ stddev: 0.5 }), () => new arrays.GaussianNoise(0.5)],
];

/** What differs from TensorFlow.js on purpose: docs/tfjs.md lists these. */
const differences = ({ gpu }: Setting): Check[] => [
  // Upstream: the vectors of "tensor with seed get specific value" (seed 23), and of SpatialDropout1D (seed 1337). All
  // calls of a seeded layer give the same mask there.
  ...TWINS.map(
    ([name, create, twin]): Check => [
      `${name} draws from the streams of this package, with a new mask in each call`,
      async () => {
        // A layer takes its stream from the default generator at its first call.
        arrays.manualSeed(3);
        const other = twin();
        const expected = [0, 1].map(() => other.forward(ones(shape)).data);
        arrays.manualSeed(3);
        const layer = create();
        const calls: string[] = [];
        for (const [call, values] of expected.entries()) {
          const got = await floats(train(layer, tf.ones(shape)));
          expectValues(!gpu || /^(d|s)/.test(name))(got, values, `call ${call}`);
          calls.push(String(got));
        }
        expectTrue(calls[0] !== calls[1], 'two calls give the same result');
      },
    ],
  ),
  [
    'a seed of the op is one of this package, and gives the same mask each time',
    async () => {
      const key = new arrays.Generator(23).keyAt(0);
      const expected = arrays.dropout(full([50], 1).data, { p: 0.5, key });
      for (let call = 0; call < 2; call++)
        expectBits(await floats(dropout(tf.ones([50]), 0.5, undefined, 23)), expected);
    },
  ],
  // Upstream: the op throws, the layers return x.
  [
    'rate 1 gives zeros',
    async () => {
      expectBits(await floats(dropout(x1(), 1)), [0, 0, 0, 0], 'dropout');
      for (const create of [layers.dropout, alphaDropout, gaussianDropout]) {
        const y = await floats(train(create({ rate: 1 }), tf.ones([4])));
        expectTrue(
          y.every((v) => v === y[0] && v !== 1),
          `a layer gives ${y}`,
        );
      }
      expectBits(await floats(train(layers.spatialDropout1d({ rate: 1 }), tf.ones(shape))), new Float32Array(24));
    },
  ],
  // Upstream: the op throws, Dropout's constructor clamps the rate, and the noise layers take any.
  [
    'a rate out of range is an error, unless the constructor of TF.js has clamped it',
    async () => {
      const x = tf.ones(shape);
      for (const rate of [-0.1, 1.5, Number.NaN]) {
        await expectError(() => dropout(x1(), rate), undefined, /^rate has to be/);
        for (const type of [Dropout, Dropout1d, AlphaDropout, GaussianDropout])
          await expectError(() => new type({ rate }), undefined, /^rate has to be/);
        for (const create of [alphaDropout, gaussianDropout])
          await expectError(() => train(create({ rate }), x), undefined, /^rate has to be/);
      }
      await expectError(() => train(gaussianNoise({ stddev: -1 }), x), undefined, /^stddev has to be/);
      for (const create of [layers.dropout, layers.spatialDropout1d]) {
        expectBits(await floats(train(create({ rate: 1.5 }), x)), new Float32Array(24));
        expectBits(await floats(train(create({ rate: -0.1 }), x)), new Float32Array(24).fill(1));
        await expectError(() => train(create({ rate: Number.NaN }), x), undefined, /^rate has to be/);
      }
    },
  ],
  // Upstream: NaN · 0 is NaN.
  [
    'a dropped NaN or Infinity is +0',
    async () => {
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        const y = await floats(dropout(tf.fill([200], value), 0.5, undefined, 1));
        const mask = arrays.mask(200, { p: 0.5, key: new arrays.Generator(1).keyAt(0) });
        expectBits(
          y.filter((_, i) => !mask[i]),
          new Float32Array(200).filter((_, i) => !mask[i]),
          `dropped ${value}`,
        );
        // WGSL lets a compiler assume that there is no NaN.
        if (!gpu)
          expectBits(
            y.filter((_, i) => mask[i]),
            new Float32Array(200).fill(value).filter((_, i) => mask[i]),
          );
      }
    },
  ],
];

const named = (group: string, checks: Check[]): Check[] => checks.map(([name, run]) => [`${group}: ${name}`, run]);

/** With `replaceBuiltins` during the check. */
const replaced = (checks: Check[]): Check[] =>
  checks.map(([name, run]) => [
    name,
    async () => {
      const undo = replaceBuiltins();
      try {
        await run();
      } finally {
        undo();
      }
    },
  ]);

export const upstream = (setting: Setting): Check[] =>
  replaced([
    ...named('dropout_test', dropoutTest),
    ...named('core_test, Dropout', [...symbolic(layers.dropout as never, 'rate', [0, 0.5]), ...dropoutLayer]),
    ...named('core_test, SpatialDropout1D', spatialLayer),
    ...named('noise_test, GaussianNoise', [
      ...symbolic(gaussianNoise as never, 'stddev', [0, 1, 0.5]),
      ...noise(() => gaussianNoise({ stddev: 1 }), [2, 2]),
    ]),
    ...named('noise_test, GaussianDropout', [
      ...symbolic(gaussianDropout as never, 'rate', [0, 1, 0.5]),
      ...noise(() => gaussianDropout({ rate: 0.5 }), [1, 2]),
    ]),
    ...named('noise_test, AlphaDropout', [
      ...symbolic(alphaDropout as never, 'rate', [0, 1, 0.5]),
      ...noise(() => alphaDropout({ rate: 0.5 }), [1, 2]),
    ]),
    ...named('on purpose', differences(setting)),
  ]);
