/**
 * SharedArena gives the same bits for any number of threads, no call hangs, and no worker outlives its arena. The
 * workers run their inlined source, which `npm run build:kernel` writes.
 */
import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { createContext, runInContext, runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import {
  alphaDropout,
  alphaDropoutBackward,
  applyMask,
  biasDropoutResidual,
  biasDropoutResidualBackward,
  Dropout,
  Dropout2d,
  dropout,
  type FloatArray,
  GaussianDropout,
  Generator,
  gaussianNoise,
  mask,
} from 'dropout-wasm';
import { SharedArena, type SharedArenaOptions } from 'dropout-wasm/threads';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { register } from '../../src/backend/wasm/memory.js';
import { decode } from '../../src/backend/wasm/modules.js';
import { Crew, type WorkerLike } from '../../src/threads/crew.js';
import { extrasText, fusedText, gaussianText, kernelText, workerSource } from '../../src/threads/inlined.js';
import { threadedMemory } from '../../src/threads/partition.js';
import { WorkerPool } from '../../src/threads/pool.js';
import { bind, controlBytes, Fn, State, stateOf } from '../../src/threads/queue.js';
import { size } from '../support/arrays.js';
import { bytesOf } from '../support/bits.js';
import { GUARD, guardsIntact } from '../support/guards.js';

const key = new Generator(42).next();
const MEGABYTE = 2 ** 20;

/** One length for which work is not shared, and three for which it is. */
const LENGTHS = [1000, 300_001, 600_000, 1_100_003];

const WAVE = Float64Array.from({ length: Math.max(...LENGTHS) }, (_, i) => Math.sin(i) * 10);

function filled<A extends FloatArray>(x: A): A {
  x.set(WAVE.subarray(0, x.length));
  return x;
}

const same = (a: ArrayBufferView, b: ArrayBufferView) => Buffer.compare(bytesOf(a), bytesOf(b)) === 0;

/** Allocates arrays, in an arena or on their own. */
interface Arrays {
  float32(n: number): Float32Array;
  float64(n: number): Float64Array;
  uint8(n: number): Uint8Array;
}

const plain: Arrays = {
  float32: (n) => new Float32Array(n),
  float64: (n) => new Float64Array(n),
  uint8: (n) => new Uint8Array(n),
};

/** Calls that run on arrays of an arena and on plain arrays. Their results must have the same bits. */
const CALLS: [string, (arrays: Arrays, n: number) => ArrayBufferView[]][] = [
  ['dropout, f32', (arrays, n) => [dropout(filled(arrays.float32(n)), { p: 0.3, key, out: arrays.float32(n) })]],
  ['dropout, f64', (arrays, n) => [dropout(filled(arrays.float64(n)), { p: 0.3, key, out: arrays.float64(n) })]],
  [
    'dropout at offsets within a block and beyond 2^52',
    (arrays, n) =>
      [1, 4095, 2 ** 52 + 77].map((offset) =>
        dropout(filled(arrays.float32(n)), { p: 0.5, key, offset, out: arrays.float32(n) }),
      ),
  ],
  [
    'dropout in place',
    (arrays, n) => {
      const x = filled(arrays.float32(n));
      return [dropout(x, { p: 0.5, key, out: x })];
    },
  ],
  [
    'alpha dropout, of elements and of channels, and its gradient',
    (arrays, n) => {
      const shape = [1, Math.floor(n / 49), 7, 7];
      const image = () => filled(arrays.float32(size(shape)));
      const noiseShape = [1, null, 1, 1];
      const options = { p: 0.3, key, noiseShape, offset: 5 };
      const x = { data: image(), shape };
      return [
        alphaDropout(filled(arrays.float32(n)), { p: 0.3, key, out: arrays.float32(n) }),
        alphaDropout(filled(arrays.float64(n)), { p: 0.3, key, out: arrays.float64(n) }),
        alphaDropout(x, { ...options, out: { data: arrays.float32(size(shape)), shape } }).data,
        alphaDropoutBackward(x, { ...options, out: { data: arrays.float32(size(shape)), shape } }).data,
      ];
    },
  ],
  [
    'dropout with noise shapes for rows, channels and time steps',
    (arrays, n) => {
      const [a, b] = [Math.floor(n / 96), Math.floor(n / (5 * 7 * 9))];
      const cases: [number[], (number | null)[]][] = [
        [
          [a, 96],
          [null, 1],
        ],
        [
          [a, 96],
          [1, null],
        ],
        [
          [b, 5, 63],
          [null, 1, null],
        ],
        [
          [b, 5, 7, 9],
          [1, null, 1, null],
        ],
        [
          [2, 3, Math.floor(n / 6)],
          [null, 1, null],
        ],
      ];
      return cases.map(([shape, noiseShape]) => {
        const out = { data: arrays.float32(size(shape)), shape };
        const x = { data: filled(arrays.float32(size(shape))), shape };
        return dropout(x, { p: 0.5, key, noiseShape, offset: 5, out }).data;
      });
    },
  ],
  [
    'masks as bytes and as bits',
    (arrays, n) => [
      mask(n, { p: 0.3, key, out: arrays.uint8(n), offset: 3 }),
      mask(n, { p: 0.3, key, out: arrays.uint8(Math.ceil(n / 8)), format: 'bits', offset: 3 }),
    ],
  ],
  [
    'applyMask with bytes and with bits',
    (arrays, n) => {
      const x = filled(arrays.float32(n));
      const bytes = mask(n, { p: 0.3, key, out: arrays.uint8(n) });
      const bits = mask(n, { p: 0.6, key, out: arrays.uint8(Math.ceil(n / 8)), format: 'bits' });
      return [
        applyMask(x, bytes, { p: 0.3, out: arrays.float32(n) }),
        applyMask(x, bits, { p: 0.6, format: 'bits', out: arrays.float32(n) }),
      ];
    },
  ],
  [
    'Gaussian noise, f32 and f64',
    (arrays, n) => [
      gaussianNoise(filled(arrays.float32(n)), { stddev: 0.3, key, offset: 2049, out: arrays.float32(n) }),
      gaussianNoise(filled(arrays.float64(n)), { stddev: 0.3, key, offset: 1, out: arrays.float64(n) }),
    ],
  ],
  [
    'bias, dropout and residual, forward and backward',
    (arrays, n) => {
      const features = 1000;
      const size = n - (n % features);
      const [x, residual, bias] = [
        filled(arrays.float32(size)),
        filled(arrays.float32(size)),
        filled(arrays.float32(features)),
      ];
      const y = biasDropoutResidual(x, { bias, residual, p: 0.1, key, offset: 9, out: arrays.float32(size) });
      const out = { dx: arrays.float32(size), dbias: arrays.float32(features) };
      const { dx, dbias } = biasDropoutResidualBackward(y, { p: 0.1, key, offset: 9, features, out });
      return [y, dx, dbias];
    },
  ],
  [
    'layers, forward and backward',
    (arrays, n) => {
      const generator = new Generator(7);
      const layers = [new Dropout(0.5, { generator }), new GaussianDropout(0.2, { generator })];
      const images = new Dropout2d(0.5, { generator });
      const shape = [1, Math.floor(n / 49), 7, 7];
      const data = filled(arrays.float32(shape[1]! * 49));
      return [
        ...layers.flatMap((layer) => {
          const x = filled(arrays.float32(n));
          return [layer.forward(x, arrays.float32(n)), layer.backward(x, arrays.float32(n))];
        }),
        images.forward({ data, shape }).data,
      ];
    },
  ],
];

describe.each([1, 2, 3, 8])('%i threads give the same bits as plain arrays', (threads) => {
  let arena: SharedArena;
  beforeAll(async () => {
    arena = await SharedArena.create({ bytes: 96 * MEGABYTE, threads });
  });
  afterAll(() => arena.close());

  it.each(CALLS)('%s', (_, run) => {
    expect(arena.threads).toBe(threads);
    for (const n of LENGTHS) {
      arena.reset();
      arena.uint8(3); // so that no array starts on a vector or a cache line
      const results = run(arena, n);
      for (const [i, expected] of run(plain, n).entries()) {
        expect(results[i]!.buffer).toBe(arena.memory.buffer);
        expect(same(results[i]!, expected)).toBe(true);
      }
    }
    expect(arena.threads).toBe(threads);
  });

  it('writes no byte outside out', () => {
    arena.reset();
    const n = 300_001;
    const all = arena.uint8(8 * MEGABYTE).fill(GUARD);
    arena.reset();
    arena.uint8(64);
    const x = filled(arena.float32(n));
    const [, out] = [arena.uint8(61), arena.float32(n)];
    const [, bits] = [arena.uint8(7), arena.uint8(Math.ceil(n / 8))];
    dropout(x, { p: 0.5, key, out });
    mask(n, { p: 0.5, key, out: bits, format: 'bits' });
    expect(guardsIntact(all, [x, out, bits])).toBe(true);
  });
});

describe('a SharedArena', () => {
  const arenas: SharedArena[] = [];
  /** The workers of `spawning` that have not exited. */
  const running = new Set<Worker>();

  /** Starts a worker with a program of its own. */
  const startWorker = (program: string, workerData?: unknown) => {
    const url = new URL(`data:text/javascript,${encodeURIComponent(program)}`);
    const worker = new Worker(url, { execArgv: [], workerData }).on('exit', () => running.delete(worker));
    running.add(worker);
    return worker;
  };

  /** A `spawn` option whose workers run some code before their own program. */
  const spawning =
    (code = '', workerData?: unknown) =>
    () =>
      startWorker(`${code}\n${workerSource}`, workerData);

  /** By default the timeout is long, so that no test fails on a busy machine. */
  const create = async (options: Partial<SharedArenaOptions> = {}) => {
    const arena = await SharedArena.create({
      bytes: 8 * MEGABYTE,
      threads: 2,
      ...(options.worker === undefined && { spawn: spawning() }),
      timeout: 60_000,
      ...options,
    });
    arenas.push(arena);
    return arena;
  };

  const allExited = () => vi.waitFor(() => expect(running.size).toBe(0), { timeout: 8_000 });

  afterEach(async () => {
    for (const arena of arenas.splice(0)) arena.close();
    await allExited().finally(() => {
      for (const worker of running) worker.terminate();
      running.clear();
    });
  });

  /** Whether a large call gives the right result. */
  const callIsRight = (arena: SharedArena) => {
    arena.reset();
    const x = filled(arena.float32(1_000_000));
    const out = dropout(x, { p: 0.5, key, out: arena.float32(x.length) });
    return same(out, dropout(x.slice(), { p: 0.5, key }));
  };

  it('has the properties and methods of an Arena, on a SharedArrayBuffer', async () => {
    const arena = await create({ bytes: 100 });
    expect(arena.threads).toBe(2);
    expect(arena.bytesFree).toBe(100);
    expect(arena.memory.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(arena.float32(3).buffer).toBe(arena.memory.buffer);
    expect(arena.float64(2).byteOffset).toBe(16);
    expect(arena.uint8(1)).toEqual(new Uint8Array(1));
    expect(arena.bytesFree).toBe(67);
    expect(() => arena.uint8(68)).toThrow(/at most 67 in the rest of the arena/);
    arena.reset();
    expect(arena.bytesFree).toBe(100);
    expect(dropout(arena.float32(4), { p: 0.5, key }).buffer).toBe(arena.memory.buffer);
  });

  it('starts workers from a blob, or from the URL of the file worker.js', async () => {
    expect(callIsRight(await create({ worker: 'blob' }))).toBe(true);
    // src has no worker.js.
    await expect(create({ worker: 'url' })).rejects.toThrow(/did not start: .*worker\.js/);
  });

  it('takes workers from an async spawn', async () => {
    expect(callIsRight(await create({ spawn: async () => spawning()() }))).toBe(true);
  });

  it('ends its workers on close and runs later calls on the calling thread', async () => {
    const arena = await create({ threads: 3 });
    expect(callIsRight(arena)).toBe(true);
    expect(running.size).toBe(2);
    arena.close();
    arena.close();
    expect(arena.threads).toBe(1);
    expect(callIsRight(arena)).toBe(true);
    await allExited();
    expect(callIsRight(arena)).toBe(true);
  });

  const FOREVER = 'await new Promise((resolve) => setTimeout(resolve, 1e9));';

  describe.each<[string, () => Worker, RegExp, number?]>([
    ['a worker throws', spawning('throw new Error("not today")'), /did not start: Error: not today/],
    ['a worker exits', spawning('process.exit(3)'), /did not start: it exited with code 3/],
    ['a worker never answers', spawning(FOREVER), /did not answer within 500 ms/, 500],
    [
      'a worker has no WebAssembly',
      spawning('WebAssembly.Module = undefined'),
      /did not start: TypeError: .*not a constr/,
    ],
    [
      'spawn throws',
      () => {
        throw new Error('no more threads');
      },
      /did not start: no more threads/,
    ],
  ])('create rejects if %s', (_, spawn, message, timeout = 60_000) => {
    it('with the reason', async () => {
      await expect(create({ spawn, timeout })).rejects.toThrow(message);
    });

    it('and ends all workers, including those that did start', async () => {
      const spawns = [spawning(), spawn, spawning()];
      await expect(create({ threads: 4, spawn: () => spawns.pop()!(), timeout })).rejects.toThrow(message);
      await allExited();
    });
  });

  it('create ends a worker that answers with an error', async () => {
    // It keeps running unless it is terminated.
    const code = 'WebAssembly.Module = undefined; setInterval(() => {}, 1e9);';
    await expect(create({ spawn: spawning(code) })).rejects.toThrow(/did not start: TypeError/);
    await allExited();
  });

  describe('rejects what spawn returns', () => {
    const junk = { postMessage() {}, terminate() {} };

    it.each<[string, unknown]>([
      ['nothing', undefined],
      ['null', null],
      ['an empty object', {}],
      ['a string', './worker.js'],
      ['the class', Worker],
      ['an object that cannot be listened to', junk],
      ['a promise of no worker', Promise.resolve({})],
    ])('%s', async (_, value) => {
      const error = await create({ spawn: () => value as never }).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(TypeError);
      expect(error).toHaveProperty(
        'message',
        expect.stringMatching(
          /^the result of spawn has to be a Worker that runs .*worker\.js, or a promise of one, but/,
        ),
      );
    });

    it('one worker for two', async () => {
      const worker = spawning()();
      const error = await create({ threads: 3, spawn: () => worker }).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(TypeError);
      expect(error).toHaveProperty('message', expect.stringMatching(/^spawn has to create a new Worker at every call/));
      await allExited();
    });

    it('a worker of another arena, which goes on', async () => {
      const first = await create();
      const [worker] = running;
      await expect(create({ spawn: () => worker! })).rejects.toThrow(TypeError);
      expect(first.threads).toBe(2);
      expect(callIsRight(first)).toBe(true);
      expect(running.size).toBe(1);
    });
  });

  const posting = (...messages: string[]) =>
    `const { parentPort } = process.getBuiltinModule('node:worker_threads');
     ${messages.map((message) => `parentPort.postMessage(${message});`).join('\n')}`;

  it.each(['null', 'undefined', '"hello"', '{}', '{ ready: true }', '{ error: "none of ours" }', '[]'])(
    'does not take a worker that posts %s for ready',
    async (message) => {
      const spawn = () => startWorker(`${posting(message)} setInterval(() => {}, 1e9);`);
      await expect(create({ spawn, timeout: 1000 })).rejects.toThrow(
        /did not answer within 1000 ms, only messages of another program: it has to run dropout-wasm\/threads\/worker\.js/,
      );
      await allExited();
    },
  );

  it('ignores messages of other programs, to and from the worker', async () => {
    const spawn = () => {
      const worker = spawning(posting('null', '"hello"', '{}', '{ error: "none of ours" }'))();
      for (const message of [null, 'hello', {}]) worker.postMessage(message);
      return worker;
    };
    expect(callIsRight(await create({ spawn }))).toBe(true);
  });

  it.each([
    ['waits', ''],
    ['fails', 'throw new Error("too late")'],
  ])('create rejects if spawn returns no worker in time, and ends one that comes later and %s', async (_, code) => {
    let settle!: (worker: Worker) => void;
    const spawn = () =>
      new Promise<Worker>((resolve) => {
        settle = resolve;
      });
    await expect(create({ spawn, timeout: 100 })).rejects.toThrow(/did not start: no worker came within 100 ms/);
    settle(spawning(code)());
    await allExited();
  });

  it('create does not wait for the other workers if one fails', async () => {
    // The one that never answers would take 25 days.
    const spawns = [spawning('throw new Error("not today")'), spawning(FOREVER), spawning()];
    await expect(create({ threads: 4, spawn: () => spawns.pop()!(), timeout: 2 ** 31 - 1 })).rejects.toThrow(
      /did not start: Error: not today/,
    );
    await allExited();
  });

  it('reports a worker that answers and then ends before create resolves', async () => {
    // It exits as soon as it has answered, when it would wait for its first job.
    const first = spawning('Atomics.load = () => process.exit(7);');
    const spawns = [
      async () => {
        await allExited();
        return spawning()();
      },
      first,
    ];
    await expect(create({ threads: 3, spawn: () => spawns.pop()!() })).rejects.toThrow(
      /did not start: it exited with code 7/,
    );
    await allExited();
    // If create comes first, the next call throws.
    const calling = async () => {
      const arena = await create({ spawn: first });
      await allExited();
      expect(arena.threads).toBe(1);
      callIsRight(arena);
    };
    await expect(calling()).rejects.toThrow(/it exited with code 7/);
  });

  /** Lets a worker call the kernel twice, then runs `action` instead of the third call. */
  const breaking = (action: string) => `
    const { Instance } = WebAssembly;
    let left = 2;
    WebAssembly.Instance = function (...args) {
      const { exports } = new Instance(...args);
      const broken = (f) => (...args) => (left-- > 0 ? f(...args) : ${action});
      return { exports: Object.fromEntries(Object.entries(exports).map(([name, f]) => [name, broken(f)])) };
    };`;

  it.each([
    ['fails', 'eval("throw new Error()")', /failed at its piece: .* incomplete/],
    ['exits', 'process.exit()', /of the SharedArena (did not finish its piece within 2000 ms|failed at its piece)/],
    ['hangs', 'eval("for (;;);")', /did not finish its piece within 2000 ms: .* incomplete/],
  ])('throws from the call in which a worker %s, and goes on with one thread', async (_, action, message) => {
    const loaded = "process.getBuiltinModule('node:worker_threads').parentPort.postMessage('loaded');";
    const spawns = [spawning(loaded), spawning(`${breaking(action)}\n${loaded}`)];
    // The timeout limits the start too, so a worker is handed over only when it runs.
    const spawn = async () => {
      const worker = spawns.pop()!();
      await once(worker, 'message');
      return worker;
    };
    const arena = await create({ threads: 3, spawn, timeout: 2000 });
    const x = arena.float32(1_000_000);
    const untilBroken = () => {
      for (let i = 0; i < 50_000; i++) dropout(x, { p: 0.5, key, out: x });
    };
    expect(untilBroken).toThrow(message);
    expect(arena.threads).toBe(1);
    await allExited();
    for (let i = 0; i < 3; i++) expect(callIsRight(arena)).toBe(true);
  });

  it('throws once after a worker was terminated from outside', async () => {
    const arena = await create();
    expect(callIsRight(arena)).toBe(true);
    for (const worker of running) await worker.terminate();
    expect(() => callIsRight(arena)).toThrow(/was lost: it exited with code 1\. Later calls run on one thread$/);
    expect(arena.threads).toBe(1);
    expect(callIsRight(arena)).toBe(true);
  });

  it('draws no key and takes no memory in the call that throws, so the next one gives what that should have', async () => {
    const arena = await create({ bytes: 16 * MEGABYTE, threads: 3 });
    const layer = new Dropout(0.5, { seed: 7 });
    const x = filled(arena.float32(1_000_000));
    const { bytesFree } = arena;
    for (const worker of running) await worker.terminate();
    expect(() => layer.forward(x)).toThrow(/was lost/);
    expect(layer.key).toBe(undefined);
    expect(layer.generator.position).toBe(0);
    expect(arena.bytesFree).toBe(bytesFree);
    const y = layer.forward(x);
    expect(y.buffer).toBe(arena.memory.buffer);
    expect(same(y, new Dropout(0.5, { seed: 7 }).forward(x.slice()))).toBe(true);
  });

  it('a call that throws because a worker was lost leaves every result as it was', async () => {
    const features = 500;
    const lose = async () => {
      const arena = await create({ bytes: 65536 });
      for (const worker of running) await worker.terminate();
      return arena;
    };
    const calls: ((arena: SharedArena) => unknown)[] = [
      (arena) => {
        const out = { dx: arena.float32(4 * features), dbias: arena.float32(features) };
        biasDropoutResidualBackward(arena.float32(4 * features), { p: 0.1, key, features, out });
      },
      (arena) => mask(1000, { p: 0.3, key, out: arena.uint8(1000) }),
      (arena) => gaussianNoise(arena.float32(1000), { stddev: 0.3, key, out: arena.float32(1000) }),
      (arena) => applyMask(arena.float32(1000), arena.uint8(1000), { p: 0.3, out: arena.float32(1000) }),
      (arena) => dropout({ data: arena.float32(1000), shape: [10, 100] }, { p: 0.3, key, noiseShape: [null, 1] }),
    ];
    for (const call of calls) {
      const arena = await lose();
      const all = arena.uint8(arena.bytesFree).fill(GUARD);
      arena.reset();
      expect(() => call(arena)).toThrow(/was lost/);
      expect(all.every((byte) => byte === GUARD)).toBe(true);
    }
  });

  it('counts one thread as soon as the loss of a worker is noticed', async () => {
    const arena = await create({ threads: 3 });
    await [...running][0]!.terminate();
    expect(arena.threads).toBe(1);
    expect(() => callIsRight(arena)).toThrow(/was lost/);
    await allExited();
  });

  it('does not throw if a worker is lost after close()', async () => {
    const arena = await create();
    const workers = [...running];
    await workers[0]!.terminate();
    arena.close();
    expect(callIsRight(arena)).toBe(true);
  });

  it("gives the right result if called before a worker's exit is noticed", async () => {
    const arena = await create();
    for (const worker of running) worker.terminate();
    expect(callIsRight(arena)).toBe(true);
  });

  describe('after a call was interrupted', () => {
    /** Repeats a call until V8 terminates it somewhere, as Ctrl-C in the REPL of Node does. */
    const interrupt = (call: () => void, timeout: number) =>
      expect(() => runInContext('for (;;) call();', createContext({ call }), { timeout })).toThrow(/timed out after/);

    /** Counts the calls that workers make to the kernel. */
    const COUNTING = `
      const { workerData } = process.getBuiltinModule('node:worker_threads');
      const { Instance } = WebAssembly;
      WebAssembly.Instance = function (...args) {
        const { exports } = new Instance(...args);
        const counting = (f) => (...args) => (Atomics.add(workerData, 0, 1), f(...args));
        return { exports: Object.fromEntries(Object.entries(exports).map(([name, f]) => [name, counting(f)])) };
      };`;

    const rows = 2048;
    const features = 768;
    const n = rows * features;

    /** Calls that can be repeated: each writes the same values to its result every time. */
    function repeatable(arrays: Arrays): (() => ArrayBufferView)[] {
      const x = filled(arrays.float32(n));
      const residual = filled(arrays.float32(n));
      const bias = filled(arrays.float32(features));
      const out = () => arrays.float32(n);
      const [a, b, c, d, e] = [out(), out(), out(), out(), out()];
      const small = arrays.float32(1000);
      const bits = arrays.uint8(n / 8);
      const shape = [rows, features];
      const broadcast = (noiseShape: (number | null)[], data: Float32Array) =>
        dropout({ data: x, shape }, { p: 0.5, key, noiseShape, out: { data, shape } }).data;
      return [
        () => dropout(x, { p: 0.5, key, out: a }),
        () => broadcast([null, 1], b),
        () => broadcast([1, null], c),
        () => gaussianNoise(x, { stddev: 0.3, key, out: d }),
        () => biasDropoutResidual(x, { bias, residual, p: 0.1, key, out: e }),
        () => mask(n, { p: 0.3, key, format: 'bits', out: bits }),
        () => dropout(filled(small), { p: 0.5, key, out: small }),
      ];
    }

    it('gives the right bits, on as many threads as before', async () => {
      const expected = repeatable(plain).map((call) => bytesOf(call()).slice());
      const counter = new Int32Array(new SharedArrayBuffer(4));
      const arena = await create({ bytes: 64 * MEGABYTE, threads: 3, spawn: spawning(COUNTING, counter) });
      const calls = repeatable(arena);
      const wrong: string[] = [];
      for (let round = 0; round < 70; round++) {
        interrupt(() => calls[round % calls.length]!(), 2 + ((round * 5) % 11));
        for (const [i, call] of calls.entries()) {
          const { buffer, byteOffset, byteLength } = call();
          new Uint8Array(buffer, byteOffset, byteLength).fill(GUARD);
          if (Buffer.compare(bytesOf(call()), expected[i]!) !== 0) wrong.push(`call ${i} in round ${round}`);
        }
      }
      expect(wrong).toEqual([]);
      expect(arena.threads).toBe(3);
      const before = Atomics.load(counter, 0);
      for (let i = 0; i < 100; i++) calls[0]!();
      expect(Atomics.load(counter, 0)).toBeGreaterThan(before);
    });
  });

  it('ends its workers when it is dropped without close(), together with its arrays', async () => {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    const options = { bytes: 8 * MEGABYTE, threads: 3, timeout: 60_000 };
    const view = async () => {
      const arena = await SharedArena.create({ ...options, spawn: spawning() });
      return filled(arena.float32(1_000_000)).subarray(3);
    };
    const drop = async () => {
      callIsRight(await SharedArena.create({ ...options, spawn: spawning() }));
    };
    const x = await view();
    for (let i = 0; i < 3; i++) await drop();
    await vi.waitFor(
      () => {
        gc();
        expect(running.size).toBe(2);
      },
      { timeout: 8_000, interval: 50 },
    );
    const expected = dropout(x.slice(), { p: 0.5, key });
    expect(same(dropout(x, { p: 0.5, key, out: x }), expected)).toBe(true);
    for (const worker of running) worker.terminate();
  });

  it('works behind a Proxy that wraps every object it returns', async () => {
    const wrapped = <T>(value: T): T => {
      if (typeof value !== 'object' || value === null) return value;
      // Typed arrays and memories stay as they are, as in Vue's reactive(). A worker of Node does not.
      if (Object.prototype.toString.call(value) !== '[object Object]') return value;
      return new Proxy(value, { get: (...access) => wrapped(Reflect.get(...access)) });
    };
    const arena = wrapped(await create({ threads: 3 }));
    expect(arena.threads).toBe(3);
    expect(callIsRight(arena)).toBe(true);
    arena.close();
    expect(arena.threads).toBe(1);
    await allExited();
    expect(callIsRight(arena)).toBe(true);
  });

  it.each([[{ bytes: 8, threads: 2 }], [undefined], [new Float32Array(1)]])(
    'new SharedArena(%o) throws',
    (argument) => {
      const Direct = SharedArena as unknown as new (options: unknown) => unknown;
      expect(() => new Direct(argument)).toThrow(
        new TypeError('a SharedArena has to start its workers: use await SharedArena.create(…) instead of new'),
      );
    },
  );

  it('spins where the calling thread must not sleep', async () => {
    const wait = vi.spyOn(Atomics, 'wait').mockImplementation(() => {
      throw new TypeError('Atomics.wait cannot be called in this context');
    });
    const arena = await create({ threads: 3 });
    for (let i = 0; i < 20; i++) expect(callIsRight(arena)).toBe(true);
    wait.mockRestore();
  });

  it.each([
    [{ bytes: -1 }, RangeError, 'bytes has to be a whole number from 0 to 4294967296, but got -1'],
    [{ threads: 0 }, RangeError, 'threads has to be a whole number from 1 to 64, but got 0'],
    [{ threads: 1.5 }, RangeError, 'threads has to be a whole number from 1 to 64, but got 1.5'],
    [{ threads: 65 }, RangeError, 'threads has to be a whole number from 1 to 64, but got 65'],
    [{ threads: '2' }, TypeError, 'threads has to be a whole number from 1 to 64, but got "2"'],
    [{ worker: 'file' }, RangeError, 'worker has to be "url" or "blob", but got "file"'],
    [{ spawn: 1 }, TypeError, 'spawn has to be a function, but got 1'],
    [{ timeout: 0 }, RangeError, 'timeout has to be a whole number from 1 to 2147483647, but got 0'],
    [{ timeout: 2 ** 31 }, RangeError, 'timeout has to be a whole number from 1 to 2147483647, but got 2147483648'],
    [{ thread: 2 }, TypeError, /^unknown option "thread".* bytes, threads, worker, spawn, timeout$/],
    [{ timeOut: 2 }, TypeError, /^unknown option "timeOut": .*\btimeout\b/],
  ])('rejects %o', async (options, type, message) => {
    const error = await create(options as never).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(type);
    expect(error).toHaveProperty('message', typeof message === 'string' ? message : expect.stringMatching(message));
  });

  describe('in a page', () => {
    afterEach(() => {
      vi.unstubAllGlobals();
      vi.restoreAllMocks();
    });

    const kindOf = (url: unknown) => /^(blob|data):|worker\.js$/.exec(String(url))![0];

    /**
     * Replaces the Worker of the page.
     * @param program of a worker, by what its URL is: 'worker.js', 'blob:' or 'data:'
     * @returns the URLs that were tried, with the type of script
     */
    function stubWorker(program: (kind: string) => string, check: (url: unknown) => void = () => {}): string[] {
      const tried: string[] = [];
      class WebWorker {
        private readonly worker: Worker;
        constructor(url: unknown, options?: { type: string }) {
          tried.push(`${kindOf(url)} ${options?.type ?? 'classic'}`);
          check(url);
          this.worker = startWorker(program(kindOf(url)));
        }
        postMessage(message: unknown) {
          this.worker.postMessage(message);
        }
        terminate() {
          this.worker.terminate();
        }
        addEventListener(type: string, listener: (event: unknown) => void) {
          const toEvent = (value: unknown) => (type === 'message' ? { data: value } : { message: String(value) });
          if (type !== 'close') this.worker.on(type, (value) => listener(toEvent(value)));
        }
        unref() {
          this.worker.unref();
        }
      }
      vi.stubGlobal('Worker', WebWorker);
      vi.spyOn(URL, 'createObjectURL').mockReturnValue('blob:null/1');
      return tried;
    }

    const refuse = (kinds: RegExp) => (url: unknown) => {
      if (kinds.test(kindOf(url))) throw new Error(`${kindOf(url)} is refused`);
    };

    /** No `spawn`. */
    const createInPage = (options: Partial<SharedArenaOptions> = {}) =>
      create({ spawn: undefined as never, ...options });

    it.each([
      [undefined, /none/, ['worker.js module', 'worker.js module']],
      [undefined, /worker/, ['worker.js module', 'blob: classic', 'blob: classic']],
      [undefined, /worker|blob/, ['worker.js module', 'blob: classic', 'data: classic', 'data: classic']],
      ['url', /none/, ['worker.js module', 'worker.js module']],
      ['blob', /none/, ['blob: classic', 'blob: classic']],
      ['blob', /blob/, ['blob: classic', 'data: classic', 'data: classic']],
    ] as const)('worker: %s starts workers where %s is refused, and tries that once', async (worker, refused, ways) => {
      const tried = stubWorker(() => workerSource, refuse(refused));
      const arena = await createInPage({ threads: 3, worker: worker as 'url' });
      expect(tried).toEqual(ways);
      expect(callIsRight(arena)).toBe(true);
      expect(running.size).toBe(2);
    });

    it('create names the failure of every way', async () => {
      stubWorker(() => workerSource, refuse(/./));
      await expect(createInPage()).rejects.toThrow(
        /did not start: url: worker\.js is refused; blob: blob: is refused; data: URL: data: is refused$/,
      );
      stubWorker((kind) => (kind === 'blob:' ? 'throw new Error("not today")' : FOREVER));
      await expect(createInPage({ timeout: 900 })).rejects.toThrow(
        /url: it did not answer within 900 ms; blob: Error: not today; data: URL: it did not answer within 900 ms$/,
      );
      await allExited();
    });

    it.each([
      ['empty', ''],
      ['slow', FOREVER],
    ])('does not wait for a worker.js that is %s', async (_, program) => {
      const tried = stubWorker((kind) => (kind === 'worker.js' ? program : workerSource));
      const arena = await createInPage({ timeout: 2 ** 31 - 1 });
      expect(tried).toEqual(['worker.js module', 'blob: classic']);
      expect(arena.threads).toBe(2);
      expect(callIsRight(arena)).toBe(true);
      await vi.waitFor(() => expect(running.size).toBe(1));
    });

    it('takes the first worker that answers, and the other one never joins', async () => {
      // worker.js starts in time, but the blob answers first. Neither is terminated.
      const slow = `const { parentPort } = process.getBuiltinModule('node:worker_threads');
        await new Promise((resolve) => setTimeout(resolve, 1500));
        ${workerSource}`;
      stubWorker((kind) => (kind === 'worker.js' ? slow : workerSource));
      const terminate = vi.spyOn(Worker.prototype, 'terminate').mockResolvedValue(0);
      const arena = await createInPage();
      expect(running.size).toBe(2);
      // The late one finds its place taken, and ends itself.
      await vi.waitFor(() => expect(running.size).toBe(1), { timeout: 8_000 });
      terminate.mockRestore();
      expect(arena.threads).toBe(2);
      expect(callIsRight(arena)).toBe(true);
    });

    describe('with Trusted Types', () => {
      class TrustedUrl {
        constructor(readonly url: string) {}
        toString() {
          return this.url;
        }
      }

      /** The module has one policy for the page's lifetime. */
      const createAfresh = async () => {
        vi.resetModules();
        const fresh = await import('../../src/threads/index.js');
        const arena = await fresh.SharedArena.create({ bytes: 8 * MEGABYTE, threads: 3, timeout: 60_000 });
        arenas.push(arena);
        return arena;
      };

      const requireTrusted = (kinds: RegExp) => (url: unknown) => {
        if (!(url instanceof TrustedUrl)) throw new TypeError("This document requires 'TrustedScriptURL' assignment");
        refuse(kinds)(url);
      };

      it('creates one policy, dropout-wasm, for every URL', async () => {
        const createPolicy = vi.fn((_: string, rules: { createScriptURL(url: string): string }) => ({
          createScriptURL: (url: string) => new TrustedUrl(rules.createScriptURL(url)),
        }));
        vi.stubGlobal('trustedTypes', { createPolicy });
        const tried = stubWorker(() => workerSource, requireTrusted(/worker|blob/));
        expect((await createAfresh()).threads).toBe(3);
        expect(tried).toEqual(['worker.js module', 'blob: classic', 'data: classic', 'data: classic']);
        expect(createPolicy.mock.calls.map(([name]) => name)).toEqual(['dropout-wasm']);
      });

      it('works without a policy where the page refuses ours and does not require one', async () => {
        const createPolicy = vi.fn(() => {
          throw new TypeError('Policy "dropout-wasm" disallowed.');
        });
        vi.stubGlobal('trustedTypes', { createPolicy });
        stubWorker(() => workerSource);
        expect((await createAfresh()).threads).toBe(3);
        expect(createPolicy).toHaveBeenCalledTimes(1);
        stubWorker(() => workerSource, requireTrusted(/none/));
        await expect(createAfresh()).rejects.toThrow(
          /requires 'TrustedScriptURL' assignment; the page's trusted-types directive does not allow dropout-wasm$/,
        );
      });
    });

    it('starts workers when a page that is prerendered is shown', async () => {
      const page = Object.assign(new EventTarget(), { prerendering: true });
      vi.stubGlobal('document', page);
      vi.stubGlobal('crossOriginIsolated', true);
      const spawn = vi.fn(spawning());
      const created = create({ spawn, timeout: 2000 });
      await new Promise((resolve) => setTimeout(resolve, 2500));
      expect(spawn).not.toHaveBeenCalled();
      page.dispatchEvent(new Event('prerenderingchange'));
      expect(callIsRight(await created)).toBe(true);
    });

    it('uses the Worker of the page where node:worker_threads refuses, as in Electron', async () => {
      vi.spyOn(process, 'getBuiltinModule').mockReturnValue({
        Worker: class {
          constructor() {
            throw new Error('The V8 platform used by this process does not support creating Workers');
          }
        },
      } as never);
      const tried = stubWorker(() => workerSource);
      Reflect.deleteProperty(globalThis.Worker.prototype, 'unref');
      const arena = await createInPage({ worker: 'blob' });
      expect(tried).toEqual(['blob: classic']);
      for (const worker of running) worker.unref();
      expect(callIsRight(arena)).toBe(true);
    });
  });

  describe('where there are no workers', () => {
    beforeEach(() => {
      vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never);
      vi.stubGlobal('navigator', { hardwareConcurrency: 4 });
    });
    afterEach(() => {
      vi.unstubAllGlobals();
      vi.restoreAllMocks();
    });

    const createAlone = (threads?: number) =>
      SharedArena.create({ bytes: 8 * MEGABYTE, ...(threads !== undefined && { threads }) });

    it('uses one thread by default', async () => {
      const arena = await createAlone();
      expect(arena.threads).toBe(1);
      expect(callIsRight(arena)).toBe(true);
    });

    it('rejects more threads, unless spawn gives workers', async () => {
      await expect(createAlone(2)).rejects.toThrow(/this runtime has none: use threads: 1, or give workers by spawn/);
      vi.restoreAllMocks();
      const spawn = spawning();
      vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never);
      expect((await create({ threads: undefined as never, spawn })).threads).toBe(4);
    });
  });

  describe('without shared memory', () => {
    afterEach(() => {
      vi.unstubAllGlobals();
    });

    it.each([
      ['a runtime that has none', { SharedArrayBuffer: undefined }, 'this runtime has no SharedArrayBuffer'],
      [
        'a non-isolated page',
        { SharedArrayBuffer: undefined, crossOriginIsolated: false },
        /Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp/,
      ],
      [
        'a non-isolated page that still has SharedArrayBuffer',
        { crossOriginIsolated: false, document: {} },
        /Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp/,
      ],
      [
        'an isolated page',
        { SharedArrayBuffer: undefined, crossOriginIsolated: true, document: {} },
        /^SharedArena needs shared memory, and this runtime has no SharedArrayBuffer: use an Arena$/,
      ],
    ])('names the remedy for %s', async (_, globals, message) => {
      for (const [name, value] of Object.entries(globals)) vi.stubGlobal(name, value);
      await expect(create()).rejects.toThrow(message);
    });
  });

  it.each([
    [3, 3],
    [64, 8],
  ])('on %i cores, uses %i threads by default', async (cores, threads) => {
    vi.stubGlobal('navigator', { hardwareConcurrency: cores });
    expect((await create({ threads: undefined as never })).threads).toBe(threads);
    vi.unstubAllGlobals();
  });
});

describe('a pool', () => {
  const pools: WorkerPool[] = [];
  afterEach(() => {
    for (const pool of pools.splice(0)) pool.close();
    vi.restoreAllMocks();
  });

  /** A pool whose workers do nothing, so that a test can set what they are at. */
  function createPool(workers: number, timeout: number) {
    const modules = [kernelText, extrasText, fusedText, gaussianText].map(decode);
    const memory = new WebAssembly.Memory({ initial: 64, maximum: 64, shared: true });
    const exports = bind(modules, memory);
    const control = new SharedArrayBuffer(controlBytes(workers));
    const crew = new Crew(control);
    const terminate = vi.fn();
    for (let i = 0; i < workers; i++) crew.workers.push({ terminate, postMessage() {} } satisfies WorkerLike);
    const alone = { ...exports };
    const pool = new WorkerPool(crew, alone, control, workers, timeout);
    pools.push(pool);
    const set = (state: State) => {
      for (let i = 0; i < workers; i++) Atomics.store(crew.words, stateOf(i), state);
    };
    const linear = threadedMemory(memory, alone, pool);
    const call = (n = 1_000_000) => linear.kernel!.dropout(0, 0, 0, n, 1, 2, 0, 0, 2 ** 31, 2, 0, 0, 1, n, 1);
    return { pool, linear, call, set, terminate, values: new Float32Array(memory.buffer) };
  }

  /** The milliseconds that the calling thread was ready to sleep. */
  function sleeps(): number[] {
    const { wait } = Atomics;
    const times: number[] = [];
    vi.spyOn(Atomics, 'wait').mockImplementation((...args) => {
      if (args[3] !== undefined) times.push(args[3]);
      return wait(...(args as Parameters<typeof wait>));
    });
    return times;
  }

  it('has one deadline for all workers that hang', () => {
    const { pool, call, set, terminate } = createPool(8, 60);
    set(State.AtWork);
    const times = sleeps();
    expect(call).toThrow(/did not finish its piece within 60 ms: .* incomplete.*\. Later calls run on one thread$/);
    expect(times.length).toBeGreaterThan(0);
    expect(times.reduce((sum, time) => sum + time, 0)).toBeLessThan(120);
    expect(terminate).toHaveBeenCalledTimes(8);
    expect(pool.threads).toBe(1);
    call();
  });

  const slice = { of: [2, 20], at: [0, 7] };
  const dropoutOfSlice = (x: Float32Array, out: Float32Array) =>
    dropout({ data: x, shape: [2, 8] }, { p: 0.5, key, slice, out: { data: out, shape: [2, 8] } });

  /** A call that ends without `finally`, as one that V8 terminates. */
  function interrupt({ pool, set }: ReturnType<typeof createPool>) {
    set(State.Awake);
    expect(() =>
      pool.run(() => {
        // The first number is the function, and there is no function 9.
        for (let i = 0; i < 9; i++) pool.add(1_000_000, 9 as Fn);
      }),
    ).toThrow(TypeError);
    set(State.AtWork);
  }

  it.each([
    ['a small call', 16],
    ['a large call', 1_000_000],
  ])('waits until no worker is at work on an interrupted call, before %s', (_, n) => {
    const made = createPool(3, 60_000);
    const { values, set, call, pool } = made;
    interrupt(made);
    values.fill(1);
    vi.spyOn(Atomics, 'wait').mockImplementation(() => {
      // The latest moment at which a worker of the interrupted call may write.
      values.fill(5);
      set(State.Awake);
      return 'ok';
    });
    call(n);
    expect(values.subarray(0, n).every((value) => value === 0 || value === 10)).toBe(true);
    expect(pool.threads).toBe(4);
  });

  // In most of them one array lies elsewhere, so the kernel does not work in place.
  it.each<[string, (shared: Float32Array, other: Float32Array) => void]>([
    ['a dropout into the arena', (out, x) => dropout(x, { p: 0.5, key, out })],
    ['a dropout out of the arena', (x, out) => dropout(x, { p: 0.5, key, out })],
    [
      'a dropout out of the arena to addresses that overlap in part',
      (x) => dropout(x, { p: 0.5, key, out: new Float32Array(new SharedArrayBuffer(128), 4, 16) }),
    ],
    ['a copy into the arena', (out, x) => dropout(x, { p: 0, key, out })],
    ['a copy out of the arena', (x, out) => dropout(x, { p: 0, key, out })],
    ['zeros', (out) => dropout(out, { p: 1, key, out })],
    ['noise out of the arena', (x, out) => gaussianNoise(x, { stddev: 0.5, key, out })],
    [
      'a residual in the arena',
      (residual, x) => biasDropoutResidual(x, { bias: x.slice(), residual, p: 0.5, key, out: x }),
    ],
    [
      "a caller's mask in the arena",
      ({ buffer }, x) => applyMask(x, new Uint8Array(buffer, 0, x.length), { p: 0.5, out: x }),
    ],
    ['a mask', ({ buffer }) => mask(16, { p: 0.5, key, out: new Uint8Array(buffer, 0, 16) })],
    ['a slice out of the arena', (x, out) => dropoutOfSlice(x, out)],
    ['a slice into the arena', (out, x) => dropoutOfSlice(x, out)],
    ['a mask of a slice', ({ buffer }) => mask([2, 8], { p: 0.5, key, slice, out: new Uint8Array(buffer, 0, 16) })],
  ])('waits until no worker is at work on an interrupted call, before %s', (_, call) => {
    const made = createPool(3, 60_000);
    const { linear, set, values } = made;
    register(linear);
    interrupt(made);
    const wait = vi.spyOn(Atomics, 'wait').mockImplementation(() => {
      values.fill(5);
      set(State.Awake);
      return 'ok';
    });
    const [shared, other] = [values.subarray(0, 16), new Float32Array(16).fill(1)];
    call(shared, other);
    expect(wait).toHaveBeenCalled();
    // What another array gives, if it holds what the workers wrote last.
    const [alone, expected] = [new Float32Array(16).fill(5), new Float32Array(16).fill(1)];
    call(alone, expected);
    expect([shared, other]).toEqual([alone, expected]);
  });

  it('takes nothing of an interrupted call into the next one', () => {
    const made = createPool(2, 60_000);
    const { pool, linear, values } = made;
    interrupt(made);
    made.set(State.Asleep);
    // Interrupted when it has queued a call on elements 64 to 127.
    const queueing = () =>
      pool.run(() => {
        pool.add(64, Fn.Dropout, 0, 256, 256, 64, 1, 2, 0, 0, 2 ** 31, 2, 0, 0, 1, 64, 1);
        throw new Error('interrupted');
      });
    expect(queueing).toThrow('interrupted');
    values.fill(1);
    linear.batch!((kernel) => kernel.dropout(0, 0, 0, 64, 1, 2, 0, 0, 2 ** 31, 2, 0, 0, 1, 64, 1));
    expect(values.subarray(0, 64)).toContain(2);
    expect(values.subarray(64).every((value) => value === 1)).toBe(true);
  });

  it.each(['ready', 'kernel', 'batch'] as const)(
    'loses a worker that hangs in an interrupted call: %s throws once, before anything is written',
    (where) => {
      const made = createPool(3, 40);
      const { linear, call, values, pool, terminate } = made;
      const calls = {
        ready: () => linear.ready!(),
        kernel: () => call(16),
        batch: () => linear.batch!((kernel) => kernel.dropout(0, 0, 0, 16, 1, 2, 0, 0, 2 ** 31, 2, 0, 0, 1, 16, 1)),
      };
      values.fill(1);
      interrupt(made);
      expect(calls[where]).toThrow(
        'a worker of the SharedArena was lost: it did not finish its piece within 40 ms, in a call that was ' +
          'interrupted. Later calls run on one thread',
      );
      expect(values.every((value) => value === 1)).toBe(true);
      expect(terminate).toHaveBeenCalledTimes(3);
      expect(pool.threads).toBe(1);
      calls[where]();
    },
  );
});
