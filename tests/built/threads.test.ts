/** Arrays of a SharedArena: the same bits for any number of threads, and no call that hangs. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
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

const key = new Generator(42).next();
const MEGABYTE = 2 ** 20;

/** Any above which work is shared, with odd ends, and one far below. */
const LENGTHS = [1000, 300_001, 600_000, 1_100_003];

function filled<A extends FloatArray>(x: A): A {
  for (let i = 0; i < x.length; i++) x[i] = Math.sin(i) * 10;
  return x;
}

const bytesOf = (x: ArrayBufferView) => Buffer.from(x.buffer, x.byteOffset, x.byteLength);
const same = (a: ArrayBufferView, b: ArrayBufferView) => Buffer.compare(bytesOf(a), bytesOf(b)) === 0;

interface Make {
  float32(n: number): Float32Array;
  float64(n: number): Float64Array;
  uint8(n: number): Uint8Array;
}

const plain: Make = {
  float32: (n) => new Float32Array(n),
  float64: (n) => new Float64Array(n),
  uint8: (n) => new Uint8Array(n),
};

type Work = (make: Make, n: number) => ArrayBufferView[];

/** What is done on arrays of an arena, and on plain ones. Returns all that has to be the same. */
const WORK: [string, Work][] = [
  ['dropout, f32', (make, n) => [dropout(filled(make.float32(n)), { p: 0.3, key, out: make.float32(n) })]],
  ['dropout, f64', (make, n) => [dropout(filled(make.float64(n)), { p: 0.3, key, out: make.float64(n) })]],
  [
    'dropout at an offset within a block and beyond 2^52',
    (make, n) =>
      [1, 4095, 2 ** 52 + 77].map((offset) =>
        dropout(filled(make.float32(n)), { p: 0.5, key, offset, out: make.float32(n) }),
      ),
  ],
  [
    'dropout in place',
    (make, n) => {
      const x = filled(make.float32(n));
      return [dropout(x, { p: 0.5, key, out: x })];
    },
  ],
  [
    'dropout with noise for rows, for channels, for steps in time',
    (make, n) => {
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
        const size = shape.reduce((product, n) => product * n, 1);
        const out = { data: make.float32(size), shape };
        return dropout({ data: filled(make.float32(size)), shape }, { p: 0.5, key, noiseShape, offset: 5, out }).data;
      });
    },
  ],
  [
    'masks of bytes and bits',
    (make, n) => [
      mask(n, { p: 0.3, key, out: make.uint8(n), offset: 3 }),
      mask(n, { p: 0.3, key, out: make.uint8(Math.ceil(n / 8)), format: 'bits', offset: 3 }),
    ],
  ],
  [
    'masks applied',
    (make, n) => {
      const x = filled(make.float32(n));
      const bytes = mask(n, { p: 0.3, key, out: make.uint8(n) });
      const bits = mask(n, { p: 0.6, key, out: make.uint8(Math.ceil(n / 8)), format: 'bits' });
      return [
        applyMask(x, bytes, { p: 0.3, out: make.float32(n) }),
        applyMask(x, bits, { p: 0.6, format: 'bits', out: make.float32(n) }),
      ];
    },
  ],
  [
    'normal noise, f32 and f64',
    (make, n) => [
      gaussianNoise(filled(make.float32(n)), { stddev: 0.3, key, offset: 2049, out: make.float32(n) }),
      gaussianNoise(filled(make.float64(n)), { stddev: 0.3, key, offset: 1, out: make.float64(n) }),
    ],
  ],
  [
    'fused, forward and backward',
    (make, n) => {
      const features = 1000;
      const size = n - (n % features);
      const [x, residual, bias] = [
        filled(make.float32(size)),
        filled(make.float32(size)),
        filled(make.float32(features)),
      ];
      const y = biasDropoutResidual(x, { bias, residual, p: 0.1, key, offset: 9, out: make.float32(size) });
      const out = { dx: make.float32(size), dbias: make.float32(features) };
      const { dx, dbias } = biasDropoutResidualBackward(y, { p: 0.1, key, offset: 9, features, out });
      return [y, dx, dbias];
    },
  ],
  [
    'layers, forward and backward',
    (make, n) => {
      const generator = new Generator(7);
      const layers = [new Dropout(0.5, { generator }), new GaussianDropout(0.2, { generator })];
      const images = new Dropout2d(0.5, { generator });
      const shape = [1, Math.floor(n / 49), 7, 7];
      const data = filled(make.float32(shape[1]! * 49));
      return [
        ...layers.flatMap((layer) => {
          const x = filled(make.float32(n));
          return [layer.forward(x, make.float32(n)), layer.backward(x, make.float32(n))];
        }),
        images.forward({ data, shape }).data,
      ];
    },
  ],
];

describe.each([1, 2, 3, 8])('%i threads give the bits of plain arrays', (threads) => {
  let arena: SharedArena;
  beforeAll(async () => {
    arena = await SharedArena.create({ bytes: 96 * MEGABYTE, threads });
  });
  afterAll(() => arena.close());

  it.each(WORK)('%s', (_, work) => {
    expect(arena.threads).toBe(threads);
    for (const n of LENGTHS) {
      arena.reset();
      arena.uint8(3); // nothing begins on a vector or a cache line
      const results = work(arena, n);
      for (const [i, expected] of work(plain, n).entries()) {
        expect(results[i]!.buffer).toBe(arena.memory.buffer);
        expect(same(results[i]!, expected)).toBe(true);
      }
    }
    expect(arena.threads).toBe(threads);
  });

  it('writes no byte but those of out', () => {
    arena.reset();
    const n = 300_001;
    const all = arena.uint8(8 * MEGABYTE).fill(0xa5);
    arena.reset();
    arena.uint8(64);
    const x = filled(arena.float32(n));
    const [, out] = [arena.uint8(61), arena.float32(n)];
    const [, bits] = [arena.uint8(7), arena.uint8(Math.ceil(n / 8))];
    dropout(x, { p: 0.5, key, out });
    mask(n, { p: 0.5, key, out: bits, format: 'bits' });
    for (const { byteOffset, byteLength } of [x, out, bits]) all.fill(0xa5, byteOffset, byteOffset + byteLength);
    expect(all.every((byte) => byte === 0xa5)).toBe(true);
  });
});

describe('a SharedArena', () => {
  const arenas: SharedArena[] = [];
  const create = async (options: Partial<SharedArenaOptions> = {}) => {
    const arena = await SharedArena.create({ bytes: 8 * MEGABYTE, threads: 2, ...options });
    arenas.push(arena);
    return arena;
  };
  afterEach(() => {
    for (const arena of arenas.splice(0)) arena.close();
  });

  /** A large call, and whether it gave what it has to. */
  const call = (arena: SharedArena) => {
    arena.reset();
    const x = filled(arena.float32(1_000_000));
    const out = dropout(x, { p: 0.5, key, out: arena.float32(x.length) });
    return same(out, dropout(x.slice(), { p: 0.5, key }));
  };

  /** Runs some code before the worker's own program. */
  const running = (code: string) => () =>
    new Worker(
      new URL(`data:text/javascript,${encodeURIComponent(`${code}\nawait import(${JSON.stringify(PROGRAM.href)});`)}`),
      { execArgv: [] },
    );
  const PROGRAM = new URL('../../dist/threads/worker.js', import.meta.url);

  it('has the faces of an Arena, on a SharedArrayBuffer', async () => {
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

  it.each(['url', 'blob', 'spawn'] as const)('starts workers by %s', async (way) => {
    if (way === 'url') {
      await expect(create({ worker: 'url' })).rejects.toThrow(/did not start: .*worker\.js/); // the source has no such file
      return;
    }
    const arena = await create(way === 'blob' ? { worker: 'blob' } : { spawn: async () => new Worker(PROGRAM) });
    expect(call(arena)).toBe(true);
  });

  it('works on after close, on the calling thread', async () => {
    const exits: number[] = [];
    const arena = await create({
      threads: 3,
      spawn: () => new Worker(PROGRAM).on('exit', (code) => exits.push(code)),
    });
    expect(call(arena)).toBe(true);
    arena.close();
    arena.close();
    expect(arena.threads).toBe(1);
    expect(call(arena)).toBe(true);
    await vi.waitFor(() => expect(exits).toHaveLength(2));
    expect(call(arena)).toBe(true);
  });

  it.each([
    ['throws', 'throw new Error("not today")', /did not start: Error: not today/],
    ['exits', 'process.exit(3)', /did not start: it exited with code 3/],
    ['never answers', 'await new Promise((resolve) => setTimeout(resolve, 1e6))', /did not answer within 500 ms/],
    ['has no WebAssembly', 'WebAssembly.Module = undefined', /did not start: TypeError: .*not a constructor/],
  ])('does not come to be if a worker %s', async (_, code, message) => {
    await expect(create({ spawn: running(code), timeout: 500 })).rejects.toThrow(message);
  });

  it('does not come to be if spawn throws', async () => {
    const spawn = () => {
      throw new Error('no more threads');
    };
    await expect(create({ spawn })).rejects.toThrow(/did not start: no more threads/);
  });

  const BREAKING = (what: string) => `
    const { Instance } = WebAssembly;
    let left = 2;
    WebAssembly.Instance = function (...args) {
      const { exports } = new Instance(...args);
      const broken = (f) => (...args) => (left-- > 0 ? f(...args) : ${what});
      return { exports: Object.fromEntries(Object.entries(exports).map(([name, f]) => [name, broken(f)])) };
    };`;

  /** Large calls until a worker has taken enough pieces to come to what breaks it. */
  const until = (arena: SharedArena) => {
    for (let i = 0; i < 1000; i++) call(arena);
  };

  it.each([
    ['fails', '(() => { throw new Error("broken") })()', /failed at its piece: .* incomplete/],
    ['dies', 'process.exit()', /of the SharedArena (did not finish its piece within 300 ms|failed at its piece)/],
    ['hangs', '(() => { for (;;); })()', /did not finish its piece within 300 ms: .* incomplete/],
  ])('throws from the call in which a worker %s, and goes on with one thread', async (_, what, message) => {
    const arena = await create({ threads: 3, spawn: running(BREAKING(what)), timeout: 300 });
    expect(() => until(arena)).toThrow(message);
    expect(arena.threads).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (let i = 0; i < 3; i++) expect(call(arena)).toBe(true);
  });

  it('throws from the next call after a worker was ended by someone else, once', async () => {
    const workers: Worker[] = [];
    const arena = await create({
      spawn: () => {
        workers.push(new Worker(PROGRAM));
        return workers.at(-1)!;
      },
    });
    expect(call(arena)).toBe(true);
    await workers[0]!.terminate();
    expect(() => call(arena)).toThrow(/was lost: it exited with code 1.*by one thread/);
    expect(arena.threads).toBe(1);
    expect(call(arena)).toBe(true);
  });

  it('is right in a call that comes before anybody could hear of a dead worker', async () => {
    const workers: Worker[] = [];
    const arena = await create({ spawn: () => workers[workers.push(new Worker(PROGRAM)) - 1]! });
    workers[0]!.terminate();
    expect(call(arena)).toBe(true);
  });

  it('looks on where this thread must not sleep', async () => {
    const wait = vi.spyOn(Atomics, 'wait').mockImplementation(() => {
      throw new TypeError('Atomics.wait cannot be called in this context');
    });
    const arena = await create({ threads: 3 });
    for (let i = 0; i < 20; i++) expect(call(arena)).toBe(true);
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
  ])('refuses %o', async (options, type, message) => {
    const error = await create(options as never).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(type);
    expect(error).toHaveProperty('message', message);
  });

  it('says what a page lacks', async () => {
    vi.stubGlobal('SharedArrayBuffer', undefined);
    await expect(create()).rejects.toThrow('this runtime has no SharedArrayBuffer');
    vi.stubGlobal('crossOriginIsolated', false);
    await expect(create()).rejects.toThrow(
      /Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp/,
    );
    vi.unstubAllGlobals();
  });

  it('takes as many threads as there are cores, up to 8', async () => {
    vi.stubGlobal('navigator', { hardwareConcurrency: 3 });
    expect((await create({ threads: undefined as never })).threads).toBe(3);
    vi.stubGlobal('navigator', { hardwareConcurrency: 64 });
    expect((await create({ threads: undefined as never })).threads).toBe(8);
    vi.unstubAllGlobals();
  });
});

describe('the built package', () => {
  const run = (code: string) =>
    promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], { timeout: 20_000 });
  const using = (options: string, rest: string) =>
    `
    import { SharedArena } from 'dropout-wasm/threads';
    import { dropout } from 'dropout-wasm';
    const arena = await SharedArena.create({ bytes: 2 ** 23, threads: 3, ${options} });
    const x = arena.float32(2 ** 20).fill(1);
    const y = dropout(x, { p: 0.5, key: 1n });
    console.log(arena.threads, y.buffer === arena.memory.buffer, y.every((v, i) => v === plain[i]));
    ${rest}`.replace('const x', 'const plain = dropout(new Float32Array(2 ** 20).fill(1), { p: 0.5, key: 1n });\n$&');

  it.each([
    ["worker: 'url'", ''],
    ["worker: 'url'", 'arena.close();'],
    ["worker: 'blob'", ''],
    ["worker: 'blob'", 'arena.close();'],
  ])('exits by itself: %s %s', async (options, rest) => {
    expect((await run(using(options, rest))).stdout).toBe('3 true true\n');
  });

  it('exports the worker and the shared kernel', () => {
    for (const path of ['dropout-wasm/threads/worker.js', 'dropout-wasm/kernel.shared.wasm'])
      expect(import.meta.resolve(path)).toMatch(/dist/);
  });
});
