/** Two copies of the package in one program, such as a bundle beside a CDN, understand each other's objects. */
import { SharedArena } from 'dropout-wasm/threads';
import { describe, expect, it, vi } from 'vitest';
import { ramp } from '../support/arrays.js';
import { load, type Package } from '../support/backends.js';
import { expectSameBits, refuses } from '../support/expect.js';

const key = 0xbdd732262feb6e95n;
const [first, second, reference] = [await load('wasm-simd'), await load('wasm-simd'), await load('reference')];

/** One copy's objects, and the copy that they are given to. */
const PAIRS: [string, Package, Package][] = [
  ['two copies', first, second],
  ['the reference, and objects of the wasm backend', first, reference],
  ['the wasm backend, and objects of the reference', reference, first],
];

describe.each(PAIRS)('%s', (_, theirs, ours) => {
  it('spawn streams from each other', () => {
    const layer = new ours.Dropout(0.5, { generator: new theirs.Generator(42) });
    expect(layer.generator.seed).toBe(new theirs.Generator(42).spawn().seed);
    expectSameBits(
      layer.forward(ramp(100)),
      new theirs.Dropout(0.5, { generator: new theirs.Generator(42) }).forward(ramp(100)),
    );
  });

  it("apply each other's layers, and store, switch and restore them", () => {
    const layer = new theirs.AlphaDropout(0.5, { seed: 42 });
    const y = layer.forward(ramp(100));
    expectSameBits(ours.applyMask(ramp(100), layer.mask(), { layer }), y);
    ours.setTraining([layer], false);
    expect(layer.training).toBe(false);
    layer.train();
    const [restored] = ours.layersFromJSON(JSON.parse(JSON.stringify(ours.layersToJSON([layer]))));
    expectSameBits(restored!.forward(ramp(100)), layer.forward(ramp(100)));
  });

  it("put results into each other's arenas, and give the bytes back where a call throws", () => {
    const expected = first.dropout(ramp(100), { p: 0.5, key });
    const arena = new theirs.Arena({ bytes: 1000 });
    const x = arena.float32(100);
    x.set(ramp(100));
    // The array that the arena handed out, and a view of it.
    for (const view of [x, x.subarray(0)]) {
      const y = ours.dropout(view, { p: 0.5, key });
      expect(y.buffer).toBe(arena.memory.buffer);
      expectSameBits(y, expected);
      expect(arena.bytesFree).toBe(200);
      refuses(
        () => ours.dropout(view, { p: 0.5, key }),
        RangeError,
        'out has to be given: the arena has 200 of 400 bytes',
      );
      arena.reset();
      arena.float32(100);
    }
    refuses(
      () => ours.biasDropoutResidual(x, { bias: ramp(10), residual: x, p: 0.5, key, out: 3 } as never),
      TypeError,
      'out has to be',
    );
    expect(arena.bytesFree).toBe(600);
  });

  it("take over bytes of each other's arenas", () => {
    const arena = new theirs.Arena({ bytes: 65536 });
    const x = arena.float32(16);
    const part = new ours.Arena({ memory: arena.memory, byteOffset: 0, byteLength: 1024 });
    expect([arena.bytesFree, part.bytesFree]).toEqual([0, 1024]);
    // The array itself still belongs to the arena that handed it out.
    expect(theirs.dropout(x.subarray(0), { p: 0.5, key, out: x }).byteOffset).toBe(0);
    const y = theirs.dropout(new Float32Array(arena.memory.buffer, 512, 16), { p: 0.5, key });
    expect([y.buffer, y.byteOffset, part.bytesFree]).toEqual([arena.memory.buffer, 0, 960]);
  });
});

describe('a SharedArena of another copy', () => {
  it('is worked on by its threads, which every call waits for', async () => {
    const arena = await SharedArena.create({ bytes: 2 ** 23, threads: 2 });
    try {
      const x = arena.float32(2 ** 20);
      x.set(ramp(2 ** 20));
      const y = second.dropout(x, { p: 0.5, key });
      expect(y.buffer).toBe(arena.memory.buffer);
      expectSameBits(y, first.dropout(ramp(2 ** 20), { p: 0.5, key }));
      arena.reset();
      const out = arena.float32(100);
      const { linearMemory } = arena as unknown as { linearMemory: { ready(): void } };
      const ready = vi.spyOn(linearMemory, 'ready');
      for (const copy of [first, second, reference]) {
        ready.mockClear();
        copy.dropout(ramp(100), { p: 0.5, key, out });
        if (copy !== reference) expect(ready).toHaveBeenCalled();
      }
    } finally {
      arena.close();
    }
  });
});
