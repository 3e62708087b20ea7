/** Which backend is used where WebAssembly is missing, or fails late. tests/built has the cases of the built entries. */
import * as dropoutWasm from 'dropout-wasm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { kernelDigest } from '../../src/backend/wasm/digest.js';
import * as inlined from '../../src/backend/wasm/inlined.js';
import {
  decode,
  extrasModule,
  fusedModule,
  gaussianModule,
  kernelModule,
  toShared,
} from '../../src/backend/wasm/modules.js';
import * as shared from '../../src/threads/inlined.js';
import { ones } from '../support/arrays.js';

const key = new dropoutWasm.Generator(42).next();
const noiseOf = ({ gaussianNoise }: typeof dropoutWasm, x: Float32Array) => gaussianNoise(x, { stddev: 1, key });

it.each([
  ['kernel', inlined.kernelText, shared.kernelText],
  ['extras', inlined.extrasText, shared.extrasText],
  ['fused', inlined.fusedText, shared.fusedText],
  ['gaussian', inlined.gaussianText, shared.gaussianText],
])('the module for shared memory, made from that of %s, is the one of the shared build', (_, text, expected) => {
  expect(toShared(text)).toBe(expected);
});

describe('the reference', () => {
  beforeEach(() => {
    vi.resetModules();
  });
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('is used for everything if there is no WebAssembly, on arenas of plain memory', async () => {
    vi.stubGlobal('WebAssembly', undefined);
    const pkg = await import('../../src/index.js');
    const arena = new pkg.Arena({ bytes: 1024 });
    const x = arena.float32(64).fill(1);
    const y = pkg.dropout(x, { p: 0.5, key });
    expect(y.buffer).toBe(arena.memory.buffer);
    expect(pkg.backend().name).toBe('reference');
    const bits = arena.uint8(8);
    pkg.mask(64, { p: 0.5, key, format: 'bits', out: bits });
    const noise = noiseOf(pkg, x);
    // Plain memory ends where the arena does, and an aligned empty array would lie beyond.
    const full = new pkg.Arena({ bytes: 12 });
    expect([full.float32(3).length, full.float64(0).length, full.bytesFree]).toEqual([3, 0, 0]);
    expect(full.reason).toBe('no WebAssembly here');
    vi.unstubAllGlobals();
    const { data } = ones([64]);
    expect([...y]).toEqual([...dropoutWasm.dropout(data, { p: 0.5, key })]);
    expect(bits).toEqual(dropoutWasm.mask(64, { p: 0.5, key, format: 'bits' }));
    expect([...noise]).toEqual([...noiseOf(dropoutWasm, data)]);
  });

  it('is used for a module that the engine refuses later, and backend() gives the reason', async () => {
    const pkg = await import('../../src/index.js');
    pkg.dropout(new Float32Array(4), { p: 0.5, key });
    expect(pkg.backend()).toEqual({ name: 'wasm-simd', kernelDigest });
    vi.stubGlobal('WebAssembly', { ...WebAssembly, Module: undefined });
    const noise = noiseOf(pkg, new Float32Array(64));
    vi.unstubAllGlobals();
    expect([...noise]).toEqual([...noiseOf(dropoutWasm, new Float32Array(64))]);
    expect(pkg.backend()).toEqual({
      name: 'wasm-simd',
      kernelDigest,
      reason: expect.stringMatching(/not a constructor/),
    });
  });
});

describe('where modules fail one after the other', () => {
  const { Module } = WebAssembly;
  afterEach(() => {
    WebAssembly.Module = Module;
  });

  /** A fresh copy of the package, whose n-th module is refused if `refused` holds, with n in the reason. */
  async function loadRefusing(refused: (n: number) => boolean) {
    vi.resetModules();
    let n = 0;
    WebAssembly.Module = class extends Module {
      constructor(bytes: BufferSource) {
        if (refused(++n)) throw new Error(`module ${n} is refused by the test`);
        super(bytes);
      }
    };
    return { pkg: await import('../../src/index.js'), modules: () => n };
  }

  it('each part has the bits of the reference where its own module fails, and the next call is right too', async () => {
    const x = Float32Array.from({ length: 100 }, (_, i) => i - 50);
    const image = { data: x, shape: [1, 1, 10, 10] };
    const resultsOf = (pkg: typeof dropoutWasm) => [
      pkg.dropout(x, { p: 0.5, key }),
      pkg.alphaDropout(x, { p: 0.5, key }),
      pkg.dropBlock2d(image, { p: 0.5, key, blockSize: 2 }).data,
      pkg.biasDropoutResidual(x, { bias: x.slice(0, 10), residual: x, p: 0.5, key }),
      pkg.gaussianDropout(x, { p: 0.5, key }),
    ];
    const expected = resultsOf(dropoutWasm);
    for (const refused of [1, 2, 3, 4]) {
      const { pkg, modules } = await loadRefusing((n) => n === refused);
      for (let round = 0; round < 2; round++) expect(resultsOf(pkg)).toEqual(expected);
      expect(modules()).toBe(refused === 1 ? 1 : 4);
      expect(pkg.backend()).toMatchObject({
        name: refused === 1 ? 'reference' : 'wasm-simd',
        reason: `Error: module ${refused} is refused by the test`,
      });
    }
  });

  it('backend() gives the first reason', async () => {
    const { pkg } = await loadRefusing((n) => n > 1);
    pkg.applyMask(new Float32Array(4), new Uint8Array(4), { p: 0.5 });
    noiseOf(pkg, new Float32Array(4));
    const { name, reason } = pkg.backend();
    expect([name, reason]).toEqual(['wasm-simd', 'Error: module 2 is refused by the test']);
  });

  it('extras and gaussian stay with the reference where the kernel does: they are not even compiled', async () => {
    const { pkg, modules } = await loadRefusing((n) => n === 1);
    pkg.applyMask(new Float32Array(4), new Uint8Array(4), { p: 0.5 });
    noiseOf(pkg, new Float32Array(4));
    expect([modules(), pkg.backend().name]).toEqual([1, 'reference']);
  });
});

describe('useModule', () => {
  const { Instance, Module } = WebAssembly;
  const NAMES = ['kernel', 'extras', 'fused', 'gaussian'] as const;
  const MODULES = { kernel: kernelModule(), extras: extrasModule(), fused: fusedModule(), gaussian: gaussianModule() };
  const permutations = <T>(list: readonly T[]): T[][] =>
    list.length
      ? list.flatMap((first) => permutations(list.filter((x) => x !== first)).map((rest) => [first, ...rest]))
      : [[]];
  const ORDERS = permutations(NAMES);

  beforeEach(() => {
    vi.resetModules();
  });
  afterEach(() => {
    WebAssembly.Instance = Instance;
    WebAssembly.Module = Module;
  });

  /** Has the engine refuse to compile bytes, as in workerd. */
  function refuseBytes(): void {
    WebAssembly.Module = class {
      static exports = Module.exports;
      constructor() {
        throw new WebAssembly.CompileError('forbidden by the test');
      }
    } as never;
  }

  const x = () => Float32Array.from({ length: 100 }, (_, i) => Math.sin(i));
  const resultsOf = ({ applyMask, biasDropoutResidual, dropout, gaussianNoise }: typeof dropoutWasm) => [
    dropout(x(), { p: 0.5, key }),
    applyMask(x(), new Uint8Array(100).fill(1), { p: 0.5 }),
    biasDropoutResidual(x(), { bias: x(), p: 0.5, key }),
    gaussianNoise(x(), { stddev: 1, key }),
  ];
  const expected = resultsOf(dropoutWasm);
  /** The names of the exports that calls reach, of any instance. */
  const reached = new Set<string>();
  function watchInstances(): void {
    reached.clear();
    WebAssembly.Instance = class {
      declare exports: object;
      constructor(module: WebAssembly.Module, imports: WebAssembly.Imports) {
        const { exports } = new Instance(module, imports);
        this.exports = Object.fromEntries(
          Object.entries(exports as Record<string, (...args: unknown[]) => void>).map(([name, call]) => [
            name,
            (...args: unknown[]) => {
              reached.add(name);
              call(...args);
            },
          ]),
        );
      }
    } as never;
  }

  it.each(ORDERS)('takes the modules in any order: %s, %s, %s, %s', async (...order) => {
    for (const fallback of [false, true]) {
      vi.resetModules();
      const pkg = await import('../../src/index.js');
      refuseBytes();
      watchInstances();
      if (fallback) {
        expect(resultsOf(pkg)).toEqual(expected);
        expect(pkg.backend()).toMatchObject({ name: 'reference', reason: expect.stringMatching(/forbidden/) });
      }
      for (const name of order) {
        pkg.useModule(MODULES[name]);
        expect(() => pkg.useModule(MODULES[name])).toThrow(`${name}.wasm is in use already`);
      }
      reached.clear();
      expect(resultsOf(pkg)).toEqual(expected);
      expect(reached).toEqual(new Set(['dropout', 'applyMask', 'fused', 'noise']));
      expect(pkg.backend()).toEqual({ name: 'wasm-simd', kernelDigest });
    }
  });

  it('with the kernel alone: the others are tried again, and backend() says why they fail', async () => {
    const pkg = await import('../../src/index.js');
    refuseBytes();
    resultsOf(pkg);
    pkg.useModule(MODULES.kernel);
    expect(pkg.backend()).toEqual({ name: 'wasm-simd', kernelDigest });
    expect(resultsOf(pkg)).toEqual(expected);
    expect(pkg.backend()).toMatchObject({ name: 'wasm-simd', reason: expect.stringMatching(/forbidden/) });
    // Where the engine has come to compile bytes, extras and gaussian no longer stay with the reference.
    WebAssembly.Module = Module;
    vi.resetModules();
    const other = await import('../../src/index.js');
    refuseBytes();
    resultsOf(other);
    WebAssembly.Module = Module;
    watchInstances();
    other.useModule(MODULES.kernel);
    expect(resultsOf(other)).toEqual(expected);
    expect([...reached]).toEqual(expect.arrayContaining(['dropout', 'applyMask', 'fused', 'noise']));
    expect(other.backend()).toEqual({ name: 'wasm-simd', kernelDigest });
  });

  it('with a part alone: without kernel.wasm the reference stays', async () => {
    const pkg = await import('../../src/index.js');
    refuseBytes();
    pkg.useModule(MODULES.gaussian);
    expect(resultsOf(pkg)).toEqual(expected);
    expect(pkg.backend()).toMatchObject({ name: 'reference', reason: expect.stringMatching(/forbidden/) });
  });

  /** A module that exports one function of no parameters, which does nothing. */
  function stub(name: string): WebAssembly.Module {
    const text = [...new TextEncoder().encode(name)];
    const exported = [1, text.length, ...text, 0, 0];
    const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
    const sections = [1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 7, exported.length, ...exported, 10, 4, 1, 2, 0, 0x0b];
    return new Module(Uint8Array.from([...header, ...sections]));
  }

  const wrongModules: [string, () => WebAssembly.Module][] = [
    ['an empty module', () => new Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0))],
    ['a stub of noise', () => stub('noise')],
    ['a stub of dropout', () => stub('dropout')],
    ['a stub of fused', () => stub('fused')],
    ['kernel.shared.wasm', () => new Module(decode(shared.kernelText))],
    ['extras.shared.wasm', () => new Module(decode(shared.extrasText))],
    ['fused.shared.wasm', () => new Module(decode(shared.fusedText))],
    ['gaussian.shared.wasm', () => new Module(decode(shared.gaussianText))],
  ];

  it.each(wrongModules)('refuses %s, at any time, and changes nothing', async (_, module) => {
    for (const when of ['first', 'after the kernel', 'after a fallback']) {
      vi.resetModules();
      WebAssembly.Module = Module;
      const wrong = module();
      const pkg = await import('../../src/index.js');
      if (when === 'after a fallback') refuseBytes();
      if (when !== 'first') pkg.dropout(x(), { p: 0.5, key });
      const before = when === 'first' ? undefined : pkg.backend();
      let error: unknown;
      try {
        pkg.useModule(wrong);
      } catch (thrown) {
        error = thrown;
      }
      expect(String(error)).toMatch(
        /^(TypeError: module has to be kernel\.wasm|Error: kernel\.wasm is in use already)/,
      );
      if (when === 'first') expect(error).toBeInstanceOf(TypeError);
      if (before) expect(pkg.backend()).toEqual(before);
      expect(resultsOf(pkg)).toEqual(expected);
    }
  });

  it('refuses half of the kernels with one corrupted constant, and the right one serves afterwards', async () => {
    const bytes = decode(inlined.kernelText);
    let [tried, refused] = [0, 0];
    for (let at = 100; at < bytes.length; at++) {
      // The bytes of v128.const, 0xfd 0x0c. A corrupted branch could loop without end.
      if (bytes[at - 2] !== 0xfd || bytes[at - 1] !== 0x0c) continue;
      const corrupted = bytes.slice();
      corrupted[at]! ^= 1;
      vi.resetModules();
      const pkg = await import('../../src/index.js');
      tried++;
      try {
        pkg.useModule(new Module(corrupted));
      } catch (error) {
        refused++;
        expect(String(error)).toMatch(/^TypeError: module has to be kernel\.wasm/);
        pkg.useModule(MODULES.kernel);
        expect(resultsOf(pkg)).toEqual(expected);
      }
    }
    expect(tried).toBeGreaterThan(2);
    expect(refused).toBeGreaterThanOrEqual(tried / 2);
  });

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['bytes', new Uint8Array(8)],
    ['a look-alike', { [Symbol.toStringTag]: 'WebAssembly.Module' }],
    ['a Proxy of a module', new Proxy(MODULES.kernel, {})],
    ['an instance', new Instance(new Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)))],
    ['a promise', Promise.resolve(MODULES.kernel)],
  ])('refuses %s', async (_, value) => {
    const { useModule } = await import('../../src/index.js');
    expect(() => useModule(value as never)).toThrow(/^module has to be a WebAssembly\.Module, but got /);
  });
});
