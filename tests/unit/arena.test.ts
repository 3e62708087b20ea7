/** Arenas on memory that another module owns: one kernel instance for each memory, let go when the memory is. */
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { Arena, Dropout, dropout, Generator, gaussianNoise, mask } from 'dropout-wasm';
import { describe, expect, it, vi } from 'vitest';
import { kernelDigest } from '../../src/backend/wasm/digest.js';

const key = new Generator(42).next();
const ramp = (x: Float32Array) => x.map((_, i) => Math.sin(i) + 2);

/** A module that has a memory of 2 pages and exports it. */
const OWNER = Uint8Array.from([
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 3, 1, 0, 2, 7, 10, 1, 6, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 2, 0,
]);
const owner = () => new WebAssembly.Instance(new WebAssembly.Module(OWNER)).exports.memory as WebAssembly.Memory;

describe("an arena on another module's heap", () => {
  it('hands out its part of it, aligned, and no more', () => {
    const memory = owner();
    const arena = new Arena({ memory, byteOffset: 1001, byteLength: 100 });
    expect([arena.memory, arena.bytesFree]).toEqual([memory, 100]);
    const x = arena.float32(3);
    expect([x.buffer, x.byteOffset]).toEqual([memory.buffer, 1004]);
    const y = arena.float64(1);
    expect(y.byteOffset).toBe(1016);
    expect(() => arena.uint8(78)).toThrow('n has to be at most 77 in the rest of the arena, but got 78');
    arena.reset();
    expect(arena.uint8(100).byteOffset).toBe(1001);
    expect(new Arena({ memory }).bytesFree).toBe(131072);
    expect(new Arena({ memory, byteOffset: 131000 }).bytesFree).toBe(72);
  });

  it('is worked on where it is, and nothing else of it is written', () => {
    const memory = owner();
    const all = new Uint8Array(memory.buffer).fill(0xa5);
    const arena = new Arena({ memory, byteOffset: 500, byteLength: 40_000 });
    const x = arena.float32(4000);
    x.set(ramp(x));
    const expected = dropout(x.slice(), { p: 0.5, key });
    const y = dropout(x, { p: 0.5, key });
    expect([y.buffer, y.byteOffset]).toEqual([memory.buffer, 16_500]);
    expect([...y]).toEqual([...expected]);
    all.fill(0xa5, 500, 32_500);
    expect(all.every((v) => v === 0xa5)).toBe(true);
  });

  it('goes on after its owner let it grow, which detaches the arrays before', () => {
    const memory = owner();
    const arena = new Arena({ memory });
    const before = arena.float32(100);
    memory.grow(1);
    expect(() => dropout(before, { p: 0.5, key })).toThrow('x is detached');
    const after = arena.float32(100).fill(1);
    const y = dropout(after, { p: 0.5, key });
    expect(y.buffer).toBe(memory.buffer);
    expect([...y]).toEqual([...dropout(new Float32Array(100).fill(1), { p: 0.5, key })]);
  });

  it('makes one kernel instance for each memory, also for many arenas', () => {
    const memory = owner();
    dropout(new Float32Array(4), { p: 0.5, key }); // the scratch page's own
    let made = 0;
    const { Instance } = WebAssembly;
    WebAssembly.Instance = class extends Instance {
      constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
        super(module, imports);
        made++;
      }
    };
    const arenas = [0, 1, 2].map((i) => new Arena({ memory, byteOffset: 4096 * i, byteLength: 4096 }));
    const arrays = arenas.map((arena) => arena.float32(64).fill(1));
    for (const x of arrays) dropout(x, { p: 0.5, key });
    dropout(arrays[0]!, { p: 0.5, key, out: arrays[2]! }); // from one arena to another
    WebAssembly.Instance = Instance;
    expect(made).toBe(1);
    expect([...arrays[2]!]).toEqual([...dropout(new Float32Array(64).fill(1), { p: 0.5, key })]);
  });

  it('refuses what is no such memory', () => {
    const memory = owner();
    const refuses = (options: object, type: ErrorConstructor, message: string) => {
      expect(() => new Arena(options)).toThrow(type);
      expect(() => new Arena(options)).toThrow(message);
    };
    refuses({}, TypeError, 'bytes has to be a number, but got undefined');
    refuses({ memory: memory.buffer }, TypeError, 'memory has to be a WebAssembly.Memory, but got ArrayBuffer');
    refuses({ memory: null }, TypeError, 'memory has to be a WebAssembly.Memory, but got null');
    const shared = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    refuses({ memory: shared }, TypeError, 'memory has to be unshared, but got SharedArrayBuffer');
    refuses({ memory, byteOffset: 131073 }, RangeError, 'byteOffset has to be a whole number from 0 to 131072');
    refuses(
      { memory, byteOffset: 4, byteLength: 131069 },
      RangeError,
      'byteLength has to be a whole number from 0 to 131068',
    );
    refuses({ memory, byteOffset: -1 }, RangeError, 'byteOffset');
    refuses({ memory, byteLength: 1.5 }, RangeError, 'byteLength');
  });

  it('lets go of the memory and its instance with the arena', () => {
    const script = `
      import { Arena, dropout } from './dist/index.js';
      const key = 1n;
      let memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
      const gone = new WeakRef(memory);
      (() => { const arena = new Arena({ memory }); dropout(arena.float32(64), { p: 0.5, key }); })();
      memory = undefined;
      for (let i = 0; i < 20 && gone.deref(); i++) { await new Promise((r) => setTimeout(r, 10)); gc(); }
      console.log(gone.deref() === undefined);`;
    const args = ['--expose-gc', '--input-type=module', '--eval', script];
    expect(execFileSync(process.execPath, args, { encoding: 'utf8' })).toBe('true\n');
  });
});

describe("an arena on TensorFlow.js's heap", () => {
  it("works on a tensor's own bytes", async () => {
    setWasmPaths(`${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))}/`);
    await tf.setBackend('wasm');
    const x = tf.fill([1000], 3);
    // Fields that are private to TF.js.
    const backend = tf.backend() as unknown as {
      wasm: { HEAPU8: Uint8Array; asm?: { memory?: WebAssembly.Memory }; wasmMemory?: WebAssembly.Memory };
      dataIdMap: { get(id: object): { memoryOffset: number } };
    };
    const memory = (backend.wasm.asm?.memory ?? backend.wasm.wasmMemory)!;
    const { memoryOffset } = backend.dataIdMap.get(x.dataId);
    const arena = new Arena({ memory, byteOffset: memoryOffset, byteLength: 4000 });
    const data = arena.float32(1000);
    expect(data[999]).toBe(3);
    new Dropout(0.5, { generator: new Generator(42), inplace: true }).forward(data);
    const expected = dropout(new Float32Array(1000).fill(3), { p: 0.5, key });
    expect([...x.dataSync()]).toEqual([...expected]);
  });
});

describe('where WebAssembly is missing', () => {
  it('an arena hands out plain memory, and the reference works on it', async () => {
    vi.resetModules();
    vi.stubGlobal('WebAssembly', undefined);
    const fresh = await import('../../src/index.js');
    const arena = new fresh.Arena({ bytes: 1024 });
    const x = arena.float32(64).fill(1);
    const y = fresh.dropout(x, { p: 0.5, key });
    expect(y.buffer).toBe(arena.memory.buffer);
    expect(fresh.backend().name).toBe('reference');
    const bits = arena.uint8(8);
    fresh.mask(64, { p: 0.5, key, format: 'bits', out: bits });
    const noise = fresh.gaussianNoise(x, { stddev: 1, key });
    vi.unstubAllGlobals();
    expect([...y]).toEqual([...dropout(new Float32Array(64).fill(1), { p: 0.5, key })]);
    expect(bits).toEqual(mask(64, { p: 0.5, key, format: 'bits' }));
    expect([...noise]).toEqual([...gaussianNoise(new Float32Array(64).fill(1), { stddev: 1, key })]);
  });

  it('a part that the engine refuses later is served by the reference, and backend() says why', async () => {
    vi.resetModules();
    const fresh = await import('../../src/index.js');
    fresh.dropout(new Float32Array(4), { p: 0.5, key });
    expect(fresh.backend()).toEqual({ name: 'wasm-simd', kernelDigest });
    vi.stubGlobal('WebAssembly', { ...WebAssembly, Module: undefined });
    const noise = fresh.gaussianNoise(new Float32Array(64), { stddev: 1, key });
    vi.unstubAllGlobals();
    expect([...noise]).toEqual([...gaussianNoise(new Float32Array(64), { stddev: 1, key })]);
    expect(fresh.backend()).toEqual({
      name: 'wasm-simd',
      kernelDigest,
      reason: expect.stringMatching(/not a constructor/),
    });
  });
});
