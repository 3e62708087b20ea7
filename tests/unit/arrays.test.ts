/** Arrays whose class, realm or own properties are others': their elements are read and written, nothing of theirs is called. */
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { TILE_BYTES } from '../../src/backend/wasm/scratch.js';
import { wave } from '../support/arrays.js';
import { packages } from '../support/backends.js';
import { expectSameBits } from '../support/expect.js';
import { layersOf } from '../support/layers.js';

type Floats = Float32Array | Float64Array;
type Any = Floats | Uint8Array;
type Class = new (...args: never[]) => Any;
/** Makes an array of n elements out of one. */
type Wrap = (array: Any) => Any;

const view = (array: Any): [ArrayBufferLike, number, number] => [array.buffer, array.byteOffset, array.length];
const engineClass = (array: Any) => array.constructor as unknown as Class;

/** A method or getter that must not be called. */
const untouchable = () => {
  throw new Error('called');
};

/** Gives an array the prototype of a subclass, as if its constructor had made it. */
const instanceOf =
  (subclass: (Base: Class) => Class): Wrap =>
  (array) =>
    Object.setPrototypeOf(array, subclass(engineClass(array)).prototype);

const hostileMembers = (value: object): void => {
  for (const name of ['length', 'byteOffset', 'byteLength', 'buffer', 'BYTES_PER_ELEMENT'])
    Object.defineProperty(value, name, { get: untouchable });
  for (const name of ['subarray', 'set', 'fill', 'slice', 'map', 'at', 'keys', 'values'])
    Object.defineProperty(value, name, { value: untouchable });
  Object.defineProperty(value, Symbol.toStringTag, { get: untouchable });
  Object.defineProperty(value, Symbol.iterator, { value: untouchable });
};

const KINDS: [string, Wrap][] = [
  [
    'a subclass whose constructor takes rows and columns',
    instanceOf(
      (Base) =>
        class Matrix extends (Base as unknown as Float32ArrayConstructor) {
          constructor(rows: number, columns: number) {
            super(rows * columns);
          }
        } as never,
    ),
  ],
  [
    'a subclass whose constructor takes a shape',
    instanceOf(
      (Base) =>
        class Shaped extends (Base as unknown as Float32ArrayConstructor) {
          constructor(shape: number[]) {
            super(shape.reduce((n, size) => n * size));
          }
        } as never,
    ),
  ],
  [
    'a subclass whose constructor copies its arguments',
    instanceOf(
      (Base) =>
        class Copied extends (Base as unknown as Float32ArrayConstructor) {
          constructor(...args: [never]) {
            super(Array.from(new (Base as unknown as Float32ArrayConstructor)(...args)));
          }
        } as never,
    ),
  ],
  [
    'a subclass with Symbol.species',
    instanceOf(
      (Base) =>
        class Species extends (Base as unknown as Float32ArrayConstructor) {
          static get [Symbol.species]() {
            return Array;
          }
        } as never,
    ),
  ],
  [
    'a subclass that overrides every member',
    instanceOf((Base) => {
      const Hostile = class extends (Base as unknown as Float32ArrayConstructor) {};
      hostileMembers(Hostile.prototype);
      return Hostile as never;
    }),
  ],
  ['an instance without a prototype', (array) => Object.setPrototypeOf(array, null)],
  [
    'an array of another realm',
    (array) => {
      const copy = runInNewContext(`new ${engineClass(array).name}(${array.length})`);
      Uint8Array.prototype.set.call(copy, array);
      return copy;
    },
  ],
  [
    'an array with methods of its own',
    (array) => {
      for (const name of ['subarray', 'set', 'fill', 'slice', 'map', 'keys'])
        Object.defineProperty(array, name, { value: untouchable });
      return array;
    },
  ],
  [
    'an array with a constructor of its own',
    (array) =>
      Object.defineProperty(array, 'constructor', {
        value: {
          get [Symbol.species]() {
            return untouchable();
          },
        },
      }),
  ],
];

/** The elements of any such array. */
function elementsOf(value: unknown): Any {
  const { prototype } = Object.getPrototypeOf(Uint8Array);
  const read = (name: string | symbol) => Object.getOwnPropertyDescriptor(prototype, name)!.get!.call(value);
  const Engine = globalThis[read(Symbol.toStringTag) as 'Float32Array'];
  return new Engine(read('buffer'), read('byteOffset'), read('length'));
}

describe.each(packages)('on %s', (_, pkg) => {
  const { applyMask, biasDropoutResidual, biasDropoutResidualBackward, dropout, mask } = pkg;
  const key = 7n;
  const p = 0.4;
  const given = { p, key };

  /** Every call with arrays made by `floats` and `bytes`, and with `out` if it is to be given. */
  function resultsOf(n: number, floats: (from?: number) => never, bytes: (n: number) => never, withOut: boolean) {
    const out = () => (withOut ? { out: floats(5) } : {});
    const shape = [2, n / 2];
    const tensor = (data: never) => ({ data, shape });
    const x = floats();
    const features = n / 4;
    const row = (k: number) => elementsOf(floats(k)).slice(0, features) as never;
    const { dx, dbias } = biasDropoutResidualBackward(floats(), {
      ...given,
      features,
      ...(withOut && { out: { dx: floats(5), dbias: row(9) } }),
    });
    const residual = floats(3);
    const results: unknown[] = [
      dropout(floats(), { ...given, ...out() }),
      dropout(x, { ...given, out: x }),
      dropout(floats(), { p: 0, key, ...out() }),
      dropout(floats(), { p: 1, key, ...out() }),
      (dropout(tensor(floats()), { ...given, noiseShape: [2, 1] }) as { data: unknown }).data,
      pkg.alphaDropout(floats(), { ...given, ...out() }),
      pkg.gaussianDropout(floats(), { ...given, ...out() }),
      pkg.gaussianDropout(floats(), { p: 1, key, ...out() }),
      pkg.gaussianNoise(floats(), { stddev: 0.3, key, ...out() }),
      applyMask(floats(), bytes(n), { p, ...out() }),
      applyMask(floats(), bytes(Math.ceil(n / 8)), { p, format: 'bits', ...out() }),
      applyMask(floats(), bytes(n), { p: 1, ...out() }),
      biasDropoutResidual(floats(), { ...given, bias: floats(2), residual, ...out() }),
      biasDropoutResidual(floats(), { ...given, bias: floats(2), residual, out: residual }),
      mask(n, { ...given, out: bytes(n) }),
      mask(n, { ...given, format: 'bits', out: bytes(Math.ceil(n / 8)) }),
      dx,
      dbias,
    ];
    for (const p of [0.4, 1]) {
      const image = { data: floats(), shape: [1, 2, n / 2] };
      results.push(pkg.dropBlock2d(image, { p, key, blockSize: 1, ...(withOut && { out: image }) }).data);
    }
    return results.map(elementsOf);
  }

  const plainFloats =
    (Floats: Float32ArrayConstructor | Float64ArrayConstructor, n: number) =>
    (from = 0) =>
      (Floats as Float32ArrayConstructor).from({ length: n }, (_, i) => wave(i + from)) as never;
  const plainBytes = (n: number) => Uint8Array.from({ length: n }, (_, i) => (i * 37) % 251) as never;

  /** A small one, and one more vector than a tile holds, of f32 and of f64. */
  const sizes: [Float32ArrayConstructor | Float64ArrayConstructor, number][] = [
    [Float32Array, 64],
    [Float32Array, TILE_BYTES / 4 + 64],
    [Float64Array, TILE_BYTES / 8 + 16],
  ];

  describe.each(KINDS)('%s', (_, wrap) => {
    it.each(sizes)('serves every call like a plain array: %o, %i', (Floats, n) => {
      for (const withOut of [false, true]) {
        const [floats, bytes] = [plainFloats(Floats, n), plainBytes];
        const expected = resultsOf(n, floats, bytes, withOut);
        const wrapped = (make: (k: number) => never) => (k: number) => wrap(make(k)) as never;
        const got = resultsOf(n, wrapped(floats) as never, wrapped(bytes), withOut);
        for (const [i, result] of got.entries()) expectSameBits(result, expected[i]!);
      }
    });

    it.each(sizes)('lies in an arena and on shared memory too: %o, %i', (Floats, n) => {
      const arena = new pkg.Arena({ bytes: 2 ** 21 });
      const inArena = (array: Any) => {
        const name = array.constructor.name.replace('Array', '').toLowerCase();
        const copy = arena[name as 'float32'](array.length);
        copy.set(array);
        // A view of its own, since the arena knows its own arrays.
        return wrap(new (engineClass(array) as unknown as Float32ArrayConstructor)(...view(copy)));
      };
      const shared = (array: Any) => {
        const copy = new (engineClass(array) as unknown as Float32ArrayConstructor)(
          new SharedArrayBuffer(array.byteLength),
        );
        copy.set(array);
        return wrap(copy);
      };
      const x = plainFloats(Floats, n)();
      const expected = dropout(x, given);
      for (const place of [inArena, shared]) {
        const array = place(x) as never;
        expectSameBits(elementsOf(dropout(array, given)), expected);
        expect(dropout(array, { ...given, out: array })).toBe(array);
        expectSameBits(elementsOf(array), expected);
      }
    });

    it('is the x, dy and out of every layer, in place too', () => {
      for (const [, shape, create] of layersOf(pkg)) {
        const n = shape.reduce((product, size) => product * size);
        const floats = plainFloats(Float32Array, n);
        const results = (wrapped: (array: never) => unknown) => {
          const layer = create(pkg, p, { seed: 1 });
          const make = (from: number) => ({ data: wrapped(floats(from)) as Float32Array, shape });
          const y = layer.forward(make(0), make(1)).data;
          const gradient = layer.backward(make(2), make(3)).data;
          layer.inplace = true;
          const x = make(4);
          expect(layer.forward(x)).toBe(x);
          layer.eval();
          return [y, gradient, x.data, layer.forward(make(5), make(6)).data].map(elementsOf);
        };
        const expected = results((array) => array);
        for (const [i, result] of results(wrap).entries()) expectSameBits(result, expected[i]!);
      }
    });
  });

  it('a Buffer serves as a mask, and as the target of one', () => {
    const x = plainFloats(Float32Array, 5000)();
    const kept = mask(5000, given);
    expectSameBits(applyMask(x, Buffer.from(kept), { p }), dropout(x, given));
    const target = Buffer.alloc(5000);
    expect(mask(5000, { ...given, out: target })).toBe(target);
    expectSameBits(target, kept);
    const bits = mask(5000, { ...given, format: 'bits' });
    expectSameBits(applyMask(x, Buffer.from(bits), { p, format: 'bits' }), dropout(x, given));
  });

  it('results are plain arrays of this realm', () => {
    for (const [, wrap] of KINDS) {
      const y = dropout(wrap(plainFloats(Float32Array, 64)()) as Float32Array, given);
      expect(Object.getPrototypeOf(y)).toBe(Float32Array.prototype);
      expect(Reflect.ownKeys(y)).toHaveLength(64);
    }
  });

  it('a tensor whose getters and shape are another class’s serves as well', () => {
    const data = plainFloats(Float32Array, 6)() as Float32Array;
    class NdArray {
      get data() {
        return data;
      }
      get shape() {
        return runInNewContext('[2, 3]');
      }
      get stride() {
        return Int32Array.of(3, 1);
      }
    }
    expect(dropout(new NdArray(), given)).toEqual(dropout({ data, shape: [2, 3] }, given));
  });
});
