/** The published binaries (imports, exports, sections, size), and the start of the default entry. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { instantiateSync } from '@assemblyscript/loader';
import { describe, expect, it, vi } from 'vitest';
import { kernelDigest } from '../../src/backend/wasm/digest.js';
import { extrasText, fusedText, gaussianText, kernelText } from '../../src/backend/wasm/inlined.js';
import { decode } from '../../src/backend/wasm/modules.js';
import * as shared from '../../src/threads/inlined.js';

/** The ids of a module's sections in order (WebAssembly core specification, 5.5.2). */
function sections(module: Uint8Array): number[] {
  const ids = [];
  for (let at = 8; at < module.length; ) {
    ids.push(module[at++]!);
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = module[at++]!;
      size |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    at += size;
  }
  return ids;
}

const MODULES = [
  ['kernel', ['dropout'], kernelText],
  ['extras', ['affine', 'applyMask'], extrasText],
  ['fused', ['fused'], fusedText],
  ['gaussian', ['noise'], gaussianText],
  ['kernel.shared', ['dropout'], shared.kernelText],
  ['extras.shared', ['affine', 'applyMask'], shared.extrasText],
  ['fused.shared', ['fused'], shared.fusedText],
  ['gaussian.shared', ['noise'], shared.gaussianText],
] as const;

describe.each(MODULES)('dist/%s.wasm', (name, exports, text) => {
  const binary = readFileSync(new URL(`../../dist/${name}.wasm`, import.meta.url));
  const module = new WebAssembly.Module(binary);

  it('imports only a memory', () => {
    expect(WebAssembly.Module.imports(module)).toEqual([{ module: 'env', name: 'memory', kind: 'memory' }]);
  });

  it('exports only its functions', () => {
    expect(WebAssembly.Module.exports(module)).toEqual(exports.map((name) => ({ name, kind: 'function' })));
  });

  it('has sections for types, imports, functions, exports and code, and no others', () => {
    expect(sections(binary)).toEqual([1, 2, 3, 7, 10]);
  });

  it('is smaller than 4096 bytes, which every browser compiles synchronously', () => {
    expect(binary.length).toBeLessThan(4096);
  });

  it('is the inlined module', () => {
    expect(decode(text)).toEqual(new Uint8Array(binary));
  });
});

describe('dist/kernel.wasm', () => {
  it('has the digest that backend() returns', () => {
    const binary = readFileSync(new URL('../../dist/kernel.wasm', import.meta.url));
    expect(createHash('sha256').update(binary).digest('hex')).toBe(kernelDigest);
  });

  it('runs on a memory of one page', () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const binary = readFileSync(new URL('../../dist/kernel.wasm', import.meta.url));
    const { exports } = instantiateSync<{ dropout(...args: number[]): void }>(binary, { env: { memory } });
    new Float32Array(memory.buffer).fill(1);
    exports.dropout(0, 0, 0, 16384, 1, 2, 0, 0, 2 ** 31, 2, -0, 0, 1, 16384, 1);
    expect(new Set(new Float32Array(memory.buffer))).toEqual(new Set([0, 2]));
  });
});

describe('the default entry', () => {
  it('compiles nothing and draws no entropy when it is imported', async () => {
    vi.resetModules();
    const spies = [
      vi.spyOn(WebAssembly, 'Module'),
      vi.spyOn(WebAssembly, 'Memory'),
      vi.spyOn(WebAssembly, 'Instance'),
      vi.spyOn(crypto, 'getRandomValues'),
    ];
    const { Dropout } = await import('../../src/index.js');
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
    vi.restoreAllMocks();
    expect(new Dropout().forward(new Float32Array(4))).toHaveLength(4);
  });

  const throwing = (name: string, message: string) =>
    class {
      constructor() {
        throw Object.assign(new Error(message), { name });
      }
    };

  it.each([
    ['is missing, as in iOS Lockdown Mode', undefined, /^no WebAssembly here$/],
    ['has no Module', { Module: undefined }, /not a constructor/],
    ['is forbidden, as by a CSP', { Module: throwing('CompileError', 'unsafe-eval') }, /^CompileError: unsafe-eval$/],
    ['has no SIMD', { Module: throwing('CompileError', 'invalid opcode 0xfd') }, /opcode 0xfd/],
    [
      'is out of address space',
      { Memory: throwing('RangeError', 'could not allocate memory') },
      /^RangeError: could not/,
    ],
  ])('falls back to the reference where WebAssembly %s, and gives the reason', async (_, parts, reason) => {
    vi.resetModules();
    // The members of WebAssembly are not enumerable.
    const { Module, Memory, Instance } = WebAssembly;
    vi.stubGlobal('WebAssembly', parts && { Module, Memory, Instance, ...parts });
    const { Arena, backend, dropout, gaussianNoise } = await import('../../src/index.js');
    const key = 0xbdd732262feb6e95n;
    expect([...dropout(Float32Array.of(1, 2, 3, 4), { p: 0.5, key })]).toEqual([2, 0, 0, 8]);
    const x = new Arena({ bytes: 64 }).float32(4).fill(1);
    expect([...dropout(x, { p: 0.5, key, out: x })]).toEqual([2, 0, 0, 2]);
    expect(gaussianNoise(x, { stddev: 1, key }).length).toBe(4);
    expect(backend().name).toBe('reference');
    expect(backend().reason).toMatch(reason);
    vi.unstubAllGlobals();
  });
});
