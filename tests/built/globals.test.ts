/** Every entry works in a context that has the globals of ES2022 and no other, as in Hermes and QuickJS. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createContext, runInContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import type * as Inference from '../../src/inference/index.js';
import type * as Onnx from '../../src/onnx/index.js';
import type * as Threads from '../../src/threads/index.js';
import { State, stateOf } from '../../src/threads/queue.js';
import { tensorDigest } from '../support/bits.js';
import { layersOf, type Package } from '../support/layers.js';

const dist = (path: string) => new URL(`../../dist/${path}.js`, import.meta.url);
const host: Package = await import(dist('index').href);

const ES2022 = `globalThis Infinity NaN undefined eval isFinite isNaN parseFloat parseInt decodeURI decodeURIComponent
  encodeURI encodeURIComponent AggregateError Array ArrayBuffer BigInt BigInt64Array BigUint64Array Boolean DataView Date
  Error EvalError FinalizationRegistry Float32Array Float64Array Function Int8Array Int16Array Int32Array Map Number
  Object Promise Proxy RangeError ReferenceError RegExp Set SharedArrayBuffer String Symbol SyntaxError TypeError
  Uint8Array Uint8ClampedArray Uint16Array Uint32Array URIError WeakMap WeakRef WeakSet Atomics JSON Math Reflect`;

/** What the entries use beyond ES2022, and what programs often take for granted, as this process has it. */
const WEB = {
  ...{ Blob, TextDecoder, TextEncoder, URL, WebAssembly, clearTimeout, console, crypto, navigator: {} },
  ...{ performance, process, queueMicrotask, setTimeout, structuredClone },
};

type Globals = Record<string, unknown>;

/** A realm with the globals of ES2022, and others on top. */
class Realm {
  private readonly context = createContext({});
  readonly globals: typeof globalThis = this.run('globalThis');

  constructor(others: PropertyDescriptorMap = {}) {
    for (const name of this.names()) if (!ES2022.split(/\s+/).includes(name)) this.delete(name);
    Object.defineProperties(this.globals, others);
  }

  run<T>(code: string): T {
    return runInContext(code, this.context);
  }

  names(): string[] {
    return this.run('Object.getOwnPropertyNames(globalThis)');
  }

  delete(name: string): void {
    this.run(`delete globalThis.${name}`);
  }

  /** Imports entries of dist. */
  async import<T = Package>(...paths: string[]): Promise<T> {
    return this.run(`${await scriptOf(paths)}; entry`);
  }
}

const withValues = (globals: Globals) => new Realm(Object.getOwnPropertyDescriptors(globals));

function without(name: string): Realm {
  const realm = withValues(WEB);
  realm.delete(name);
  return realm;
}

const scripts = new Map<string, Promise<string>>();

/** Entries as one script, which declares `entry`. */
function scriptOf(paths: string[]): Promise<string> {
  const contents = paths.map((path) => `export * from '${dist(path).pathname}';`).join('');
  const script = scripts.get(contents) ?? bundle(contents);
  scripts.set(contents, script);
  return script;
}

async function bundle(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: '.' },
    bundle: true,
    format: 'iife',
    globalName: 'entry',
    target: 'es2022',
    alias: { 'dropout-wasm/monte-carlo': dist('monte-carlo/index').pathname, 'dropout-wasm': dist('index').pathname },
    define: { 'import.meta.url': JSON.stringify(dist('threads/index').href) },
    write: false,
  });
  return outputFiles[0]!.text;
}

const ramp = Array.from({ length: 5000 }, (_, i) => i - 2500);

/** A digest of every kind of result, on arrays of the package's own realm. */
function results(pkg: Package, globals: typeof globalThis): Record<string, string> {
  const { Dropout, Generator } = pkg;
  const x = globals.Float32Array.from(ramp);
  const key = new Generator(42).fork('층-3 \ud800').next();
  const kept = pkg.mask(5000, { p: 0.3, key });
  const digests: Record<string, string> = {
    key: `${key}`,
    child: `${new Generator(42).spawn()}`,
    dropout: tensorDigest({ data: pkg.dropout(x, { p: 0.3, key, offset: 77 }) }),
    mask: kept.join(''),
    bits: pkg.mask(5000, { p: 0.3, key, format: 'bits', out: new globals.Uint8Array(625) }).join(),
    noise: tensorDigest({ data: pkg.gaussianNoise(x, { stddev: 1, key }) }),
    applied: tensorDigest({ data: pkg.applyMask(x, kept, { p: 0.3 }) }),
    arena: tensorDigest({ data: pkg.dropout(new pkg.Arena({ bytes: 40_000 }).float32(5000).fill(1), { p: 0.3, key }) }),
    json: JSON.stringify(Dropout.fromJSON(JSON.parse(JSON.stringify(new Dropout(0.3, { seed: 7 }))))),
  };
  for (const [name, shape, create] of layersOf(pkg)) {
    pkg.manualSeed(5);
    const layer = create(pkg, 0.3, {});
    const size = shape.reduce((a, b) => a * b);
    const y = layer.forward({ data: globals.Float32Array.from({ length: size }, (_, i) => i / 7), shape });
    digests[name] = [tensorDigest(y), tensorDigest(layer.backward(y)), JSON.stringify(layer), `${layer}`].join();
  }
  return digests;
}

const expected = results(host, globalThis);

/** Imports dropout-wasm, and expects the bits that this process gives. */
async function expectSameResults(realm: Realm, path = 'index'): Promise<Package> {
  const pkg = await realm.import(path);
  expect(results(pkg, realm.globals)).toEqual(expected);
  return pkg;
}

describe('with the globals of ES2022 alone', () => {
  it.each([
    'index',
    'index.reference',
    'inference/index',
    'monte-carlo/index',
    'onnx/index',
    'onnx/prepare',
    'threads/index',
    'webgpu/index',
  ])('importing dist/%s.js changes no global', async (path) => {
    const realm = new Realm();
    const before = realm.names();
    expect(before).not.toContain('console');
    const entry = await realm.import<object>(path);
    expect(Object.keys(entry).sort()).toEqual(Object.keys(await import(dist(path).href)).sort());
    expect(realm.names().filter((name) => name !== 'entry')).toEqual(before);
  });

  it.each(['index', 'index.reference'])(
    'dist/%s.js gives the same bits, and tells why on which backend',
    async (path) => {
      const { Arena, backend, useMemory, useModule } = await expectSameResults(new Realm(), path);
      const isReference = path === 'index.reference';
      expect(backend()).toMatchObject({
        name: 'reference',
        reason: isReference ? 'this entry of dropout-wasm holds no WebAssembly' : 'no WebAssembly here',
      });
      expect(new Arena({ bytes: 64 }).reason).toBe('no WebAssembly here');
      expect(() => useMemory({} as never)).toThrow('memory has to be a WebAssembly.Memory, but got Object');
      expect(() => useModule({} as never)).toThrow(
        isReference ? 'takes no WebAssembly' : 'module has to be a WebAssembly',
      );
    },
  );

  it('dropout-wasm/inference restores layers', async () => {
    const { Dropout, layersFromJSON } = await new Realm().import<typeof Inference>('inference/index');
    expect(`${layersFromJSON(host.layersToJSON([new host.Dropout(0.3, { seed: 1 })]))}`).toBe(
      'Dropout(p=0.3, evaluation)',
    );
    expect(() => new Dropout(0.3).train()).toThrow();
  });

  it('dropout-wasm/onnx gives the same bits', async () => {
    const realm = new Realm();
    const { onnxDropout } = await realm.import<typeof Onnx>('onnx/index');
    const onnx: typeof Onnx = await import(dist('onnx/index').href);
    const x = realm.globals.Float32Array.from(ramp);
    const { output } = onnx.onnxDropout(Float32Array.from(ramp), 0.3, true, { seed: 3 });
    expect([...onnxDropout(x, 0.3, true, { seed: 3 }).output]).toEqual([...output]);
    expect(() => onnxDropout(x, 0.3, true)).toThrow(UNSEEDED);
  });

  it('SharedArena.create says what is missing, and what to use instead', async () => {
    const { SharedArena } = await new Realm().import<typeof Threads>('threads/index');
    await expect(SharedArena.create({ bytes: 64 })).rejects.toThrow(
      'SharedArena needs WebAssembly with SIMD and threads, which this runtime refuses (no WebAssembly here): use an Arena',
    );
    await expect(SharedArena.create({ bytes: 64, threads: 2 })).rejects.toThrow(
      'SharedArena needs setTimeout and clearTimeout to start workers, and this runtime lacks them: use threads: 1',
    );
  });

  it('SharedArena.create refuses threads where the kernel gives wrong bits, and works on one', async () => {
    class Instance {
      readonly exports: Record<string, () => void>;
      constructor(module: WebAssembly.Module) {
        const names = WebAssembly.Module.exports(module).map(({ name }) => name);
        this.exports = Object.fromEntries(names.map((name) => [name, () => {}]));
      }
    }
    const { Module, Memory } = WebAssembly;
    const realm = withValues({ WebAssembly: { Module, Memory, Instance }, setTimeout, clearTimeout, Worker: class {} });
    const { SharedArena } = await realm.import<typeof Threads>('threads/index');
    await expect(SharedArena.create({ bytes: 64, threads: 2 })).rejects.toThrow(
      'SharedArena needs the WebAssembly kernel for threads, and it fails (Error: the module gives wrong bits here): use threads: 1',
    );
    expect((await SharedArena.create({ bytes: 64 })).threads).toBe(1);
  });

  it('SharedArena.create works on one thread where there is WebAssembly', async () => {
    const { SharedArena } = await withValues({ WebAssembly }).import<typeof Threads>('threads/index');
    const arena = await SharedArena.create({ bytes: 64 });
    expect([arena.threads, arena.float32(4).length]).toEqual([1, 4]);
  });
});

const UNSEEDED = /^no random seed \(.+\): give a seed or call manualSeed$/;

const refusing = () => {
  throw new Error('insecure context');
};

describe.each<[string, PropertyDescriptorMap]>([
  ['is missing', {}],
  ['is undefined', { crypto: { value: undefined } }],
  ['is null', { crypto: { value: null } }],
  ['has no getRandomValues', { crypto: { value: {} } }],
  ['refuses', { crypto: { value: { getRandomValues: refusing } } }],
  ['is a mock that returns nothing', { crypto: { value: { getRandomValues() {} } } }],
  ['is a getter that throws', { crypto: { get: refusing } }],
])('where crypto %s', (_, crypto) => {
  const load = () => new Realm(crypto).import('index');

  it('every first use of an unseeded stream says to give a seed, and changes nothing', async () => {
    const { Arena, Dropout, Generator, manualSeed } = await load();
    const layer = new Dropout(0.5);
    const generator = new Generator();
    const arena = new Arena({ bytes: 1024 });
    const x = arena.float32(64).fill(1);
    const state = () => [`${layer}`, `${generator}`, generator.position, arena.bytesFree, [...x]];
    const before = state();
    for (const use of [
      () => layer.forward(x),
      () => layer.forward(x, { out: x }),
      () => layer.generator.seed,
      () => JSON.stringify(layer),
      () => generator.next(),
      () => generator.keyAt(0),
      () => generator.fork('a'),
      () => generator.spawn(),
      () => generator.toJSON(),
      () => new Dropout(0.5, { generator }),
    ])
      expect(use).toThrow(UNSEEDED);
    expect(state()).toEqual(before);
    manualSeed(1);
    host.manualSeed(1);
    const ours = new host.Dropout(0.5);
    expect([...layer.forward(x)]).toEqual([...ours.forward(new Float32Array(64).fill(1))]);
    expect(JSON.stringify(layer)).toBe(JSON.stringify(ours));
  });

  it('seeded streams, evaluation and p = 0 work', async () => {
    const { Dropout, Generator } = await load();
    expect(new Generator(42).next()).toBe(0xbdd732262feb6e95n);
    const x = Float32Array.of(1, 2);
    expect(new Dropout(0.5).eval().forward(x)).toBe(x);
    expect([...new Dropout(0).forward(x)]).toEqual([1, 2]);
  });
});

it('a random seed is 64 bits of crypto, drawn once by a stream', async () => {
  const drawn: string[] = [];
  const getRandomValues = (words: Int32Array) => {
    drawn.push(Object.prototype.toString.call(words));
    words.set([-2, 5]);
    return words;
  };
  const { Generator } = await withValues({ crypto: { getRandomValues } }).import('index');
  const generator = new Generator();
  expect([generator.seed, generator.next() === new Generator(generator.seed).next()]).toEqual([
    0xfffffffe00000005n,
    true,
  ]);
  // Polyfills for React Native take 8 to 32 bit integers alone.
  expect(drawn).toEqual(['[object Int32Array]']);
});

it.each([
  ['undefined', undefined, /^no WebAssembly here$/],
  ['null', null, /^no WebAssembly here$/],
  ['an empty object', {}, /^TypeError: WebAssembly\.Module is not a constructor$/],
  ['without Memory', { Module: WebAssembly.Module }, /^TypeError: WebAssembly\.Memory is not a constructor$/],
])('where WebAssembly is %s, the reference gives the same bits and backend() tells why', async (_, value, reason) => {
  const { backend } = await expectSameResults(withValues({ WebAssembly: value }));
  expect(backend()).toMatchObject({ name: 'reference', reason: expect.stringMatching(reason) });
});

it('where reading WebAssembly throws, the reference gives the same bits and backend() tells why', async () => {
  const { backend } = await expectSameResults(new Realm({ WebAssembly: { get: refusing } }));
  expect(backend()).toMatchObject({ name: 'reference', reason: 'Error: insecure context' });
});

// In a process of its own, since the global object of a vm context cannot be frozen.
it.each(['preventExtensions', 'seal', 'freeze'])('after Object.%s(globalThis), arenas and slices work', (lock) => {
  const program = `
    import { Arena, backend, dropout } from '${dist('index').href}';
    Object.${lock}(globalThis);
    const arena = new Arena({ bytes: 1024 });
    const options = { p: 0.5, key: 1n };
    const y = dropout(arena.float32(24).fill(1), options);
    const x = { data: new Float32Array(6).fill(1), shape: [2, 3] };
    const { data } = dropout(x, { ...options, slice: { of: [4, 6], at: [2, 3] } });
    const expected = [15, 16, 17, 21, 22, 23].map((i) => y[i]);
    console.log(y.buffer === arena.memory.buffer, data.join() === expected.join(), backend().name);`;
  const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' });
  expect(printed.trim()).toBe('true true wasm-simd');
});

/** A large call on two threads. @throws Error unless it gives the bits of one thread */
async function runTwoThreads(realm: Realm, spawn?: () => Worker, timeout = 60_000): Promise<void> {
  const { SharedArena, Dropout } = await realm.import<typeof Threads & Package>('threads/index', 'index');
  const options = { bytes: 2 ** 23, threads: 2, timeout, ...(spawn && { spawn }) };
  const arena = await SharedArena.create(options);
  const y = new Dropout(0.5, { seed: 3 }).forward(arena.float32(2 ** 20).fill(1));
  const { threads } = arena;
  arena.close();
  const plain = new host.Dropout(0.5, { seed: 3 }).forward(new Float32Array(2 ** 20).fill(1));
  expect([threads, y.buffer === arena.memory.buffer, y.every((v, i) => v === plain[i])]).toEqual([2, true, true]);
}

describe('with one global missing', () => {
  const MISSING: [string, { unseeded?: RegExp; backend?: string; threads?: RegExp }][] = [
    ...['Blob', 'TextDecoder', 'TextEncoder', 'console', 'navigator', 'performance', 'queueMicrotask'].map(
      (name): [string, object] => [name, {}],
    ),
    ...['structuredClone', 'FinalizationRegistry', 'WeakRef', 'Float16Array'].map((name): [string, object] => [
      name,
      {},
    ]),
    ['crypto', { unseeded: UNSEEDED }],
    ['WebAssembly', { backend: 'reference', threads: /no WebAssembly here\): use an Arena$/ }],
    ['URL', { threads: /did not start: url: URL is not defined; data: URL: URL is not defined$/ }],
    ['process', { threads: /needs workers, and this runtime has none: use threads: 1, or give workers by spawn$/ }],
    ['setTimeout', { threads: /needs setTimeout and clearTimeout to start workers, .*: use threads: 1$/ }],
    ['clearTimeout', { threads: /needs setTimeout and clearTimeout to start workers, .*: use threads: 1$/ }],
    ['SharedArrayBuffer', { threads: /this runtime has no SharedArrayBuffer: use an Arena$/ }],
    ['Atomics', { threads: /this runtime has no Atomics: use an Arena$/ }],
  ];

  it.each(MISSING)('%s: everything that does not need it works', async (name, { unseeded, backend, threads }) => {
    const realm = without(name);
    expect(realm.names()).not.toContain(name);
    const pkg = await expectSameResults(realm);
    expect(pkg.backend().name).toBe(backend ?? 'wasm-simd');
    const draw = () => new pkg.Generator().next();
    if (unseeded) expect(draw).toThrow(unseeded);
    else expect(draw()).toBeTypeOf('bigint');
    const running = runTwoThreads(without(name));
    await (threads ? expect(running).rejects.toThrow(threads) : running);
  });
});

describe('where neither thread has `performance`', () => {
  it('two threads give the same bits', async () => {
    const source = readFileSync(dist('threads/worker'), 'utf8');
    const worker = new Worker(`delete globalThis.performance;\n${source}`, { eval: true, execArgv: [] });
    const errors: unknown[] = [];
    worker.on('error', (error) => errors.push(error));
    const exit = once(worker, 'exit');
    await runTwoThreads(without('performance'), () => worker);
    await exit;
    expect(errors).toEqual([]);
  });

  it('a call still notices a worker that hangs', async () => {
    const hanging = `require('node:worker_threads').parentPort.on('message', function ({ protocol, control, worker }) {
      Atomics.store(new Int32Array(control), ${stateOf(0)} + worker, ${State.AtWork});
      this.postMessage({ protocol });
    })`;
    await expect(
      runTwoThreads(without('performance'), () => new Worker(hanging, { eval: true, execArgv: [] }), 200),
    ).rejects.toThrow('a worker of the SharedArena did not finish its piece within 200 ms');
  });
});
