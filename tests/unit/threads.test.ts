/**
 * SharedArena gives the same bits for any number of threads, no call hangs, and no worker outlives its arena. The
 * workers run their inlined source, which `npm run build:kernel` writes.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import {
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
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { workerSource } from '../../src/threads/inlined.js';
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

  /** A `spawn` option whose workers run some code before their own program. */
  const spawning =
    (code = '') =>
    () => {
      const url = new URL(`data:text/javascript,${encodeURIComponent(`${code}\n${workerSource}`)}`);
      const worker = new Worker(url, { execArgv: [] }).on('exit', () => running.delete(worker));
      running.add(worker);
      return worker;
    };

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
    expect(() => callIsRight(arena)).toThrow(/was lost: it exited with code 1.*by one thread/);
    expect(arena.threads).toBe(1);
    expect(callIsRight(arena)).toBe(true);
  });

  it("gives the right result if called before a worker's exit is noticed", async () => {
    const arena = await create();
    for (const worker of running) worker.terminate();
    expect(callIsRight(arena)).toBe(true);
  });

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
    [{ timeout: 0 }, RangeError, 'timeout has to be a positive whole number, but got 0'],
  ])('rejects %o', async (options, type, message) => {
    const error = await create(options as never).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(type);
    expect(error).toHaveProperty('message', message);
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
