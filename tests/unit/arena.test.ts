/** Arenas, in memory of their own and in memory that another module owns. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as tf from '@tensorflow/tfjs-core';
import { Arena, Dropout, dropout, Generator } from 'dropout-wasm';
import { describe, expect, it } from 'vitest';
import { full, ones, ramp, tensor } from '../support/arrays.js';
import { packages } from '../support/backends.js';
import { expectSameBits, refuses } from '../support/expect.js';
import { GUARD, guardsIntact } from '../support/guards.js';
import { valuesOf } from '../support/tfjs.js';

const key = new Generator(42).next();

describe.each(packages)('an arena on %s', (_, { Arena, applyMask, dropout, mask }) => {
  it('hands out arrays one after the other, aligned to their elements', () => {
    const arena = new Arena({ bytes: 100 });
    const bytes = arena.uint8(3);
    const floats = arena.float32(2);
    const doubles = arena.float64(5);
    expect([bytes.byteOffset, floats.byteOffset, doubles.byteOffset]).toEqual([0, 4, 16]);
    expect(arena.bytesFree).toBe(44);
    expect(floats.buffer).toBe(arena.memory.buffer);
    arena.reset();
    expect(arena.bytesFree).toBe(100);
    expect(arena.float32(25).byteOffset).toBe(0);
  });

  it('allocates results in the same arena and accepts mixed arrays', () => {
    const arena = new Arena({ bytes: 4096 });
    const x = arena.float32(100);
    x.set(ramp(100));
    const expected = dropout(ramp(100), { p: 0.5, key });
    const y = dropout(x, { p: 0.5, key });
    expect(y.buffer).toBe(arena.memory.buffer);
    expect(y).toEqual(expected);
    expect(dropout(x.subarray(50), { p: 0.5, key, offset: 50 }).buffer).toBe(arena.memory.buffer);
    expect(dropout(x, { p: 0.5, key, out: new Float32Array(100) })).toEqual(expected);
    expect(dropout(ramp(100), { p: 0.5, key, out: y })).toEqual(expected);
    const other = new Arena({ bytes: 400 }).float32(100);
    expect(dropout(x, { p: 0.5, key, out: other })).toEqual(expected);
    const bits = arena.uint8(13);
    expect(mask(100, { p: 0.5, key, format: 'bits', out: bits })).toBe(bits);
    expect(applyMask(x, bits, { p: 0.5, format: 'bits' })).toEqual(expected);
  });

  it('accepts an f64 tensor with `out` outside the arena', () => {
    const data = new Arena({ bytes: 800 }).float64(50);
    data.set(ramp(50));
    const out = { data: new Float64Array(50), shape: [50] };
    dropout({ data, shape: [50] }, { p: 0.5, key, out });
    expect(out.data).toEqual(dropout(Float64Array.from(ramp(50)), { p: 0.5, key }));
  });

  it('takes tensors larger than any tile, in place', () => {
    const n = 300_000;
    const x = new Arena({ bytes: 4 * n }).float32(n).fill(1);
    const plain = new Float32Array(n).fill(1);
    dropout(x, { p: 0.1, key, offset: 5, out: x });
    dropout(plain, { p: 0.1, key, offset: 5, out: plain });
    expectSameBits(x, plain);
  });
});

/** A module that exports its memory of 2 pages. */
const OWNER = Uint8Array.from([
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 3, 1, 0, 2, 7, 10, 1, 6, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 2, 0,
]);
const owner = () => new WebAssembly.Instance(new WebAssembly.Module(OWNER)).exports.memory as WebAssembly.Memory;

describe("an arena in another module's memory", () => {
  it('hands out only its part of the memory, aligned', () => {
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
    expect(new Arena({ memory, byteOffset: 131000, byteLength: 72 }).bytesFree).toBe(72);
  });

  it('has to be told its part, which its results overwrite', () => {
    const memory = owner();
    const refused = (options: object, message: string | RegExp) =>
      refuses(() => new Arena(options), TypeError, message);
    refused({ memory }, /^byteOffset has to be a whole number .*, but got undefined: an arena overwrites its bytes/);
    refused({ memory, byteOffset: 0 }, /^byteLength has to be .*: an arena overwrites its bytes/);
    refused({ memory, byteLength: 64 }, /^byteOffset has to be/);
    refused({ bytes: 64, byteOffset: 0 }, /^byteOffset has to be given with memory, but got 0$/);
    refused({ memory, bytes: 64, byteOffset: 0, byteLength: 64 }, /^bytes has to be left out where memory is given/);
  });

  it('takes the result for an x within its own bytes only', () => {
    const memory = owner();
    const arena = new Arena({ memory, byteOffset: 1024, byteLength: 64 });
    const outside = new Float32Array(memory.buffer, 65536, 1000).fill(1);
    const y = dropout(outside, { p: 0.5, key });
    expect([y.buffer === memory.buffer, arena.bytesFree]).toEqual([false, 64]);
    expectSameBits(y, dropout(ones([1000]).data, { p: 0.5, key }));
    // One byte before its start, one byte beyond its end, and across its end.
    for (const byteOffset of [1020, 1088, 1084])
      expect(dropout(new Float32Array(memory.buffer, byteOffset, 2), { p: 0.5, key }).buffer).not.toBe(memory.buffer);
    expect(dropout(new Float32Array(memory.buffer, 1080, 2), { p: 0.5, key }).byteOffset).toBe(1024);
  });

  it('takes the results for views of its own arrays, whatever other arenas the memory has', () => {
    const memory = owner();
    const weights = new Arena({ memory, byteOffset: 0, byteLength: 65536 });
    const steps = new Arena({ memory, byteOffset: 65536, byteLength: 65536 });
    const kept = dropout(weights.float32(8).fill(1).subarray(0, 8), { p: 0.5, key });
    expect([kept.byteOffset, weights.bytesFree, steps.bytesFree]).toEqual([32, 65536 - 64, 65536]);
    expect(dropout(steps.float32(8).fill(1).subarray(0, 8), { p: 0.5, key }).byteOffset).toBe(65536 + 32);
  });

  it('takes over the bytes of earlier arenas that it overlaps', () => {
    const memory = owner();
    const first = new Arena({ memory, byteOffset: 0, byteLength: 256 });
    const second = new Arena({ memory, byteOffset: 128, byteLength: 256 });
    const x = new Float32Array(memory.buffer, 128, 4).fill(1);
    expect(dropout(x, { p: 0.5, key, out: x }) && dropout(x.subarray(2), { p: 0.5, key }).byteOffset).toBe(128);
    expect([first.bytesFree, second.bytesFree]).toEqual([0, 248]);
  });

  it('has no bytes left after another arena has taken over some of them', () => {
    const memory = owner();
    const first = new Arena({ memory, byteOffset: 0, byteLength: 65536 });
    const x = first.float32(8).fill(1);
    const second = new Arena({ memory, byteOffset: 0, byteLength: 1024 });
    refuses(() => dropout(x, { p: 0.5, key }), RangeError, 'out has to be given: the arena has 0 of 32 bytes');
    refuses(() => first.float32(1), RangeError, 'n has to be at most 0 in the rest of the arena, but got 1');
    expect([second.bytesFree, ...x]).toEqual([1024, 1, 1, 1, 1, 1, 1, 1, 1]);
  });

  it('is worked on in place, and the rest of the memory is not written', () => {
    const memory = owner();
    const all = new Uint8Array(memory.buffer).fill(GUARD);
    const arena = new Arena({ memory, byteOffset: 500, byteLength: 40_000 });
    const x = arena.float32(4000);
    x.set(tensor([4000]).data);
    const expected = dropout(x.slice(), { p: 0.5, key });
    const y = dropout(x, { p: 0.5, key });
    expect([y.buffer, y.byteOffset]).toEqual([memory.buffer, 16_500]);
    expectSameBits(y, expected);
    expect(guardsIntact(all, [x, y])).toBe(true);
  });

  it('still works after the memory grows, which detaches earlier arrays', () => {
    const memory = owner();
    const arena = new Arena({ memory, byteOffset: 0, byteLength: 65536 });
    const before = arena.float32(100);
    memory.grow(1);
    expect(() => dropout(before, { p: 0.5, key })).toThrow('x is detached');
    const after = arena.float32(100).fill(1);
    const y = dropout(after, { p: 0.5, key });
    expect(y.buffer).toBe(memory.buffer);
    expect([...y]).toEqual([...dropout(ones([100]).data, { p: 0.5, key })]);
  });

  it('shares one kernel instance with the other arenas on that memory', () => {
    const memory = owner();
    dropout(new Float32Array(4), { p: 0.5, key }); // instantiates the kernel on its scratch memory
    let created = 0;
    const { Instance } = WebAssembly;
    WebAssembly.Instance = class extends Instance {
      constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
        super(module, imports);
        created++;
      }
    };
    const arenas = [0, 1, 2].map((i) => new Arena({ memory, byteOffset: 4096 * i, byteLength: 4096 }));
    const arrays = arenas.map((arena) => arena.float32(64).fill(1));
    for (const x of arrays) dropout(x, { p: 0.5, key });
    dropout(arrays[0]!, { p: 0.5, key, out: arrays[2]! });
    WebAssembly.Instance = Instance;
    expect(created).toBe(1);
    expect([...arrays[2]!]).toEqual([...dropout(ones([64]).data, { p: 0.5, key })]);
  });

  it('refuses any other kind of memory, and a range outside the memory', () => {
    const memory = owner();
    const refused = (options: object, type: ErrorConstructor, message: string) =>
      refuses(() => new Arena(options), type, message);
    refused({}, TypeError, 'bytes has to be a whole number from 0 to 4294967296, but got undefined');
    refused({ memory: memory.buffer }, TypeError, 'memory has to be a WebAssembly.Memory, but got ArrayBuffer');
    refused({ memory: null }, TypeError, 'memory has to be a WebAssembly.Memory, but got null');
    const shared = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    refused({ memory: shared }, TypeError, 'memory has to be unshared, but got SharedArrayBuffer');
    refused(
      { memory, byteOffset: 131073, byteLength: 0 },
      RangeError,
      'byteOffset has to be a whole number from 0 to 131072',
    );
    refused(
      { memory, byteOffset: 4, byteLength: 131069 },
      RangeError,
      'byteLength has to be a whole number from 0 to 131068',
    );
    refused({ memory, byteOffset: -1, byteLength: 4 }, RangeError, 'byteOffset');
    refused({ memory, byteOffset: 0, byteLength: 1.5 }, RangeError, 'byteLength');
  });

  it('does not keep the memory alive', async () => {
    setFlagsFromString('--expose-gc');
    const gc: () => void = runInNewContext('gc');
    const memory = (() => {
      const memory = owner();
      dropout(new Arena({ memory, byteOffset: 0, byteLength: 65536 }).float32(64), { p: 0.5, key });
      return new WeakRef(memory);
    })();
    for (let i = 0; i < 50 && memory.deref(); i++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      gc();
    }
    expect(memory.deref()).toBeUndefined();
  });

  it('works on the bytes of a TensorFlow.js tensor', () => {
    const x = tf.fill([1000], 3);
    // These fields are private to TensorFlow.js.
    const backend = tf.backend() as unknown as {
      wasm: { HEAPU8: Uint8Array; asm?: { memory?: WebAssembly.Memory }; wasmMemory?: WebAssembly.Memory };
      dataIdMap: { get(id: object): { memoryOffset: number } };
    };
    const memory = (backend.wasm.asm?.memory ?? backend.wasm.wasmMemory)!;
    const { memoryOffset } = backend.dataIdMap.get(x.dataId);
    const data = new Arena({ memory, byteOffset: memoryOffset, byteLength: 4000 }).float32(1000);
    expect(data[999]).toBe(3);
    new Dropout(0.5, { seed: 42, inplace: true }).forward(data);
    expect(valuesOf(x)).toEqual([...dropout(full([1000], 3).data, { p: 0.5, key })]);
  });
});
