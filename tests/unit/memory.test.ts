/** Memory of other owners: `useMemory`, buffers that are one memory, resized buffers, and memory the kernel cannot use. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, vi } from 'vitest';
import { ones, ramp } from '../support/arrays.js';
import { load, type Package, packages } from '../support/backends.js';
import { expectSameBits, refuses } from '../support/expect.js';
import { GUARD, guardsIntact } from '../support/guards.js';

const key = 5n;
const p = 0.4;
const given = { p, key };

/** Runs `call` and counts the WebAssembly instances that it makes: one for each module that works in a new memory. */
function instancesOf(call: () => void): number {
  let made = 0;
  const { Instance } = WebAssembly;
  WebAssembly.Instance = class extends Instance {
    constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
      super(module, imports);
      made++;
    }
  };
  try {
    call();
  } finally {
    WebAssembly.Instance = Instance;
  }
  return made;
}

describe.each(packages)('useMemory on %s', (name, pkg) => {
  const { Arena, dropout, useMemory } = pkg;
  const memoryOf = (pages = 2, shared = false) =>
    new WebAssembly.Memory({ initial: pages, ...(shared && { maximum: 9, shared }) });
  const rampIn = (memory: WebAssembly.Memory, at: number, n: number) => {
    const x = new Float32Array(memory.buffer, at, n);
    x.set(ramp(n));
    return x;
  };
  const expected = dropout(ramp(1000), given);

  const kinds = [[false], [true]];

  it.each(kinds)('returns nothing, and results without out are ordinary new arrays, shared %s', (shared) => {
    const memory = memoryOf(2, shared);
    expect(useMemory(memory)).toBeUndefined();
    const x = rampIn(memory, 8, 1000);
    const before = new Uint8Array(memory.buffer).slice();
    const y = dropout(x, given);
    expectSameBits(y, expected);
    expect([y.buffer.byteLength, y.byteOffset]).toEqual([4000, 0]);
    const layer = new pkg.Dropout(p, { seed: 1 });
    layer.forward(x);
    expect(layer.pullback()(x).buffer).not.toBe(memory.buffer);
    expectSameBits(new Uint8Array(memory.buffer), before);
  });

  it.each(kinds)('works in place, in one instance for each module, and writes nothing else, shared %s', (shared) => {
    const memory = memoryOf(2, shared);
    const all = new Uint8Array(memory.buffer).fill(GUARD);
    const x = rampIn(memory, 1024, 1000);
    const out = new Float32Array(memory.buffer, 65540, 1000);
    pkg.gaussianNoise(ramp(4), { stddev: 1, key }); // the instances on scratch memory
    pkg.applyMask(ramp(4), new Uint8Array(4), { p });
    const inPlace = name === 'wasm-simd' ? 1 : 0;
    expect(instancesOf(() => dropout(x, { ...given, out }))).toBe(0);
    useMemory(memory);
    expect(instancesOf(() => dropout(x, { ...given, out }))).toBe(inPlace);
    expectSameBits(out, expected);
    expect(instancesOf(() => useMemory(memory))).toBe(0);
    expect(instancesOf(() => dropout(out, { ...given, out: x }))).toBe(0);
    expect(instancesOf(() => pkg.gaussianNoise(x, { stddev: 1, key, out }))).toBe(inPlace);
    const mask = new Uint8Array(memory.buffer, 80000, 1000);
    pkg.mask(1000, { ...given, out: mask });
    expect(instancesOf(() => pkg.applyMask(x, mask, { p, out }))).toBe(inPlace);
    expect(guardsIntact(all, [x, out, mask])).toBe(true);
    // Arrays of which some lie elsewhere are copied.
    expect(instancesOf(() => dropout(ramp(1000), { ...given, out }))).toBe(0);
    expectSameBits(out, expected);
  });

  it.each(kinds)('gives the same bits when the memory has grown, in place once it is repeated, shared %s', (shared) => {
    const memory = memoryOf(1, shared);
    useMemory(memory);
    dropout(rampIn(memory, 0, 4), given);
    const afterGrowth = (repeated: boolean) =>
      instancesOf(() => {
        memory.grow(1);
        if (repeated) useMemory(memory);
        const x = rampIn(memory, memory.buffer.byteLength - 4000, 1000);
        dropout(x, { ...given, out: x });
        expectSameBits(x, expected);
      });
    // One instance serves all buffers of the memory.
    const inPlace = name === 'wasm-simd' ? 1 : 0;
    expect([false, true, false, true].map(afterGrowth)).toEqual([0, inPlace, 0, 0]);
  });

  it('leaves the arrays of an arena in that memory to the arena', () => {
    const memory = memoryOf();
    for (const usedFirst of [true, false]) {
      if (usedFirst) useMemory(memory);
      const arena = new Arena({ memory, byteOffset: 4096 * Number(usedFirst), byteLength: 4096 });
      if (!usedFirst) useMemory(memory);
      const x = arena.float32(8).fill(1);
      for (const array of [x, x.subarray(2)]) expect(dropout(array, given).buffer).toBe(memory.buffer);
      expect(dropout(new Float32Array(memory.buffer, 65536, 8), given).buffer).not.toBe(memory.buffer);
    }
    const own = new Arena({ bytes: 256 });
    useMemory(own.memory);
    expect(dropout(own.float32(8).subarray(0), given).buffer).toBe(own.memory.buffer);
  });

  it('takes the memory of another realm, and refuses any other value', () => {
    const foreign = runInNewContext('new WebAssembly.Memory({ initial: 1 })') as WebAssembly.Memory;
    useMemory(foreign);
    const x = rampIn(foreign, 0, 1000);
    expectSameBits(dropout(x, { ...given, out: x }), expected);
    expect(new Arena({ memory: foreign, byteOffset: 0, byteLength: 64 }).float32(4).buffer).toBe(foreign.buffer);
    const others: unknown[] = [
      null,
      5,
      {},
      memoryOf().buffer,
      new Float32Array(4),
      new Arena({ bytes: 8 }),
      WebAssembly.Memory,
      WebAssembly.Memory.prototype,
      Object.create(WebAssembly.Memory.prototype),
      new Proxy(memoryOf(), {}),
      { [Symbol.toStringTag]: 'WebAssembly.Memory', buffer: new ArrayBuffer(64) },
    ];
    for (const make of [
      (memory: unknown) => useMemory(memory as never),
      (memory: unknown) => new Arena({ memory: memory as never, byteOffset: 0, byteLength: 8 }),
    ]) {
      for (const other of others)
        refuses(() => make(other), TypeError, /^memory has to be a WebAssembly\.Memory, but got /);
    }
    const shared = memoryOf(1, true);
    refuses(
      () => new Arena({ memory: shared, byteOffset: 0, byteLength: 8 }),
      TypeError,
      'memory has to be unshared, but got SharedArrayBuffer',
    );
    refuses(() => useMemory(undefined as never), TypeError, 'memory has to be a WebAssembly.Memory, but got undefined');
  });

  it('does not keep the memory alive', async () => {
    setFlagsFromString('--expose-gc');
    const gc: () => void = runInNewContext('gc');
    const memory = (() => {
      const memory = memoryOf();
      useMemory(memory);
      dropout(rampIn(memory, 0, 64), given);
      return new WeakRef(memory);
    })();
    for (let i = 0; i < 50 && memory.deref(); i++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      gc();
    }
    expect(memory.deref()).toBeUndefined();
    // A plain array is looked up among the memories, of which one is gone.
    expectSameBits(dropout(ramp(1000), given), expected);
  });

  it('serves arrays of a 64-bit memory, which the kernel cannot work in', () => {
    let memory: WebAssembly.Memory;
    try {
      memory = new WebAssembly.Memory({ address: 'i64', initial: 1n } as never);
    } catch {
      return; // This engine has none.
    }
    useMemory(memory);
    const arena = new Arena({ memory, byteOffset: 32768, byteLength: 32768 });
    const x = rampIn(memory, 0, 1000);
    expectSameBits(dropout(x, { ...given, out: x }), expected);
    const inArena = arena.float32(1000);
    inArena.set(ramp(1000));
    expectSameBits(dropout(inArena, given), expected);
  });
});

describe.each(packages)('arenas on %s', (name, pkg) => {
  const { Arena, dropout } = pkg;

  it('have a memory of fixed size', () => {
    const arena = new Arena({ bytes: 100 });
    expect(() => arena.memory.grow(1)).toThrow(RangeError);
    expect(arena.memory.buffer.byteLength).toBe(65536);
    expect([arena.reason, `${arena}`]).toEqual([undefined, 'Arena(100 bytes, 100 free)']);
  });

  it('follow a memory that grows: arrays of later calls lie in the new buffer, and are the arena’s', () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const arena = new Arena({ memory, byteOffset: 1024, byteLength: 1024 });
    arena.float32(4);
    memory.grow(1);
    const x = arena.float32(4).fill(1);
    expect([x.buffer, x.byteOffset]).toEqual([memory.buffer, 1040]);
    const made = instancesOf(() => expect(dropout(x.subarray(1), given).byteOffset).toBe(1056));
    expect(made).toBe(name === 'wasm-simd' ? 1 : 0);
    expect(dropout(new Float32Array(memory.buffer, 1024, 4), given).buffer).toBe(memory.buffer);
  });

  it('of no bytes take over no other arena’s', () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const arena = new Arena({ memory, byteOffset: 0, byteLength: 1024 });
    for (const byteOffset of [0, 100, 1024]) {
      const empty = new Arena({ memory, byteOffset, byteLength: 0 });
      expect(empty.float32(0).length + empty.bytesFree).toBe(0);
    }
    expect(dropout(arena.float32(8).subarray(0), given).buffer).toBe(memory.buffer);
  });

  it.each(['float32', 'float64'] as const)('give a result that just fits, and refuse one that does not: %s', (type) => {
    const size = type === 'float32' ? 4 : 8;
    const room = (bytes: number, taken: number) => {
      const arena = new Arena({ bytes });
      const x = arena[type](3).fill(1);
      arena.uint8(taken);
      return { arena, x };
    };
    const fits = room(6 * size, 0);
    expect(dropout(fits.x, given).byteOffset).toBe(3 * size);
    expect(fits.arena.bytesFree).toBe(0);
    const aligned = room(7 * size, 1);
    expect(dropout(aligned.x, given).byteOffset).toBe(4 * size);
    expect(aligned.arena.bytesFree).toBe(0);
    const short = room(6 * size - 1, 0);
    refuses(() => dropout(short.x, given), RangeError, /^out has to be given: /);
    expect(short.arena.bytesFree).toBe(3 * size - 1);
    // Enough bytes, but not once the result is aligned.
    const unaligned = room(7 * size - 1, 1);
    refuses(() => dropout(unaligned.x, given), RangeError, /at most 2 in the rest of the arena/);
    expect(unaligned.arena.bytesFree).toBe(4 * size - 2);
  });
});

describe.each(packages)('buffers that are one memory on %s', (_, pkg) => {
  const { applyMask, biasDropoutResidual, biasDropoutResidualBackward, dropout } = pkg;

  /** Two buffer objects of one memory. */
  const pairs: [string, () => [SharedArrayBuffer, SharedArrayBuffer]][] = [
    [
      'a SharedArrayBuffer and its structuredClone',
      () => {
        const buffer = new SharedArrayBuffer(65536);
        return [buffer, structuredClone(buffer)];
      },
    ],
    [
      'the buffers of a shared memory before and after it grew',
      () => {
        const memory = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true });
        const before = memory.buffer as unknown as SharedArrayBuffer;
        memory.grow(1);
        return [before, memory.buffer as unknown as SharedArrayBuffer];
      },
    ],
  ];

  describe.each(pairs)('%s', (_, make) => {
    it('give the result of separate arrays where they overlap in part', () => {
      const f32 = (buffer: SharedArrayBuffer, at: number, n: number) => new Float32Array(buffer, at, n);
      const image = (data: Float32Array) => ({ data, shape: [1, 50, 100] });
      const n = 5000;
      const x = ramp(n);
      /** Makes a call on an input and `out`, at these addresses of two buffers, and on separate copies of both. */
      const check = (
        call: (input: Float32Array, out: Float32Array) => unknown,
        [from, to]: readonly [number, number],
        [inputs, outputs] = [n, n],
      ) => {
        const [a, b] = make();
        f32(a, 0, 8000).set(ramp(8000));
        const [input, out] = [f32(a, from, inputs), f32(b, to, outputs)];
        const [separate, expected] = [input.slice(), out.slice()];
        call(separate, expected);
        call(input, out);
        expectSameBits(out.slice(), expected);
      };
      for (const shift of [
        [4, 0],
        [0, 4],
        [8000, 16],
        [16, 8000],
        [0, 19_996],
      ] as const) {
        check((x, out) => dropout(x, { ...given, out }), shift);
        check((x, out) => dropout(x, { p: 0, key, out }), shift);
        check((x, out) => new pkg.Dropout(p, { seed: 1 }).forward(x, out), shift);
        check((x, out) => new pkg.Dropout(p).eval().forward(x, out), shift);
        check((x, out) => pkg.dropBlock2d(image(x), { ...given, blockSize: 2, out: image(out) }), shift);
        check((x, out) => pkg.gaussianNoise(x, { stddev: 1, key, out }), shift);
        check((mask, out) => applyMask(x, new Uint8Array(mask.buffer, mask.byteOffset, n), { p, out }), shift);
        check((bias, out) => biasDropoutResidual(x, { ...given, bias, out }), shift);
        check((residual, out) => biasDropoutResidual(x, { ...given, bias: x.slice(0, 50), residual, out }), shift);
      }
      check(
        (dy, dbias) => biasDropoutResidualBackward(dy, { ...given, features: 50, out: { dbias } }),
        [0, 400],
        [n, 50],
      );
    });

    it('are in place at one address, and serve where they do not overlap', () => {
      const [a, b] = make();
      const x = new Float32Array(a, 0, 5000);
      x.set(ramp(5000));
      const expected = dropout(ramp(5000), given);
      const beside = new Float32Array(b, 20_000, 5000);
      expectSameBits(dropout(x, { ...given, out: beside }), expected);
      expectSameBits(x.slice(), ramp(5000));
      dropout(x, { ...given, out: new Float32Array(b, 0, 5000) });
      expectSameBits(x.slice(), expected);
    });
  });

  it('two separate buffers of equal content are not taken for one', () => {
    for (const Memory of [ArrayBuffer, SharedArrayBuffer]) {
      const [x, out] = [new Float32Array(new Memory(400), 4, 90), new Float32Array(new Memory(400), 0, 90)];
      expectSameBits(dropout(x.fill(1), { ...given, out }), dropout(ones([90]).data, given));
    }
  });
});

describe.each(packages)('resizable buffers on %s', (_, pkg) => {
  const { applyMask, biasDropoutResidual, biasDropoutResidualBackward, dropout, mask } = pkg;
  // Node 20 has resizable buffers; the ES2023 types do not.
  const Resizable = ArrayBuffer as unknown as new (
    n: number,
    options: { maxByteLength: number },
  ) => ArrayBuffer & { resize(n: number): void };

  /** A view that lies outside of its buffer, which was resized. */
  function outOfBounds(Class: Float32ArrayConstructor | Uint8ArrayConstructor, tracking: boolean): never {
    const buffer = new Resizable(800, { maxByteLength: 800 });
    const array = tracking ? new Class(buffer, 80) : new Class(buffer, 80, 10);
    buffer.resize(tracking ? 76 : 100);
    if (!tracking) buffer.resize(84);
    return array as never;
  }

  it.each([true, false])(
    'a view out of bounds is an error, not an empty array; tracking the length: %s',
    (tracking) => {
      const [floats, bytes] = [() => outOfBounds(Float32Array, tracking), () => outOfBounds(Uint8Array, tracking)];
      const empty = new Float32Array(0);
      const layer = new pkg.Dropout(p);
      layer.forward(empty);
      class Sub extends Float32Array {}
      const calls: [string, () => unknown][] = [
        ['x', () => dropout(floats(), given)],
        ['x', () => dropout({ data: floats(), shape: [0] }, given)],
        ['x', () => dropout(Object.setPrototypeOf(floats(), Sub.prototype), given)],
        ['x', () => new pkg.Dropout(p).eval().forward(floats())],
        ['out', () => dropout(empty, { ...given, out: floats() })],
        ['out', () => mask(0, { ...given, out: bytes() })],
        ['mask', () => applyMask(empty, bytes(), { p })],
        ['dy', () => layer.backward(floats())],
        ['bias', () => biasDropoutResidual(empty, { ...given, bias: floats() })],
        ['residual', () => biasDropoutResidual(empty, { ...given, bias: empty, residual: floats() })],
        ['out.dx', () => biasDropoutResidualBackward(empty, { ...given, features: 0, out: { dx: floats() } })],
        ['out.dbias', () => biasDropoutResidualBackward(empty, { ...given, features: 0, out: { dbias: floats() } })],
      ];
      for (const [name, call] of calls) refuses(call, TypeError, new RegExp(`^${name} is detached`));
    },
  );

  it('views that follow the length of their buffer have its current length', () => {
    const buffer = new Resizable(40, { maxByteLength: 80 });
    const x = new Float32Array(buffer).fill(1);
    for (const bytes of [80, 30, 0, 40]) {
      buffer.resize(bytes);
      expect(dropout(x, given)).toHaveLength(Math.floor(bytes / 4));
    }
  });
});

describe('an engine that refuses', () => {
  const x = () => Float32Array.from({ length: 5000 }, (_, i) => Math.sin(i) * 3);

  /** Results of every module, in an arena or in plain arrays. */
  function resultsOf(pkg: Package, arena?: InstanceType<Package['Arena']>): Float32Array[] {
    const array = () => {
      if (!arena) return x();
      const data = arena.float32(5000);
      data.set(x());
      return data;
    };
    const bytes = arena ? arena.uint8(5000) : new Uint8Array(5000);
    pkg.mask(5000, { ...given, out: bytes });
    return [
      pkg.dropout(array(), given),
      pkg.dropout({ data: array(), shape: [50, 100] }, { ...given, noiseShape: [50, 1] }).data,
      pkg.applyMask(array(), bytes, { p }),
      pkg.biasDropoutResidualBackward(array(), { ...given, features: 50 }).dbias,
      pkg.gaussianNoise(array(), { stddev: 1, key }),
    ];
  }

  const expected = resultsOf(packages[1]![1]);

  describe.each(['Instance', 'Module', 'Memory'] as const)('a %s', (what) => {
    it.each([1, 2, 3, 4, 5, 6])(
      'from number %i on: right bits, and backend() or arena.reason says why',
      async (from) => {
        vi.resetModules();
        const pkg: Package = await import('../../src/index.js');
        const Real = WebAssembly[what] as unknown as new (...args: unknown[]) => object;
        let uses = 0;
        const Refusing = class extends Real {
          constructor(...args: unknown[]) {
            if (++uses >= from) throw new RangeError(`WebAssembly.${what}(): Out of memory by the test`);
            super(...args);
          }
        };
        Object.assign(WebAssembly, { [what]: Refusing });
        try {
          const reasons: (string | undefined)[] = [];
          for (const inArena of [false, true, true, false]) {
            const arena = inArena ? new pkg.Arena({ bytes: 2 ** 18 }) : undefined;
            for (const [i, result] of resultsOf(pkg, arena).entries()) expectSameBits(result, expected[i]!);
            reasons.push(arena?.reason);
          }
          const { name, reason } = pkg.backend();
          reasons.push(reason);
          expect(reasons.some((text) => /Out of memory by the test/.test(text ?? ''))).toBe(uses >= from);
          expect(name).toBe(from === 1 ? 'reference' : 'wasm-simd');
        } finally {
          Object.assign(WebAssembly, { [what]: Real });
        }
      },
    );
  });

  it('the copy of the package that the other tests use is not affected', async () => {
    const pkg = await load('wasm-simd');
    expectSameBits(resultsOf(pkg)[0]!, expected[0]!);
    expect(pkg.backend().reason).toBeUndefined();
  });
});
