/** The built entries of the package, and useModule. */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { ENTRIES } from '../../scripts/entries.js';
import type * as Inference from '../../src/inference/index.js';
import { layerNames, type Package } from '../support/layers.js';

const dist = (path: string) => new URL(`../../dist/${path}`, import.meta.url);
const key = 0xbdd732262feb6e95n;

describe('dropout-wasm/reference', () => {
  it('contains no WebAssembly and gives the same bits', async () => {
    const source = readFileSync(dist('index.reference.js'), 'utf8');
    expect(source).not.toMatch(/0061736d|\.wasm"/);
    const { applyMask, backend, dropout, gaussianNoise, useModule }: Package = await import(
      dist('index.reference.js').href
    );
    const wasm: Package = await import(dist('index.js').href);
    const x = Float32Array.from({ length: 5000 }, (_, i) => Math.sin(i));
    expect(backend()).toEqual({
      name: 'reference',
      kernelDigest: wasm.backend().kernelDigest,
      reason: 'this entry of dropout-wasm holds no WebAssembly',
    });
    expect(dropout(x, { p: 0.3, key })).toEqual(wasm.dropout(x, { p: 0.3, key }));
    expect(gaussianNoise(x, { stddev: 1, key })).toEqual(wasm.gaussianNoise(x, { stddev: 1, key }));
    const mask = wasm.mask(5000, { p: 0.5, key });
    expect(applyMask(x, mask, { p: 0.5 })).toEqual(wasm.applyMask(x, mask, { p: 0.5 }));
    expect(() => useModule(new WebAssembly.Module(readFileSync(dist('kernel.wasm'))))).toThrow('takes no WebAssembly');
  });

  it('has the same exports as the default entry, and so does the entry for workerd', async () => {
    const names = Object.keys(await import(dist('index.js').href));
    expect(Object.keys(await import(dist('index.reference.js').href))).toEqual(names);
    const workerd = readFileSync(dist('index.workerd.js'), 'utf8');
    expect(workerd).not.toMatch(/0061736d/);
    expect(workerd.match(/from "\.\/\w+\.wasm"/g)).toHaveLength(4);
    expect(workerd.match(/export \{([^}]*)\}/)![1]!.match(/\w+/g)).toEqual(names);
  });
});

describe('dropout-wasm/inference', () => {
  it('contains no WebAssembly and no code of the other entries', async () => {
    const source = readFileSync(dist('inference/index.js'), 'utf8');
    expect(source).not.toMatch(/WebAssembly\.|0061736d|\.wasm"|^import /m);
  });

  it('has every layer, and restores what the built dropout-wasm stored', async () => {
    const inference: typeof Inference = await import(dist('inference/index.js').href);
    const full: Package = await import(dist('index.js').href);
    const names = layerNames(full);
    expect(names.length).toBeGreaterThanOrEqual(11);
    for (const name of names)
      expect(Object.keys(inference), `src/inference/index.ts does not export ${name}`).toContain(name);
    const stored = full.layersToJSON([new full.Dropout(0.3), new full.GaussianNoise(0.1)]);
    expect(inference.layersFromJSON(stored).map(String)).toEqual([
      'Dropout(p=0.3, evaluation)',
      'GaussianNoise(stddev=0.1, evaluation)',
    ]);
  });
});

describe('dropout-wasm/onnx/prepare', () => {
  const source = readFileSync(dist('onnx/prepare.js'), 'utf8');

  it('imports nothing and reads no environment variable', () => {
    expect(source).not.toMatch(/^import |\bimport\(|\brequire\(|\bprocess\b/m);
  });

  it('names the library that is bundled into it, whose notices are in docs/third-party.txt', () => {
    expect(source).toMatch(/\/\*! Contains @bufbuild\/protobuf, [^*]*docs\/third-party\.txt/);
    const notices = readFileSync(new URL('../../docs/third-party.txt', import.meta.url), 'utf8');
    expect(notices).toContain(`@bufbuild/protobuf ${manifest.devDependencies['@bufbuild/protobuf']},`);
    const files = [...source.matchAll(/^\/\/ (node_modules\/.*\.js)$/gm)].map(([, file]) => file!);
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      expect(file).toContain('node_modules/@bufbuild/protobuf/');
      const [comment] = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8').match(/^(\/\/.*\n)+/)!;
      expect(notices).toContain(comment.replace(/^\/\/ ?/gm, ''));
    }
  });
});

// esbuild renames a class that refers to itself to _Name, which errors and console.log would show.
it.each(ENTRIES.filter((entry) => !entry.endsWith('worker')))(
  'dist/%s.js exports classes under their names',
  async (entry) => {
    const exports: Record<string, unknown> = await import(dist(`${entry}.js`).href);
    const classes = Object.entries(exports).filter(([name]) => /^[A-Z]/.test(name));
    expect(classes.map(([, value]) => (value as { name: string }).name)).toEqual(classes.map(([name]) => name));
  },
);

describe('useModule', () => {
  const compiled = (name: string) => new WebAssembly.Module(readFileSync(dist(`${name}.wasm`)));
  const freshPackage = async () => {
    vi.resetModules();
    return import('../../src/index.js');
  };
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('sets modules where the runtime cannot compile bytes', async () => {
    const modules = ['kernel', 'extras', 'fused', 'gaussian'].map(compiled);
    const { Module } = WebAssembly;
    const { applyMask, backend, biasDropoutResidual, dropout, gaussianNoise, useModule } = await freshPackage();
    // As under a strict CSP: the constructor throws, static methods work.
    const RefusingModule = Object.assign(
      class {
        constructor() {
          throw new WebAssembly.CompileError('no code generation');
        }
      },
      { exports: Module.exports },
    );
    vi.stubGlobal('WebAssembly', Object.assign(Object.create(WebAssembly), { Module: RefusingModule }));
    expect(backend()).toMatchObject({ name: 'reference', reason: 'CompileError: no code generation' });
    // The reference has been in use up to here.
    const noise = gaussianNoise(new Float32Array(4), { stddev: 1, key });
    for (const module of modules) useModule(module);
    expect(backend().name).toBe('wasm-simd');
    expect([...dropout(Float32Array.of(1, 2, 3, 4), { p: 0.5, key })]).toEqual([2, 0, 0, 8]);
    expect(gaussianNoise(new Float32Array(4), { stddev: 1, key })).toEqual(noise);
    applyMask(new Float32Array(4), new Uint8Array(4), { p: 0.5 });
    biasDropoutResidual(new Float32Array(4), { bias: new Float32Array(4), p: 0.5, key });
    expect(backend().reason).toBeUndefined();
    for (const [i, name] of ['kernel', 'extras', 'fused', 'gaussian'].entries())
      expect(() => useModule(modules[i]!)).toThrow(`${name}.wasm is in use already`);
  });

  it('throws for any other module, and after the first call', async () => {
    const { dropout, useModule } = await freshPackage();
    expect(() => useModule(readFileSync(dist('kernel.wasm')) as never)).toThrow(
      'module has to be a WebAssembly.Module, but got Buffer',
    );
    const empty = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    expect(() => useModule(empty)).toThrow(
      'module has to be kernel.wasm, extras.wasm, fused.wasm or gaussian.wasm of this version, but got []',
    );
    dropout(new Float32Array(4), { p: 0.5, key });
    expect(() => useModule(compiled('kernel'))).toThrow('kernel.wasm is in use already');
    useModule(compiled('extras'));
  });
});
