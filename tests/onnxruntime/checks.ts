/**
 * The checks of `prepare` and `onnxMonteCarlo` on ONNX Runtime. They run in Node and in pages, so nothing here imports
 * Node or vitest. A check returns the digest of the samples, which has to be the same everywhere, or undefined.
 */
import { Dropout, dropout, Generator } from 'dropout-wasm';
import { type ClassResult, type MonteCarloResult, merge, monteCarlo } from 'dropout-wasm/monte-carlo';
import { type OnnxMonteCarloOptions, type OnnxSession, type OnnxTensor, onnxMonteCarlo } from 'dropout-wasm/onnx';
import { prepare } from 'dropout-wasm/onnx/prepare';
import { create, type GpuBuffer } from 'dropout-wasm/webgpu';
import { createClassifier, weightsFromBytes } from '../../examples/digits/classifier.js';
import { digestOf } from '../support/digest.js';
import {
  BFLOAT16,
  BOOL,
  DOUBLE,
  type DropoutModel,
  dropoutModel,
  dropoutModels,
  encode,
  FLOAT,
  FLOAT16,
  model,
  type Node,
  node,
  tensor,
  value,
} from '../support/onnx-models.js';
import { digitsModel } from './digits.js';

/** What the checks use of onnxruntime-node and onnxruntime-web. */
export interface Ort {
  InferenceSession: {
    create(model: Uint8Array, options?: object): Promise<OnnxSession & { release(): Promise<void> }>;
  };
  Tensor: new (type: string, data: object, dims: readonly number[]) => OnnxTensor & { dispose(): void };
}

export type SettingName = 'node' | 'web in Node' | 'web in Chromium' | 'web in Chromium on WebGPU';

/** What the digit classifier needs. */
export interface Digits {
  /** Rows of 784 pixels as float32. */
  images: Uint8Array;
  /** examples/digits/weights.bin. */
  weights: Uint8Array;
}

export type Check = readonly [name: string, run: (ort: Ort, digits: Digits) => Promise<string | undefined>];

/** The error of a check or '', and its digest. */
export type Row = readonly [name: string, error: string, digest: string | undefined];

/** The opsets of the models in tests/support/onnx-models.ts. */
const OPSETS = [...new Set(dropoutModels().map(({ options }) => options.opset))];

const ROWS = 6;
const COLUMNS = 4;

/** Powers of two, whose products are exact in every type. */
const POWERS = Array.from({ length: ROWS * COLUMNS }, (_, i) => 2 ** ((i % 9) - 4));

/** The bits of POWERS as float16. */
const half = () => Uint16Array.from(POWERS, (x) => (Math.log2(x) + 15) << 10);

const TYPES = {
  [FLOAT]: { name: 'float32', data: () => Float32Array.from(POWERS) },
  [DOUBLE]: { name: 'float64', data: () => Float64Array.from(POWERS) },
  [FLOAT16]: { name: 'float16', data: half },
} as const;

/** 1 / (1 − 0.25) in float16. The others are exact. */
const FLOAT16_SCALE = 1.3330078125;

type TypeNumber = keyof typeof TYPES;

const feedOf = ({ Tensor }: Ort, type: number): OnnxTensor => {
  const { name, data } = TYPES[type as TypeNumber];
  return new Tensor(name, data(), [ROWS, COLUMNS]);
};

/** The session of a model, and its dropouts if it is prepared. */
async function open(ort: Ort, bytes: Uint8Array, options: object = {}) {
  const { model, dropouts } = prepare(bytes);
  const session = await ort.InferenceSession.create(model, options);
  return { session, dropouts, release: () => session.release() };
}

/** What `onnxMonteCarlo` gives for a model, whose session it releases. */
async function sample(
  ort: Ort,
  bytes: Uint8Array,
  x: OnnxTensor,
  options: Partial<OnnxMonteCarloOptions>,
  sessionOptions?: object,
): Promise<MonteCarloResult> {
  const { session, dropouts, release } = await open(ort, bytes, sessionOptions);
  try {
    return await onnxMonteCarlo(session, dropouts, { x }, { samples: 3, seed: 42, keep: true, ...options });
  } finally {
    await release();
  }
}

/** The numbers of the outputs of one run. */
async function run(session: OnnxSession, feeds: Record<string, OnnxTensor>): Promise<Record<string, number[]>> {
  const outputs = await session.run(feeds, session.outputNames);
  const numbers: Record<string, number[]> = {};
  for (const [name, { type, data }] of Object.entries(outputs)) {
    // The bits of float16, since some runtimes return a Float16Array.
    const array = data as Float32Array;
    numbers[name] = Array.from(
      type === 'float16' ? new Uint16Array(array.buffer, array.byteOffset, array.length) : array,
      Number,
    );
  }
  return numbers;
}

function expectEqual(got: unknown, expected: unknown, what: string): void {
  const [a, b] = [got, expected].map((v) => JSON.stringify(v, (_, x) => (Object.is(x, -0) ? '-0' : x)));
  if (a !== b) throw new Error(`${what} is ${a!.slice(0, 300)} instead of ${b!.slice(0, 300)}`);
}

function expectNear(got: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string): void {
  expectEqual(got.length, expected.length, `the length of ${what}`);
  for (let i = 0; i < got.length; i++)
    if (!(Math.abs(got[i]! - expected[i]!) <= tolerance))
      throw new Error(`${what}[${i}] is ${got[i]} instead of ${expected[i]}`);
}

const digestOfSamples = ({ kept }: MonteCarloResult): string =>
  digestOf(new Uint8Array(Float64Array.from(kept!.flatMap((sample) => [...sample])).buffer));

/** The factors that a dropout of the run draws. */
const masksOf = (ratio: number, child: number, index: number, n: number, seed = 42): Float64Array =>
  new Dropout(ratio, { seed: new Generator(seed).fork(`#${child}`).fork(`sample ${index}`).seed }).forward(
    new Float64Array(n).fill(1),
  );

/** Compares a form of the operator with the original in evaluation, and its samples with our own products. */
async function checkForm(ort: Ort, options: DropoutModel): Promise<string> {
  const { ratio = 0.5, type = FLOAT, opset, training, ...others } = options;
  const bytes = encode(dropoutModel(options));
  const x = feedOf(ort, type);
  // In evaluation mode: ONNX Runtime does not remove every Dropout that is in training mode.
  const original = await ort.InferenceSession.create(encode(dropoutModel({ ...others, opset, ratio, type })));
  const { session, dropouts, release } = await open(ort, bytes);
  try {
    const [dropout] = dropouts;
    const one =
      type === DOUBLE
        ? new ort.Tensor('float64', Float64Array.of(1), [])
        : new ort.Tensor('float32', Float32Array.of(1), []);
    const { [dropout!.shape]: shape, ...evaluated } = await run(session, { x, [dropout!.mask]: one });
    expectEqual(shape, [ROWS, COLUMNS], 'the shape');
    const expected = await run(original, { x });
    // Before opset 12, ONNX Runtime leaves the mask as zeros.
    if (opset < 12 && expected.m) expected.m = evaluated.m!.map(() => (type === FLOAT16 && opset < 10 ? 0x3c00 : 1));
    expectEqual(evaluated, expected, 'the evaluation');
    const result = await onnxMonteCarlo(session, dropouts, { x }, { samples: 2, seed: 42, keep: true, output: 'y' });
    result.kept!.forEach((sample, i) => {
      const masks = masksOf(ratio, 0, i, ROWS * COLUMNS).map((factor) => {
        if (!factor || type === DOUBLE) return factor;
        return type === FLOAT16 && ratio === 0.25 ? FLOAT16_SCALE : Math.fround(factor);
      });
      expectEqual(
        [...sample],
        POWERS.map((v, j) => v * masks[j]!),
        `sample ${i}`,
      );
    });
    if (original.outputNames.includes('m')) {
      const { kept } = await onnxMonteCarlo(
        session,
        dropouts,
        { x },
        { samples: 2, seed: 42, keep: true, output: 'm' },
      );
      kept!.forEach((sample, i) => {
        expectEqual([...sample], [...masksOf(ratio, 0, i, ROWS * COLUMNS)].map(Math.sign), `mask ${i}`);
      });
    }
    return digestOfSamples(result);
  } finally {
    await release();
    await original.release();
  }
}

const simple = (options: Partial<DropoutModel> = {}): Uint8Array => encode(dropoutModel({ opset: 13, ...options }));

const floatsOf = (bytes: Uint8Array): Float32Array => new Float32Array(bytes.slice().buffer);

const digits: Check = [
  'the digit classifier draws the masks of its arrays, and gives their logits within rounding',
  async (ort, { images, weights: file }) => {
    const weights = weightsFromBytes(file);
    const pixels = floatsOf(images);
    const rows = pixels.length / 784;
    const x = new ort.Tensor('float32', pixels, [rows, 784]);
    const { session, dropouts, release } = await open(ort, encode(digitsModel(weights, true)));
    expectEqual(
      dropouts.map(({ name, ratio }) => [name, ratio]),
      [
        ['input', Math.fround(0.2)],
        ['hidden', 0.5],
      ],
      'dropouts',
    );
    const options = { samples: 20, seed: 42, keep: true } as const;
    const { predict, layers, kind } = createClassifier(weights, pixels);
    const masks: number[][][] = [[], []];
    const predictAndNote = () => {
      const logits = predict();
      layers.forEach((layer, k) => {
        masks[k]!.push([...(layer as Dropout).mask()]);
      });
      return logits;
    };
    const expected = (await monteCarlo(predictAndNote, { ...options, layers, kind })) as ClassResult;
    try {
      for (const [k, output] of ['m1', 'm2'].entries()) {
        const { kept } = await onnxMonteCarlo(session, dropouts, { x }, { ...options, output });
        expectEqual(
          kept!.map((sample) => [...sample]),
          masks[k],
          output,
        );
      }
      const got = await onnxMonteCarlo(session, dropouts, { x }, { ...options, output: 'logits', kind });
      got.kept!.forEach((sample, i) => {
        expectNear(sample, expected.kept![i]!, 1e-5, `probabilities of sample ${i}`);
      });
      for (const name of ['mean', 'std', 'entropy', 'expectedEntropy', 'mutualInformation'] as const)
        expectNear(got[name], expected[name], 1e-5, name);
      expectEqual([...got.variationRatio], [...expected.variationRatio], 'variationRatio');
    } finally {
      await release();
    }
    return undefined;
  },
];

const shared: Check = [
  'shared masks are those of one row, which has the same bits in a run of its own',
  async (ort) => {
    const x = feedOf(ort, FLOAT);
    const all = await sample(ort, simple(), x, { masks: 'shared' });
    const row = new ort.Tensor('float32', Float32Array.from(POWERS.slice(-COLUMNS)), [1, COLUMNS]);
    const last = await sample(ort, simple(), row, { masks: 'shared' });
    all.kept!.forEach((sample, i) => {
      const mask = masksOf(0.5, 0, i, COLUMNS);
      expectEqual(
        [...sample],
        POWERS.map((v, j) => v * mask[j % COLUMNS]!),
        `sample ${i}`,
      );
      expectEqual([...last.kept![i]!], [...sample.slice(-COLUMNS)], `row of sample ${i}`);
    });
    return digestOfSamples(all);
  },
];

const ranges: Check = [
  'ranges merge to the bits of the whole run',
  async (ort) => {
    const x = feedOf(ort, FLOAT);
    const run = (from: number, samples: number) => sample(ort, simple(), x, { from, samples, keep: false });
    const whole = await run(0, 20);
    expectEqual([...merge(await run(11, 9), await run(0, 11)).toBytes()], [...whole.toBytes()], 'the merged result');
    return digestOf(whole.toBytes());
  },
];

const overlapping: Check = [
  'two runs at once on one session, and two on two sessions, give what they give alone',
  async (ort) => {
    const x = feedOf(ort, FLOAT);
    const { session, dropouts, release } = await open(ort, simple());
    const other = await open(ort, simple());
    const run = (seed: number, on = session) => onnxMonteCarlo(on, dropouts, { x }, { samples: 3, seed, keep: true });
    const alone = [await run(1), await run(2)].map(digestOfSamples);
    const [a, b, c] = await Promise.all([run(1), run(2), run(2, other.session)]);
    expectEqual([a, b, c].map(digestOfSamples), [alone[0], alone[1], alone[1]], 'the samples');
    await release();
    await other.release();
    return undefined;
  },
];

const intact: Check = [
  'tensors of feeds stay as they are, a disposed one and a released session are errors',
  async (ort) => {
    const x = feedOf(ort, FLOAT);
    const { session, dropouts, release } = await open(ort, simple());
    const run = () =>
      onnxMonteCarlo(session, dropouts, { x }, { samples: 2, seed: 1 }).then(
        () => 'no error',
        (error) => error.message,
      );
    expectEqual(await run(), 'no error', 'a run');
    expectEqual([...(x.data as Float32Array)], POWERS, 'x');
    x.dispose!();
    const error = await run();
    if (!error.startsWith('feeds.x has to be a tensor that is not disposed'))
      throw new Error(`a disposed x gives ${error}`);
    await release();
    const again = { x: feedOf(ort, FLOAT) };
    const message = await onnxMonteCarlo(session, dropouts, again, { samples: 2, seed: 1 }).then(
      () => 'no error',
      (error) => error.message,
    );
    if (!/dispose|release|session/i.test(message)) throw new Error(`a released session gives ${message}`);
    return undefined;
  },
];

/** The session option of docs/onnx.md. */
const KEPT = { extra: { optimization: { disable_specified_optimizers: 'EliminateDropout' } } };

/** Dropout 0.5 in training mode among nodes that change no 0 and no positive number. */
const training = (opset: number, ...nodes: Node[]): Uint8Array =>
  encode(
    model(opset, {
      node: nodes,
      initializer: [tensor('ratio', FLOAT, [0.5]), tensor('training', BOOL, [1])],
      input: [value('x', FLOAT, [1000])],
      output: [value('y', FLOAT, [1000])],
    }),
  );

const drops = (input: string, output: string) => node('Dropout', `${input} ratio training`, output);
const abs = (input: string, output: string) => node('Abs', input, output);

const trap: Check = [
  'ONNX Runtime removes a Dropout between two nodes in training mode too, unless a session option forbids it',
  async (ort) => {
    const x = new ort.Tensor('float32', new Float32Array(1000).fill(1), [1000]);
    const dropped = async (bytes: Uint8Array, options: object = {}) => {
      const session = await ort.InferenceSession.create(bytes, options);
      const { y } = await run(session, { x });
      await session.release();
      return y!.filter((v) => v === 0).length;
    };
    const expectHalf = (n: number, what: string) => {
      // Six standard deviations.
      if (!(Math.abs(n - 500) < 95)) throw new Error(`${n} of 1000 elements are dropped in ${what}`);
    };
    for (const opset of [12, 13, 22]) {
      const between = training(opset, abs('x', 'h'), drops('h', 'd'), abs('d', 'y'));
      expectEqual(await dropped(between), 0, `the number of dropped elements in opset ${opset}`);
      expectHalf(await dropped(between, KEPT), `opset ${opset} with the option`);
      expectHalf(await dropped(training(opset, drops('x', 'd'), abs('d', 'y'))), `opset ${opset} at an input`);
      expectHalf(await dropped(training(opset, abs('x', 'h'), drops('h', 'y'))), `opset ${opset} at an output`);
      // The prepared model drops without the option.
      const { kept } = await sample(ort, between, x, {});
      expectEqual([...kept![0]!], [...masksOf(0.5, 0, 0, 1000)], 'a sample');
    }
    return undefined;
  },
];

const forms = OPSETS.map(
  (opset): Check => [
    `opset ${opset}: every form of Dropout`,
    async (ort) => {
      const digests: string[] = [];
      // No tensor of JavaScript holds bfloat16.
      for (const { title, options } of dropoutModels())
        if (options.opset === opset && options.type !== BFLOAT16)
          digests.push(
            await checkForm(ort, options).catch((error) => {
              throw new Error(`${title}: ${error.message}`);
            }),
          );
      return digestOf(new TextEncoder().encode(digests.join()));
    },
  ],
);

/** What the checks use of onnxruntime-web on WebGPU. */
interface GpuOrt extends Ort {
  env: { webgpu: { device: Promise<GPUDevice> } };
  Tensor: Ort['Tensor'] & { fromGpuBuffer(buffer: GpuBuffer, options: object): GpuTensor };
}

interface GpuTensor extends OnnxTensor {
  gpuBuffer: GpuBuffer;
  getData(): Promise<Float32Array>;
}

/** Dropout of dropout-wasm/webgpu between two sessions, on buffers of ONNX Runtime and of the check. */
const gpuBuffers: Check = [
  'dropout-wasm/webgpu on the buffer of an output, in place and to another one, which the next session reads',
  async (ort) => {
    const { env, InferenceSession, Tensor } = ort as GpuOrt;
    const n = 4999;
    const bytes = encode(
      model(13, {
        node: [abs('x', 'y')],
        input: [value('x', FLOAT, [n])],
        output: [value('y', FLOAT, [n])],
      }),
    );
    const onGpu = await InferenceSession.create(bytes, { preferredOutputLocation: 'gpu-buffer' });
    const next = await InferenceSession.create(bytes);
    const device = await env.webgpu.device;
    const gpu = create(device);
    const x = Float32Array.from({ length: n }, (_, i) => (i - 2500) / 3);
    const call = { p: 0.3, key: new Generator(42).next(), offset: 77 };
    const expected = [...dropout(x.map(Math.abs), call)];
    const dims = { dataType: 'float32', dims: [n] };
    const record = (options: { x?: GpuBuffer; out: GpuBuffer }) => {
      const encoder = device.createCommandEncoder();
      gpu.dropout(encoder, { ...options, length: n, ...call });
      device.queue.submit([encoder.finish()]);
    };
    const read = async (buffer: GpuBuffer) => {
      const { y } = await run(next, { x: Tensor.fromGpuBuffer(buffer, dims) });
      return y!;
    };
    const { y } = (await onGpu.run({ x: new Tensor('float32', x, [n]) }, ['y'])) as Record<string, GpuTensor>;
    const { usage } = y!.gpuBuffer;
    // ONNX Runtime reads four elements at a time.
    const own = device.createBuffer({ size: 16 * Math.ceil(n / 4), usage });
    record({ x: y!.gpuBuffer, out: own });
    expectEqual(await read(own), expected, 'the result in a buffer of ours');
    expectEqual(await read(y!.gpuBuffer), [...x.map(Math.abs)], 'x');
    record({ out: y!.gpuBuffer });
    expectEqual(await read(y!.gpuBuffer), expected, 'the result in place');
    expectEqual([...(await y!.getData())], expected, 'the output of the session');
    own.destroy();
    await onGpu.release();
    await next.release();
    return undefined;
  },
];

/** A run whose outputs stay on the GPU. */
const gpu: Check = [
  'outputs on the GPU are read',
  async (ort) => {
    const options = { executionProviders: ['webgpu'], preferredOutputLocation: 'gpu-buffer' };
    const x = feedOf(ort, FLOAT);
    const result = await sample(ort, simple(), x, {}, options);
    result.kept!.forEach((sample, i) => {
      const mask = masksOf(0.5, 0, i, ROWS * COLUMNS);
      expectEqual(
        [...sample],
        POWERS.map((v, j) => v * mask[j]!),
        `sample ${i}`,
      );
    });
    return undefined;
  },
];

export const checksOf = (name: SettingName): Check[] =>
  name === 'web in Chromium on WebGPU'
    ? [gpu, gpuBuffers, shared, ranges, overlapping, intact, digits]
    : [...forms, shared, ranges, overlapping, intact, digits, trap];

/** Runs the checks of a setting. */
export async function results(name: SettingName, ort: Ort, digits: Digits): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [check, run] of checksOf(name))
    rows.push(
      await run(ort, digits).then(
        (digest): Row => [check, '', digest],
        (error): Row => [check, String(error.stack ?? error), undefined],
      ),
    );
  return rows;
}
