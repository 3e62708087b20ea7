/** `onnxMonteCarlo` on a session that computes in plain arrays. tests/packaging/onnxruntime.test.ts has the real ones. */
import { Dropout, Generator, manualSeed } from 'dropout-wasm';
import { merge } from 'dropout-wasm/monte-carlo';
import { type OnnxMonteCarloOptions, type OnnxTensor, onnxMonteCarlo } from 'dropout-wasm/onnx';
import { describe, expect, it } from 'vitest';
import { size } from '../support/arrays.js';
import { rejects } from '../support/expect.js';

type Data = Float32Array | Float64Array | BigInt64Array | Uint16Array | Uint8Array | Int32Array | string[];

/** A tensor with the constructor of ONNX Runtime's. */
class Tensor implements OnnxTensor {
  location = 'cpu';

  constructor(
    readonly type: string,
    readonly data: Data,
    readonly dims: readonly number[],
  ) {}

  dispose() {
    if (this.location === 'none') throw new Error('disposed twice');
    this.location = 'none';
  }
}

const dropouts = [
  { name: 'first', mask: 'first_mask', shape: 'first_shape', ratio: 0.25 },
  { name: 'second', mask: 'second_mask', shape: 'second_shape', ratio: 0.5 },
];

const SHAPE = [3, 4];
const x = new Tensor('float32', new Float32Array(12).fill(1), SHAPE);

interface Call {
  feeds: Readonly<Record<string, OnnxTensor>>;
  fetches: readonly string[];
}

/** A prepared model: y = x · first mask, z = x · second mask. Masks are broadcast along their first axis. */
class Session {
  readonly inputNames = ['x', ...dropouts.map(({ mask }) => mask)];
  readonly outputNames = ['y', 'z', ...dropouts.map(({ shape }) => shape)];
  readonly calls: Call[] = [];
  /** All that a run has returned. */
  readonly results: Tensor[] = [];

  constructor(change: object = {}) {
    Object.assign(this, change);
  }

  /** The dimensions of the dropouts' inputs in run n. */
  dims(_call: number): number[] {
    return SHAPE;
  }

  outputOf(product: Float32Array, dims: number[]): OnnxTensor {
    return new Tensor('float32', product, dims);
  }

  async run(feeds: Readonly<Record<string, OnnxTensor>>, fetches: readonly string[]) {
    const dims = this.dims(this.calls.length);
    this.calls.push({ feeds, fetches });
    await new Promise((resolve) => setImmediate(resolve));
    const product = (mask: string) => {
      const factors = feeds[mask]!.data as Float32Array;
      return this.outputOf(
        Float32Array.from({ length: size(dims) }, (_, i) => factors[i % factors.length]!),
        dims,
      );
    };
    const outputs: Record<string, () => OnnxTensor> = {
      y: () => product('first_mask'),
      z: () => product('second_mask'),
      first_shape: () => new Tensor('int64', BigInt64Array.from(dims, BigInt), [dims.length]),
      second_shape: () => new Tensor('int64', BigInt64Array.from(dims, BigInt), [dims.length]),
    };
    const results = Object.fromEntries(fetches.map((name) => [name, outputs[name]!()]));
    this.results.push(...(Object.values(results) as Tensor[]));
    return results;
  }
}

type Options = Partial<OnnxMonteCarloOptions> & Record<string, unknown>;

const start = (session: unknown, options: Options = {}, list: unknown = dropouts, feeds: unknown = { x }) =>
  onnxMonteCarlo(session as Session, list as typeof dropouts, feeds as { x: Tensor }, {
    samples: 3,
    output: 'y',
    keep: true,
    ...options,
  });

/** The mask that dropout k draws in a sample of a seed. */
const maskOf = (k: number, sample: number, seed: number, ones: Float32Array | Float64Array = new Float32Array(12)) =>
  new Dropout(dropouts[k]!.ratio, {
    seed: new Generator(seed).fork(`#${k}`).fork(`sample ${sample}`).seed,
  }).forward(ones.fill(1));

describe('the masks', () => {
  it('are those of Dropout layers that draw from child k of the seed', async () => {
    const session = new Session();
    const { kept, shape, count } = await start(session, { seed: 9, from: 5 });
    expect([shape, count]).toEqual([SHAPE, 3]);
    const [evaluation, ...samples] = session.calls;
    expect(evaluation!.fetches).toEqual(['first_shape', 'second_shape']);
    for (const { mask } of dropouts)
      expect(evaluation!.feeds[mask]).toMatchObject({ type: 'float32', data: Float32Array.of(1), dims: [] });
    expect(samples).toHaveLength(3);
    samples.forEach(({ feeds, fetches }, i) => {
      expect(fetches).toEqual(['y', 'first_shape', 'second_shape']);
      expect(feeds.x).toMatchObject({ type: 'float32', data: x.data, dims: SHAPE });
      expect(feeds.x!.data).not.toBe(x.data);
      dropouts.forEach(({ mask }, k) => {
        expect(feeds[mask]).toBeInstanceOf(Tensor);
        expect(feeds[mask]).toMatchObject({ type: 'float32', data: maskOf(k, 5 + i, 9), dims: SHAPE });
      });
      expect([...kept![i]!]).toEqual([...maskOf(0, 5 + i, 9)]);
    });
    const { kept: same } = await start(new Session(), { generator: new Generator(9, 3), from: 5 });
    expect(same).toEqual(kept);
  });

  it('are f64 where the input of the model is', async () => {
    const inputMetadata = [
      { name: 'second_mask', isTensor: true, type: 'float64' },
      { name: 'first_mask', isTensor: true, type: 'float32' },
    ];
    const session = new Session({ inputMetadata });
    await start(session, { seed: 9 });
    const [evaluation, sample] = session.calls;
    expect(evaluation!.feeds.second_mask).toMatchObject({ type: 'float64', data: Float64Array.of(1) });
    expect(sample!.feeds.second_mask).toMatchObject({ type: 'float64', data: maskOf(1, 0, 9, new Float64Array(12)) });
    expect(sample!.feeds.first_mask).toMatchObject({ type: 'float32' });
  });

  it('are those of one row, if shared', async () => {
    const session = new Session();
    const { kept } = await start(session, { seed: 9, masks: 'shared' });
    const row = maskOf(0, 1, 9, new Float32Array(4));
    expect(session.calls[2]!.feeds.first_mask).toMatchObject({ data: row, dims: [1, 4] });
    expect([...kept![1]!]).toEqual([...row, ...row, ...row]);
  });

  it.each([
    ['scalar', [], []],
    ['vector', [5], [1]],
    ['tensor without elements', [0, 4], [1, 4]],
  ])('of a %s have its rank, if shared', async (_, dims, shared) => {
    const session = new Session({ dims: () => dims });
    // A sample has to have elements.
    const outputOf = () => new Tensor('float32', new Float32Array(1), []);
    await start(Object.assign(session, { outputOf }), { masks: 'shared', seed: 1 });
    expect(session.calls[1]!.feeds.first_mask!.dims).toEqual(shared);
  });

  it('of the default generator follow manualSeed', async () => {
    const run = async () => (await start(new Session())).kept;
    manualSeed(7);
    const first = await run();
    expect(await run()).not.toEqual(first);
    manualSeed(7);
    expect(await run()).toEqual(first);
  });

  it('are objects where the feeds have no class', async () => {
    const none = new Session({ inputNames: dropouts.map(({ mask }) => mask) });
    await start(none, { seed: 9 }, dropouts, {});
    const plain = { type: 'float32', data: x.data, dims: SHAPE };
    const sessions = [none];
    for (const tensor of [plain, Object.assign(Object.create(null), plain)]) {
      sessions.push(new Session());
      await start(sessions.at(-1), { seed: 9 }, dropouts, { x: tensor });
    }
    for (const { calls } of sessions)
      expect(calls[1]!.feeds.first_mask).toEqual({
        type: 'float32',
        data: maskOf(0, 0, 9),
        dims: SHAPE,
        location: 'cpu',
      });
  });

  it('are fed beside tensors on a GPU, which are not copied', async () => {
    class GpuTensor extends Tensor {
      override location = 'cpu';
    }
    const onGpu = new GpuTensor('float32', new Float32Array(12), SHAPE);
    onGpu.location = 'gpu-buffer';
    Object.defineProperty(onGpu, 'data', {
      get() {
        throw new Error('The data is not on CPU');
      },
    });
    const session = new Session();
    await start(session, { seed: 9 }, dropouts, { x: onGpu });
    expect(session.calls.every(({ feeds }) => feeds.x === onGpu)).toBe(true);
  });
});

describe('a run', () => {
  it('has the samples of any range, which merge to the same bits', async () => {
    const run = (from: number, samples: number) => start(new Session(), { from, samples, seed: 2, keep: false });
    const whole = await run(0, 20);
    expect(whole.kept).toBeUndefined();
    expect(merge(await run(11, 9), await run(0, 11)).toBytes()).toEqual(whole.toBytes());
  });

  it('takes the dropouts as JSON returns them, in the order of the list', async () => {
    const { kept } = await start(new Session(), { seed: 3 }, JSON.parse(JSON.stringify(dropouts)));
    const reversed = new Session();
    await start(reversed, { seed: 3 }, [...dropouts].reverse());
    expect([...kept![0]!]).toEqual([...maskOf(0, 0, 3)]);
    const drawn = new Dropout(0.5, { seed: new Generator(3).fork('#0').fork('sample 0').seed });
    expect(reversed.calls[1]!.feeds.second_mask!.data).toEqual(drawn.forward(new Float32Array(12).fill(1)));
  });

  it('takes the kind, ends by until, calls onSample', async () => {
    const seen: number[] = [];
    const { count } = await start(new Session(), {
      samples: 500,
      seed: 1,
      until: { standardError: 0.1 },
      onSample: (index) => seen.push(index),
    });
    expect(count % 16).toBe(0);
    expect(count).toBeLessThan(500);
    expect(seen).toEqual(Array.from({ length: count }, (_, i) => i));
    const { entropy } = await onnxMonteCarlo(
      new Session(),
      dropouts,
      { x },
      { samples: 3, output: 'z', kind: 'logits' },
    );
    expect(entropy).toHaveLength(3);
  });

  it('disposes the outputs and nothing else', async () => {
    const isDisposed = ({ location }: OnnxTensor) => location === 'none';
    const session = new Session();
    await start(session);
    expect(session.results).toHaveLength(2 + 3 * 3);
    expect(session.results.every(isDisposed)).toBe(true);
    expect(session.calls.flatMap(({ feeds }) => Object.values(feeds)).some(isDisposed)).toBe(false);
    expect(x.location).toBe('cpu');
    expect([...x.data]).toEqual(new Array(12).fill(1));
    const failing = new Session({ outputOf: () => new Tensor('string', ['a'], [1]) });
    await expect(start(failing)).rejects.toThrow();
    expect(failing.results).toHaveLength(2 + 3);
    expect(failing.results.every(isDisposed)).toBe(true);
  });

  it('takes options that an object inherits, as monteCarlo does', async () => {
    class Common {
      get seed() {
        return 9;
      }
    }
    const inherited = Object.assign(Object.create({ samples: 1, keep: true, output: 'y' }), {});
    const common = Object.assign(new Common(), { samples: 1, keep: true, output: 'y', masks: 'each' } as const);
    expect((await onnxMonteCarlo(new Session(), dropouts, { x }, inherited)).kept).toHaveLength(1);
    const { kept } = await onnxMonteCarlo(new Session(), dropouts, { x }, common);
    expect([...kept![0]!]).toEqual([...maskOf(0, 0, 9)]);
    for await (const { count } of onnxMonteCarlo.stream(
      new Session(),
      dropouts,
      { x },
      Object.create({ ...common, every: 1 }),
    ))
      expect(count).toBe(1);
  });

  it('reads its options when it is called', async () => {
    const options = { samples: 1, seed: 9, keep: true, output: 'y' };
    const run = onnxMonteCarlo(new Session(), dropouts, { x }, options);
    options.seed = 10;
    expect([...(await run).kept![0]!]).toEqual([...maskOf(0, 0, 9)]);
  });

  it('takes the only output by default', async () => {
    const session = new Session({ outputNames: ['y', 'first_shape', 'second_shape'] });
    const { kept } = await start(session, { seed: 9, output: undefined as never });
    expect([...kept![0]!]).toEqual([...maskOf(0, 0, 9)]);
  });

  it('leaves a dropout that is not listed to its feed', async () => {
    const one = new Tensor('float32', Float32Array.of(1), []);
    const session = new Session();
    await start(session, { seed: 9 }, dropouts.slice(0, 1), { x, second_mask: one });
    expect(session.calls[1]!.feeds.second_mask).toMatchObject({ data: one.data, dims: [] });
    expect(session.calls[1]!.fetches).toEqual(['y', 'first_shape']);
  });

  it('can run beside another on one session, whose runs do not overlap', async () => {
    const session = new Session();
    const { run } = session;
    let running = 0;
    session.run = async (...args) => {
      expect(++running).toBe(1);
      return run.apply(session, args).finally(() => running--);
    };
    const both = await Promise.all([start(session, { seed: 1 }), start(session, { seed: 2 })]);
    expect(both[0].kept).toEqual((await start(new Session(), { seed: 1 })).kept);
    expect(both[1].kept).toEqual((await start(new Session(), { seed: 2 })).kept);
  });

  it('counts each type of number', async () => {
    const outputs: [type: string, data: Data, expected: number[]][] = [
      ['float64', Float64Array.of(0.1, -0), [0.1, -0]],
      ['int64', BigInt64Array.of(-5n, 2n ** 40n), [-5, 2 ** 40]],
      ['int32', Int32Array.of(-5, 7), [-5, 7]],
      ['bool', Uint8Array.of(0, 1), [0, 1]],
      ['uint16', Uint16Array.of(0x3c00, 1), [0x3c00, 1]],
      ['float16', Uint16Array.of(0x3c00, 0xc500), [1, -5]],
      ['float16', Uint16Array.of(0x0001, 0x83ff), [2 ** -24, -1023 * 2 ** -24]],
      ['float16', Uint16Array.of(0x7bff, 0x0400), [65504, 2 ** -14]],
      ['float16', Uint16Array.of(0x8000, 0x3555), [-0, 0.333251953125]],
    ];
    for (const [type, data, expected] of outputs) {
      const { kept } = await start(new Session({ outputOf: () => new Tensor(type, data, [2]) }));
      expect([...kept![0]!], type).toEqual(expected);
    }
  });

  it.each([0x7c00, 0xfc00, 0x7e00])('names the sample of a float16 that is not finite: %i', async (bits) => {
    const outputOf = () => new Tensor('float16', Uint16Array.of(bits), [1]);
    const name = { 31744: 'Infinity', 64512: '-Infinity', 32256: 'NaN' }[bits];
    await rejects(start(new Session({ outputOf })), RangeError, `sample 0[0] has to be finite, but got ${name}`);
  });

  if ('Float16Array' in globalThis)
    it('counts a Float16Array', async () => {
      const outputOf = () => new Tensor('float16', Float16Array.of(0.5) as never, [1]);
      expect([...(await start(new Session({ outputOf }))).kept![0]!]).toEqual([0.5]);
    });

  it('awaits outputs that are on a GPU', async () => {
    const outputOf = (data: Float32Array, dims: number[]) => ({
      type: 'float32',
      dims,
      location: 'gpu-buffer',
      get data(): never {
        throw new Error('The data is not on CPU');
      },
      getData: async () => data,
    });
    const { kept } = await start(new Session({ outputOf }), { seed: 9 });
    expect([...kept![0]!]).toEqual([...maskOf(0, 0, 9)]);
  });
});

describe('stream', () => {
  it('yields partial results, and can be left by break', async () => {
    const counts: number[] = [];
    let last: Uint8Array | undefined;
    const options = { samples: 7, output: 'y', seed: 1 };
    for await (const part of onnxMonteCarlo.stream(new Session(), dropouts, { x }, { ...options, every: 3 })) {
      counts.push(part.count);
      last = part.toBytes();
    }
    expect(counts).toEqual([3, 6, 7]);
    expect(last).toEqual((await onnxMonteCarlo(new Session(), dropouts, { x }, options)).toBytes());
    const session = new Session();
    for await (const { count } of onnxMonteCarlo.stream(session, dropouts, { x }, options)) if (count === 2) break;
    expect(session.calls).toHaveLength(3);
  });

  it('refuses a bad number before the model runs', async () => {
    const session = new Session();
    const run = onnxMonteCarlo.stream(session, dropouts, { x }, { samples: 7, output: 'y', every: 0 });
    await rejects(run.next(), RangeError, 'every has to be a whole number from 1');
    expect(session.calls).toEqual([]);
  });
});

describe('a signal', () => {
  it('ends a run, and an aborted one keeps the model from running', async () => {
    const session = new Session();
    const abort = new AbortController();
    const onSample = (index: number) => index === 1 && abort.abort(new Error('enough'));
    await expect(start(session, { signal: abort.signal, samples: 9, onSample })).rejects.toThrow(/^enough$/);
    expect(session.calls).toHaveLength(3);
    const other = new Session();
    await expect(start(other, { signal: abort.signal })).rejects.toThrow(/^enough$/);
    expect(other.calls).toEqual([]);
  });
});

describe('errors of the model', () => {
  it.each([
    ['another number of rows', [2, 4], '[2,4]'],
    ['another rank', [1, 3, 4], '[1,3,4]'],
  ])('a shape that changes between samples: %s', async (_, changed, got) => {
    const session = new Session({ dims: (call: number) => (call < 2 ? SHAPE : changed) });
    await rejects(start(session), RangeError, `sample 1: the input of first.shape has to be [3,4], but got ${got}`);
    expect(session.results.every(({ location }) => location === 'none')).toBe(true);
  });

  it('what the session throws, before anything is drawn', async () => {
    const generator = manualSeed(7);
    const session = new Session({
      run: async () => {
        throw new Error('Session already disposed.');
      },
    });
    await rejects(start(session), Error, /^Session already disposed\.$/);
    expect(generator.toJSON()).toEqual({ seed: '0x7', position: 0, children: 0 });
  });

  it('an output that has no numbers', async () => {
    const outputOf = () => new Tensor('string', ['a', 'b'], [2]);
    await rejects(
      start(new Session({ outputOf })),
      TypeError,
      'output y has to be a tensor of numbers, but got "string"',
    );
  });
});

describe('bad arguments are refused before the model runs, and nothing is drawn', () => {
  const disposed = new Tensor('float32', new Float32Array(1), [1]);
  disposed.dispose();
  const changed = (change: object) => [dropouts[0], { ...dropouts[1], ...change }];

  type Row = [name: string, run: (session: Session) => Promise<unknown>, type: typeof Error, message: string];
  const option = (options: object, type: typeof Error, message: string): Row => [
    JSON.stringify(options, (_, value) => (typeof value === 'bigint' ? `${value}n` : value)),
    (session) => start(session, options as Options),
    type,
    message,
  ];
  const list = (name: string, value: unknown, type: typeof Error, message: string): Row => [
    `dropouts: ${name}`,
    (session) => start(session, {}, value),
    type,
    message,
  ];
  const feeds = (name: string, value: unknown, type: typeof Error, message: string): Row => [
    `feeds: ${name}`,
    (session) => start(session, {}, dropouts, value),
    type,
    message,
  ];
  const REMEDY = 'create it from prepare(bytes).model';

  it.each<Row>([
    option({ samples: 0 }, RangeError, 'samples has to be a whole number from 1'),
    option({ samples: undefined }, TypeError, 'samples has to be a whole number from 1'),
    option({ from: -1 }, RangeError, 'from has to be a whole number from 0'),
    option({ seed: -1 }, RangeError, 'seed has to be a whole number'),
    option({ seed: 1, generator: new Generator(1) }, TypeError, 'seed'),
    option({ kind: 'classes' }, RangeError, 'kind has to be "values" or'),
    option({ until: { standardError: 0 } }, RangeError, 'until.standardError has to be'),
    option({ keep: 1 }, TypeError, 'keep has to be a boolean'),
    option({ signal: {} }, TypeError, 'signal.aborted has to be a boolean'),
    option({ onSample: 1 }, TypeError, 'onSample has to be a function'),
    option({ masks: 'row' }, RangeError, 'masks has to be "each" or "shared", but got "row"'),
    option({ layers: [] }, TypeError, 'layers has to be left out, since dropouts has them'),
    option({ every: 2 }, TypeError, 'unknown option "every": the options are samples, from, seed,'),
    option({ output: undefined }, TypeError, 'output has to be "y" or "z", but got undefined'),
    option({ output: 'first_shape' }, RangeError, 'output has to be "y" or "z", but got "first_shape"'),
    option({ output: 1 }, TypeError, 'output has to be "y" or "z", but got 1'),
    [
      'options null',
      (s) => onnxMonteCarlo(s, dropouts, { x }, null as never),
      TypeError,
      'options has to be an object',
    ],
    ['no options', (s) => onnxMonteCarlo(s, dropouts, { x }, undefined as never), TypeError, 'output has to be'],
    list('an object', { model: 1, dropouts }, TypeError, 'dropouts has to be a list, but got Object: prepare(bytes)'),
    list('an empty list', [], RangeError, 'dropouts has to be a list with a ratio above 0, but got []'),
    list('null in a list', [null], TypeError, 'dropouts[0].mask has to be an input of the session'),
    list(
      'with a hole',
      Object.assign(new Array(2), { 1: dropouts[0] }),
      TypeError,
      'dropouts[0].mask has to be an input of the session',
    ),
    list(
      'of ratio 0',
      dropouts.map((each) => ({ ...each, ratio: 0 })),
      RangeError,
      'dropouts has to be a list with a ratio above 0, but got [0,0]',
    ),
    list('of ratio 1', changed({ ratio: 1 }), RangeError, 'dropouts[1].ratio has to be from 0 to below 1, but got 1'),
    list('of ratio 50', changed({ ratio: 50 }), RangeError, '0.5 is 50 %'),
    list('of ratio "0.5"', changed({ ratio: '0.5' }), TypeError, 'dropouts[1].ratio has to be a number'),
    list(
      'of another model',
      changed({ mask: 'drop_mask' }),
      RangeError,
      `dropouts[1].mask has to be an input of the session, used once, but got "drop_mask": ${REMEDY}`,
    ),
    list(
      'of another output',
      changed({ shape: 'q' }),
      RangeError,
      `dropouts[1].shape has to be an output of the session, used once, but got "q": ${REMEDY}`,
    ),
    list(
      'twice',
      [dropouts[0], dropouts[0]],
      RangeError,
      'dropouts[1].mask has to be an input of the session, used once',
    ),
    list('without a mask', changed({ mask: undefined }), TypeError, 'dropouts[1].mask has to be an input'),
    feeds('null', null, TypeError, 'feeds has to be tensors by the names of inputs, but got null'),
    feeds('a list', [x], TypeError, 'feeds has to be tensors by the names of inputs, but got'),
    feeds('empty', {}, TypeError, 'feeds.x has to be a tensor that is not disposed, but got undefined'),
    feeds('an array', { x: [1, 2] }, TypeError, 'feeds.x has to be a tensor that is not disposed, but got [1,2]'),
    feeds('null for a tensor', { x: null }, TypeError, 'feeds.x has to be a tensor'),
    feeds('a tensor without data', { x: { type: 'float32', dims: [1] } }, TypeError, 'feeds.x has to be a tensor'),
    feeds('a disposed tensor', { x: disposed }, TypeError, 'feeds.x has to be a tensor that is not disposed'),
    feeds('an unknown name', { x, w: x }, RangeError, 'a name in feeds has to be "x", but got "w"'),
    feeds('a mask', { x, first_mask: x }, RangeError, 'a name in feeds has to be "x", but got "first_mask"'),
    ...[undefined, new Uint8Array(8), Promise.resolve(new Session()), { inputNames: [], outputNames: [] }].map(
      (session): Row => [
        `session: ${Object.prototype.toString.call(session)}`,
        () => start(session),
        TypeError,
        'session has to be an InferenceSession, but got',
      ],
    ),
  ])('%s', async (_, run, type, message) => {
    const generator = manualSeed(7);
    const session = new Session();
    await rejects(run(session), type, message);
    expect(session.calls).toEqual([]);
    expect(generator.toJSON()).toEqual({ seed: '0x7', position: 0, children: 0 });
  });
});
