/** Which backend is used where WebAssembly is missing, or fails late. tests/built has the cases of the built entries. */
import * as dropoutWasm from 'dropout-wasm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { kernelDigest } from '../../src/backend/wasm/digest.js';
import { ones } from '../support/arrays.js';

const key = new dropoutWasm.Generator(42).next();
const noiseOf = ({ gaussianNoise }: typeof dropoutWasm, x: Float32Array) => gaussianNoise(x, { stddev: 1, key });

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
