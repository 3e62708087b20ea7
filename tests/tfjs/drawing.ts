/** What this package promises of webgpu where the GPU draws the masks. */
import * as tf from '@tensorflow/tfjs-core';
import { sequential } from '@tensorflow/tfjs-layers';
import * as arrays from 'dropout-wasm';
import { monteCarloPredict, tfjsPath } from 'dropout-wasm/tfjs';
import { tensor } from '../support/arrays.js';
import {
  type Check,
  counts,
  DRAW,
  expectBits,
  expectEqual,
  expectError,
  expectNoLeak,
  expectTrue,
  floats,
  type Setting,
  settle,
} from './check.js';
import {
  type Backend,
  CASES,
  changePrograms,
  create,
  drop,
  expectLikeArrays,
  fail,
  key,
  onChanged,
  onDevice,
  positionOf,
  train,
  twinOf,
} from './own.js';

/** The layers whose masks the CPU draws, since they are no draws of their elements. */
const COMPUTED = /^(Gaussian|DropBlock)/;

type Upload = (...args: unknown[]) => unknown;

/** The number of bytes that go to the GPU in a call, with uniforms. */
async function uploaded(call: () => unknown): Promise<number> {
  const backend = tf.backend() as unknown as Record<string, Upload> & {
    queue: Record<string, Upload>;
    tensorMap: { get(dataId: object): { values?: { length: number } | null; resource?: unknown } };
  };
  let bytes = 0;
  const counted = (object: Record<string, Upload>, name: string, count: (...args: unknown[]) => number) => {
    object[name] = function (this: unknown, ...args) {
      bytes += count(...args);
      return Object.getPrototypeOf(this)[name].apply(this, args);
    };
    return () => delete object[name];
  };
  const undos = [
    counted(backend, 'uploadToGPU', (dataId) => {
      const { values, resource } = backend.tensorMap.get(dataId as object);
      return resource ? 0 : 4 * (values?.length ?? 0);
    }),
    counted(backend.queue, 'writeBuffer', (_buffer, _offset, data, _from, length) =>
      Number(length ?? (data as ArrayBuffer).byteLength),
    ),
    counted(backend.queue, 'writeTexture', () => 1e9),
  ];
  try {
    await call();
  } finally {
    for (const undo of undos) undo();
  }
  return bytes;
}

/** All noise shapes of a shape: along each axis of more than one element, draws of their own or a shared one. */
const noiseShapesOf = (shape: number[]): number[][] =>
  Array.from({ length: 2 ** shape.length }, (_, bits) => shape.map((n, axis) => ((bits >> axis) & 1 ? n : 1)));

/** Changes the programs of a backend that have no inputs: they draw. */
const changeDrawing = (backend: Backend, run: (program: object) => object) =>
  changePrograms(backend, 'runWebGPUProgram', run, ({ variableNames }) => variableNames.length === 0);

export const drawing = (setting: Setting): Check[] => [
  [
    'no call and no gradient uploads more than uniforms',
    async () => {
      const n = 2 ** 16;
      const x = onDevice(tensor([n]).data, [n]);
      await settle(setting, () => drop(x));
      const small = 1000;
      const whole = await uploaded(() => tf.dispose([drop(x), tf.grad((x) => drop(x))(x, x)]));
      expectTrue(whole > 0 && whole < small, `the op uploads ${whole} bytes`);
      for (const p of [0, 1]) {
        const bytes = await uploaded(() => drop(x, { p, key: undefined }).dispose());
        expectTrue(bytes < small, `p = ${p} uploads ${bytes} bytes`);
      }
      for (const layerCase of CASES) {
        // Masks of at least 4 KB.
        const shape = layerCase.shape.map((n, axis) => (axis || layerCase.args.noiseShape ? n : 1000 * n));
        if (layerCase.args.noiseShape) shape[0]! *= 1000;
        const x = onDevice(tensor(shape).data, shape);
        const layer = create(layerCase);
        const bytes = await uploaded(() =>
          tf
            .grad((x) => train(layer, x))(x, x)
            .dispose(),
        );
        const isComputed = COMPUTED.test(layerCase.name);
        expectTrue(bytes < small !== isComputed, `${layerCase.name} uploads ${bytes} bytes`);
        x.dispose();
      }
    },
  ],
  [
    'masks that all rows share are not uploaded',
    async () => {
      const model = sequential({ layers: [create(CASES[0]!, { inputShape: [5000] })] });
      const x = onDevice(tensor([20, 5000]).data, [20, 5000]);
      let result!: Awaited<ReturnType<typeof monteCarloPredict>>;
      const options = { samples: 2, seed: 1, masks: 'shared' } as const;
      const bytes = await uploaded(async () => {
        result = await monteCarloPredict(model, x, options);
      });
      expectTrue(bytes < 2000, `${bytes} bytes are uploaded`);
      tf.env().set(DRAW, false);
      const { mean } = await monteCarloPredict(model, x, options);
      expectBits(result.mean, mean);
      model.dispose();
    },
  ],
  [
    'offsets up to 2^53, within blocks and across them',
    async () => {
      for (const base of [0, 2 ** 31, 2 ** 32, 2 ** 44, 2 ** 53 - 8192])
        for (const offset of [base, base + 1, base + 4095, base + 4096 + 4093])
          await expectLikeArrays([4200], { offset, p: 0.3 });
      await expectLikeArrays([5], { offset: 2 ** 53 - 5 });
      await expectLikeArrays([41, 5, 40], { offset: 2 ** 53 - 8192, noiseShape: [41, 1, 40] });
    },
  ],
  [
    'more than 65,535 workgroups',
    async () => {
      const rows = 2 ** 16 + 1;
      const { data } = tensor([64 * rows]);
      const x = onDevice(data, [rows, 64]);
      for (const noiseShape of [undefined, [rows, 1], [1, 64]]) {
        const expected = arrays.dropout(
          { data, shape: [rows, 64] },
          { p: 0.5, key, ...(noiseShape && { noiseShape }) },
        );
        const y = drop(x, noiseShape && { noiseShape });
        expectBits(await floats(y), expected.data, `noise shape ${noiseShape}`);
        y.dispose();
      }
    },
  ],
  ...[
    [5, 7],
    [3, 4, 5],
    [17, 16, 18],
    [3, 4, 2, 5],
    [2, 3, 2, 3, 2],
    [2, 3, 2, 3, 2, 3],
  ].map(
    (shape): Check => [
      `every noise shape of ${JSON.stringify(shape)}`,
      async () => {
        for (const noiseShape of noiseShapesOf(shape)) await expectLikeArrays(shape, { noiseShape, offset: 4000 });
      },
    ],
  ),
  [
    'random calls',
    async () => {
      const generator = new arrays.Generator(16);
      const random = (n: number) => Number(generator.next() % BigInt(n));
      for (let i = 0; i < 60; i++) {
        const shape = Array.from({ length: 1 + random(4) }, () => 1 + random(12));
        const options = {
          p: random(2 ** 32) / 2 ** 32,
          key: `0x${generator.next().toString(16)}`,
          offset: random(2 ** random(53)),
          ...(random(2) && { noiseShape: shape.map((n) => (random(2) ? n : 1)) }),
        };
        await expectLikeArrays(shape, options);
      }
    },
  ],
  [
    `the flag ${DRAW} switches at any call, and other values are an error without a trace`,
    async () => {
      const { data, shape } = tensor(CASES[0]!.shape);
      const x = onDevice(data, shape);
      const [layer, twin] = [create(CASES[0]!), twinOf(CASES[0]!)];
      for (const [draw, path, reason] of [
        [true, 'webgpu-draw', undefined],
        [false, 'webgpu', `${DRAW} is false`],
        ['auto', 'webgpu', 'a software adapter'],
        [true, 'webgpu-draw', undefined],
      ] as const) {
        tf.env().set(DRAW, draw);
        const { path: got, reason: why } = tfjsPath();
        expectEqual([got, why], [path, reason], `the path with ${draw}`);
        expectBits(await floats(train(layer, x)), twin.forward({ data, shape }).data, `the result with ${draw}`);
      }
      tf.env().set(DRAW, 'yes');
      const position = positionOf(layer);
      const message = /^DROPOUT_WASM_WEBGPU_DRAW has to be true, false or 'auto', but got .*yes/;
      await expectNoLeak(() => expectError(() => train(layer, x), 'TypeError', message), 'the call');
      await expectError(() => tfjsPath(), 'TypeError', message);
      expectEqual(positionOf(layer), position, 'the number of keys of the layer');
    },
  ],
  ...Object.entries<[change: (program: object) => object, reason: RegExp]>({
    'does not compile': [
      (program) => Object.assign(Object.create(program), { getUserCode: () => 'this is no WGSL', shaderKey: 'other' }),
      /ShaderModule/,
    ],
    throws: [fail, /refused by the test/],
  }).map(
    ([what, [change, expected]]): Check => [
      `a program that draws and ${what} is replaced by uploaded bits`,
      () =>
        onChanged(
          setting.backend,
          (backend) => changeDrawing(backend, change),
          async () => {
            const x = onDevice(tensor([1000]).data, [1000]);
            await settle({ ...setting, path: 'webgpu' }, () => drop(x));
            const before = counts();
            for (let round = 0; round < 3; round++) {
              const y = drop(x);
              expectBits(await floats(y), arrays.dropout(tensor([1000]).data, { p: 0.5, key }), `round ${round}`);
              y.dispose();
              // For what compiles.
              await new Promise((resolve) => setTimeout(resolve, 30));
            }
            expectEqual(counts(), before, 'the memory');
            const { path, reason } = tfjsPath();
            expectEqual(path, 'webgpu', 'the path');
            expectTrue(expected.test(`${reason}`), `the reason is ${reason}`);
          },
        ),
    ],
  ),
];
