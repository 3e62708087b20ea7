/** Sizes at their limits: hostile JSON, empty tensors of huge shape, masks beyond 2^31 elements, calls that throw. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Layer, LockedDropout, MaskLayer } from '../../src/index.js';
import { ramp, tensor } from '../support/arrays.js';
import { type Package, packages } from '../support/backends.js';
import { expectSameBits, refuses } from '../support/expect.js';
import { type LayerCase, layersOf } from '../support/layers.js';

const key = 5n;
const given = { p: 0.5, key };

/** Values that take long to read or to print, or that throw when they are. */
const cyclic: unknown[] = [];
cyclic.push(cyclic);
let deep: unknown = [];
for (let i = 0; i < 2e4; i++) deep = [deep];
const HOSTILE: [string, unknown][] = [
  ['a million characters', 'x'.repeat(1e6)],
  ['a million digits', '9'.repeat(1e6)],
  ['a million hex digits', `0x${'f'.repeat(1e6)}`],
  ['a bigint of a million digits', 2n ** 4_000_000n],
  ['a bigint of −a million digits', -(2n ** 4_000_000n)],
  ['a long array', new Array(1e5).fill('x'.repeat(100))],
  ['a few long strings', new Array(8).fill('x'.repeat(1e4))],
  ['a cyclic array', cyclic],
  ['a deep array', deep],
  ['a long key', { ['k'.repeat(1e6)]: 1 }],
  ['a name that is no string', { constructor: { name: { toString: 1, valueOf: 1 } } }],
  ['a long name', { constructor: { name: 'n'.repeat(1e6) } }],
  ['an object that cannot be converted', { toString: null, valueOf: null }],
  ['an object without a prototype', Object.create(null)],
  ['a symbol', Symbol('s'.repeat(1e4))],
  ['NaN', Number.NaN],
  ['infinity', Number.POSITIVE_INFINITY],
  ['a fraction', 0.5],
  ['a negative number', -1],
  ['2^53 + 2', 2 ** 53 + 2],
  ['null', null],
  ['false', false],
  ['__proto__', '__proto__'],
  ['constructor', 'constructor'],
  ['an empty string', ''],
];

/** Expects a call to succeed, or to throw an error of the package with a short message. A slow one exceeds the test's time. */
function expectShort(call: () => unknown, label: string): void {
  try {
    call();
  } catch (error) {
    const { message } = error as Error;
    expect(error instanceof TypeError || error instanceof RangeError, `${label}: ${error}`).toBe(true);
    // The lists of known options and types take most of it.
    expect(message.length, label).toBeLessThan(400);
    expect(message, label).toMatch(/has to be |^unknown option |^a layer takes /);
  }
}

// The checks are the same on both backends.
describe.each(packages.slice(0, 1))('hostile values on %s', (_, pkg) => {
  const { Arena, Dropout, Generator } = pkg;
  const x = ramp(4);
  const any = (value: unknown) => value as never;

  it.each(HOSTILE)('%s in any field of stored layers', (_, value) => {
    for (const [name, shape, create] of layersOf(pkg)) {
      // One of each class is enough.
      if (/ /.test(name)) continue;
      const layer = create(pkg, 0.4, { seed: 1 });
      layer.forward(tensor(shape));
      const json = layer.toJSON();
      const within = Object.entries(json).flatMap(([field, part]) =>
        part && typeof part === 'object' && !Array.isArray(part)
          ? Object.keys(part).map((inner) => [field, inner])
          : [],
      );
      for (const path of [...Object.keys(json).map((field) => [field]), ...within, ['other']]) {
        const changed = structuredClone(json) as Record<string, unknown>;
        const parent = (path.length > 1 ? changed[path[0]!] : changed) as Record<string, unknown>;
        parent[path.at(-1)!] = value;
        const { fromJSON } = layer.constructor as unknown as { fromJSON(json: unknown): Layer };
        const label = `${name}: ${path.join('.')}`;
        expectShort(() => `${fromJSON.call(layer.constructor, changed)}`, label);
        expectShort(() => pkg.layersFromJSON({ layers: [any(changed)] }).map(String), label);
      }
    }
    for (const restore of [
      () => Generator.fromJSON(any(value)),
      () => Dropout.fromJSON(any(value)),
      () => pkg.layersFromJSON(any(value)),
      () => pkg.layersFromJSON({ layers: any(value) }),
      () => pkg.layersFromJSON({ layers: [any(value)] }),
    ])
      expectShort(restore, String(restore));
  });

  it.each(HOSTILE)('%s as any argument', (_, value) => {
    const forward = () => {
      const layer = new Dropout(0.5, { seed: 1 });
      layer.forward(x);
      return layer;
    };
    for (const call of [
      () => new Dropout(any(value)),
      () => new Dropout(0.5, any(value)),
      () => new Dropout(0.5, { seed: any(value) }),
      () => new Dropout(0.5, { generator: any(value) }),
      () => new Dropout(0.5, { noiseShape: any(value) }).forward(x),
      () => new pkg.GaussianNoise(any(value)),
      () => new pkg.DropBlock2d(0.5, { blockSize: any(value), channels: any(value) }),
      () => Object.assign(forward(), { p: value }),
      () => forward().train(any(value)),
      () => forward().forward(any(value)),
      () => forward().forward(x, any(value)),
      () => forward().backward(any(value)),
      () => forward().mask(any(value)),
      () => new Generator(any(value)),
      () => new Generator(1, any(value)),
      () => new Generator(1).keyAt(any(value)),
      () => new Generator(1).fork(any(value)),
      () => pkg.manualSeed(any(value)),
      () => pkg.setTraining(any(value), true),
      () => pkg.setTraining([any(value)], true),
      () => pkg.layersToJSON(any(value)),
      () => pkg.dropout(any(value), given),
      () => pkg.dropout({ data: any(value), shape: [4] }, given),
      () => pkg.dropout({ data: x, shape: any(value) }, given),
      () => pkg.dropout(x, any(value)),
      () => pkg.dropout(x, { p: any(value), key }),
      () => pkg.dropout(x, { p: 0.5, key: any(value) }),
      () => pkg.dropout(x, { ...given, offset: any(value) }),
      () => pkg.dropout(x, { ...given, noiseShape: any(value) }),
      () => pkg.dropout(x, { ...given, out: any(value) }),
      () => pkg.mask(any(typeof value === 'number' ? -1 : value), given),
      () => pkg.mask(4, { ...given, format: any(value) }),
      () => pkg.applyMask(x, any(value), { p: 0.5 }),
      () => pkg.applyMask(x, new Uint8Array(4), { layer: any(value) }),
      () => pkg.biasDropoutResidual(x, { ...given, bias: any(value) }),
      () => pkg.biasDropoutResidualBackward(x, { ...given, features: any(value) }),
      () => pkg.biasDropoutResidualBackward(x, { ...given, features: 2, out: any(value) }),
      () => new Arena(any(value)),
      () => new Arena({ bytes: any(value) }),
      () => new Arena({ bytes: 8 }).float32(any(value)),
      () => pkg.useMemory(any(value)),
    ])
      expectShort(call, String(call));
  });
});

it('the digits of a huge bigint are not printed, which takes seconds', () => {
  const { Generator, dropout } = packages[0]![1];
  for (const huge of [2n ** 4_000_000n, -(2n ** 4_000_000n), 2n ** 100n]) {
    refuses(() => new Generator(huge), RangeError, /^seed .*, but got a bigint$/);
    refuses(() => dropout(ramp(4), { p: 0.5, key: huge }), RangeError, /^key .*, but got a bigint: /);
  }
  refuses(() => new Generator(2n ** 64n), RangeError, /but got 18446744073709551616n$/);
});

describe.each(packages)('empty tensors of huge shape on %s', (_, pkg) => {
  const HUGE = [2 ** 27, 2 ** 31 - 1, 2 ** 32, 2 ** 40, 2 ** 53, 2 ** 600];
  const ONES = [1, 2];

  /** Shapes of a rank with one axis of 0, and huge or small others. */
  function* shapes(rank: number): Generator<number[]> {
    for (let zero = 0; zero < rank; zero++)
      for (const huge of HUGE)
        for (const other of [...ONES, huge]) {
          if (rank === 1) yield [0];
          for (let at = 0; at < rank; at++)
            if (at !== zero) {
              const shape = new Array(rank).fill(other);
              shape[at] = huge;
              shape[zero] = 0;
              yield shape;
            }
        }
  }

  const noiseShapes = (shape: readonly number[]) => [
    shape.map((_, axis) => (axis % 2 ? 1 : null)),
    shape.map((_, axis) => (axis % 2 ? null : 1)),
    [1],
  ];

  it.each(layersOf(pkg).filter(([name]) => !/noiseShape/.test(name)))(
    'pass through %s at once, forward, backward and as masks',
    (name, usual, create) => {
      for (const Floats of [Float32Array, Float64Array])
        for (const shape of shapes(usual.length)) {
          const x = { data: new Floats(0), shape };
          const layer = create(pkg, 0.5, { seed: 1 });
          expect(layer.forward(x)).toEqual(x);
          expect(layer.backward(x)).toEqual(x);
          expect(layer.pullback()(x, { data: new Floats(0), shape })).toEqual(x);
          const masked = layer as MaskLayer;
          if (!masked.mask) continue;
          for (const training of [true, false]) {
            layer.forward(x, { training });
            const [bytes, bits] = [masked.mask(), masked.mask('bits')];
            expect(bytes.length + bits.length, name).toBe(0);
            expect(pkg.applyMask(x, bytes, { layer: masked })).toEqual(x);
            expect(pkg.applyMask(x, bits, { layer: masked, format: 'bits', gradient: true })).toEqual(x);
          }
        }
    },
  );

  it('pass through every call at once', () => {
    for (const rank of [2, 3, 6])
      for (const shape of shapes(rank)) {
        const x = { data: new Float32Array(0), shape };
        for (const noiseShape of noiseShapes(shape)) {
          expect(pkg.dropout(x, { ...given, noiseShape })).toEqual(x);
          expect(pkg.alphaDropout(x, { ...given, noiseShape })).toEqual(x);
          const layer = new pkg.Dropout(0.5, { noiseShape });
          layer.forward(x);
          expect(layer.mask()).toHaveLength(0);
        }
        expect(pkg.gaussianDropout(x, given)).toEqual(x);
        expect(pkg.gaussianNoise(x, { stddev: 1, key })).toEqual(x);
        expect(pkg.applyMask(x, new Uint8Array(0), { p: 0.5 })).toEqual(x);
        if (rank === 3)
          for (const channels of ['first', 'last'] as const)
            expect(pkg.dropBlock2d(x, { ...given, blockSize: 2 ** 53, channels })).toEqual(x);
        if (shape.at(-1)) continue;
        const empty = new Float32Array(0);
        expect(pkg.biasDropoutResidual(x, { ...given, bias: empty, residual: x })).toEqual(x);
        expect(pkg.biasDropoutResidualBackward(x, given)).toEqual({ dx: x, dbias: empty });
      }
  });

  it('draw one key, like any other', () => {
    const layer = new pkg.DropPath(0.5, { seed: 1 });
    layer.forward({ data: new Float32Array(0), shape: [2 ** 40, 0] });
    expect(layer.generator.position).toBe(1);
  });
});

describe.each(packages)('calls that throw on %s', (_, pkg) => {
  const { Arena } = pkg;

  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** An array in an arena, which has room for a result of n elements, but not of more. */
  function inArena(n: number) {
    const arena = new Arena({ bytes: 8 * n });
    return { arena, x: arena.float32(n).fill(1) };
  }

  it.each(layersOf(pkg))(
    '%s draws no key, keeps its state and gives the bytes back',
    (...[, shape, create]: LayerCase) => {
      const n = tensor(shape).data.length;
      const layer = create(pkg, 0.5, { seed: 1 });
      layer.forward(tensor(shape));
      (layer as LockedDropout).reset?.();
      const state = () => [JSON.stringify(layer), layer.key, layer.backward(tensor(shape)).data.join()];
      const before = state();
      const full = new Arena({ bytes: 8 * n - 1 });
      const wide = full.float32(n).fill(1);
      refuses(() => layer.forward({ data: wide, shape }), RangeError, /^out has to be given/);
      refuses(() => layer.backward({ data: wide, shape }), RangeError, /^out has to be given/);
      expect(full.bytesFree).toBe(4 * n - 1);
      const { arena, x } = inArena(n);
      arena.reset();
      refuses(() => layer.forward({ data: x, shape }), RangeError, /reset\(\)/);
      refuses(() => layer.backward({ data: x, shape }), RangeError, /reset\(\)/);
      expect(arena.bytesFree).toBe(8 * n);
      refuses(() => layer.forward({ data: x, shape }, { data: x.subarray(1), shape }), RangeError, /^out/);
      expect(state()).toEqual(before);
      expect([...x]).toEqual(new Array(n).fill(1));
    },
  );

  it('biasDropoutResidualBackward with room for dx, but not for dbias, gives both back', () => {
    for (const room of [0, 4, 20]) {
      const arena = new Arena({ bytes: 400 + room });
      const dy = arena.float32(50).fill(1);
      refuses(
        () => pkg.biasDropoutResidualBackward(dy, { ...given, features: 10 }),
        RangeError,
        /^out has to be given/,
      );
      expect(arena.bytesFree).toBe(200 + room);
    }
    const arena = new Arena({ bytes: 440 });
    const { dx, dbias } = pkg.biasDropoutResidualBackward(arena.float32(50).fill(1), { ...given, features: 10 });
    expect([dx.byteOffset, dbias.byteOffset, arena.bytesFree]).toEqual([200, 400, 0]);
  });

  it('LockedDropout of another batch and a generator at its end give the bytes back', () => {
    const { arena, x } = inArena(24);
    const locked = new pkg.LockedDropout(0.5, { seed: 1 });
    locked.forward(tensor([2, 3, 4]));
    for (const shape of [
      [2, 4, 3],
      [3, 2, 4],
      [3, 4, 2],
      [4, 3, 2],
    ])
      refuses(() => locked.forward({ data: x, shape }), RangeError, /until reset\(\)/);
    const json = { ...new pkg.Dropout(0.5, { seed: 1 }).toJSON(), generator: { seed: '0x1', position: 2 ** 53 } };
    refuses(() => pkg.Dropout.fromJSON(json).forward(x), RangeError, /^position has to be/);
    expect([arena.bytesFree, locked.generator.position]).toEqual([96, 1]);
  });
});

it.each(['dropout', 'applyMask', 'fused', 'noise'])(
  'a kernel that throws: no key is drawn, and the arena gets its bytes back: %s',
  async (broken) => {
    vi.resetModules();
    const { Instance } = WebAssembly;
    let isBroken = false;
    WebAssembly.Instance = class {
      declare exports: object;
      constructor(module: WebAssembly.Module, imports: WebAssembly.Imports) {
        const { exports } = new Instance(module, imports);
        this.exports = Object.fromEntries(
          Object.entries(exports as Record<string, (...args: unknown[]) => void>).map(([name, call]) => [
            name,
            (...args: unknown[]) => {
              if (isBroken && name === broken) throw new WebAssembly.RuntimeError('broken by the test');
              call(...args);
            },
          ]),
        );
      }
    } as never;
    try {
      const pkg: Package = await import('../../src/index.js');
      const cases = layersOf(pkg);
      const layers = cases.map(([, , create]) => create(pkg, 0.5, { seed: 1 }));
      const arena = new pkg.Arena({ bytes: 2 ** 20 });
      const x = arena.float32(40).fill(1);
      const calls = [
        () => pkg.dropout(x, given),
        () => pkg.alphaDropout(x, given),
        () => pkg.applyMask(x, new Uint8Array(40), { p: 0.5 }),
        () => pkg.biasDropoutResidual(x, { ...given, bias: x.subarray(0, 4) }),
        () => pkg.biasDropoutResidualBackward(x, { ...given, features: 4 }),
        () => pkg.gaussianNoise(x, { stddev: 1, key }),
        () => pkg.gaussianDropout(x, given),
        () => pkg.dropBlock2d({ data: x, shape: [1, 5, 8] }, { ...given, blockSize: 2 }),
        ...layers.map((layer, i) => () => {
          const [, shape] = cases[i]!;
          const { data } = tensor(shape);
          const inArena = arena.float32(data.length);
          inArena.set(data);
          return layer.forward({ data: inArena, shape });
        }),
      ];
      const bytes = arena.uint8(40);
      for (const call of calls) call();
      const before = layers.map((layer) => JSON.stringify(layer));
      isBroken = true;
      let thrown = 0;
      for (const [i, call] of calls.entries()) {
        const layer = layers[i - (calls.length - layers.length)];
        const { bytesFree } = arena;
        const input = layer ? 4 * tensor(cases[i - (calls.length - layers.length)]![1]).data.length : 0;
        try {
          call();
        } catch (error) {
          expect((error as Error).message).toBe('broken by the test');
          expect(bytesFree - arena.bytesFree).toBe(input);
          if (layer) expect(JSON.stringify(layer)).toBe(before[layers.indexOf(layer)]);
          thrown++;
        }
      }
      expect(thrown).toBeGreaterThan(1);
      expect([...bytes]).toEqual(new Array(40).fill(0));
      isBroken = false;
      expectSameBits(pkg.dropout(x, given), packages[1]![1].dropout(x.slice(), given));
    } finally {
      WebAssembly.Instance = Instance;
    }
  },
);
