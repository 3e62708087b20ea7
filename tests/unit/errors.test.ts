/** Bad arguments: the class of the error, the argument that its message names, and that nothing is written or drawn. */
import { describe, expect, it } from 'vitest';
import { packages } from '../support/backends.js';
import { bytesOf } from '../support/bits.js';
import { refuses, refusesBeforeWriting } from '../support/expect.js';

const key = 1n;
const wrong = (value: unknown) => value as never;

const probabilities: [unknown, typeof Error, RegExp][] = [
  [-0.1, RangeError, /^p has to be between 0 and 1, but got -0\.1$/],
  [50, RangeError, /^p has to be between 0 and 1, but got 50: 0\.5 is 50 %$/],
  [1.1, RangeError, /^p has to be between 0 and 1, but got 1\.1: 0\.011/],
  [Number.NaN, RangeError, /^p has to be between 0 and 1, but got NaN$/],
  ['0.5', TypeError, /^p has to be a number between 0 and 1, but got "0\.5"$/],
  [null, TypeError, /^p has to be a number between 0 and 1, but got null$/],
  [0n, TypeError, /^p has to be a number between 0 and 1, but got 0n$/],
  [{}, TypeError, /^p has to be a number between 0 and 1, but got Object/],
];

const wholes: [unknown, typeof Error][] = [
  [-1, RangeError],
  [0.5, RangeError],
  [2 ** 53 + 2, RangeError],
  [Number.NaN, RangeError],
  [Number.POSITIVE_INFINITY, RangeError],
  ['1', TypeError],
  [null, TypeError],
  [1n, TypeError],
];

const keys: [unknown, typeof Error][] = [
  [undefined, TypeError],
  [1, TypeError],
  ['1', RangeError],
  [`0x1${'0'.repeat(16)}`, RangeError],
  [{}, TypeError],
  [-1n, RangeError],
  [2n ** 64n, RangeError],
];

describe.each(packages)('calls and layers on %s', (_, pkg) => {
  const { Arena, Dropout, Generator, applyMask, dropout, manualSeed, mask } = pkg;
  const x = () => Float32Array.of(1, 2, 3, 4);

  it.each(probabilities)('refuse p = %s', (p, type, message) => {
    refusesBeforeWriting((out) => dropout(x(), { p: wrong(p), key, out }), type, message);
    refusesBeforeWriting((out) => applyMask(x(), new Uint8Array(4), { p: wrong(p), out }), type, message);
    refusesBeforeWriting((out) => mask(4, { p: wrong(p), key, out: bytesOf(out) }), type, message);
    refuses(() => new Dropout(wrong(p)), type, message);
    const layer = new Dropout(0.25);
    refuses(() => Object.assign(layer, { p }), type, message);
    expect(layer.p).toBe(0.25);
  });

  it.each(wholes)('refuse a length, an offset and a position of %s', (n, type) => {
    refusesBeforeWriting((out) => dropout(x(), { p: 0.5, key, offset: wrong(n), out }), type, /^offset has to be/);
    refusesBeforeWriting(
      (out) => mask(4, { p: 0.5, key, offset: wrong(n), out: bytesOf(out) }),
      type,
      /^offset has to be/,
    );
    refusesBeforeWriting((out) => mask(wrong(n), { p: 0.5, key, out: bytesOf(out) }), type, /^length has to be/);
    refuses(() => new Generator(1, wrong(n)), type, /^position has to be/);
    refuses(() => new Generator(1).keyAt(wrong(n)), type, /^position has to be/);
    refuses(() => new Arena({ bytes: wrong(n) }), type, /^bytes has to be/);
    refuses(() => new Arena({ bytes: 64 }).float32(wrong(n)), type, /^n has to be/);
  });

  it('take an offset of 2^53', () => {
    expect(mask(4, { p: 0.5, key, offset: 2 ** 53 })).toHaveLength(4);
  });

  it.each(keys)('refuse key = %s', (key, type) => {
    refusesBeforeWriting((out) => dropout(x(), { p: 0.5, key: wrong(key), out }), type, /^key has to be/);
    refusesBeforeWriting((out) => mask(4, { p: 0.5, key: wrong(key), out: bytesOf(out) }), type, /^key has to be/);
  });

  it('refuse a bad seed and a bad label', () => {
    for (const seed of [-1, 0.5, 2 ** 53 + 2, -1n, 2n ** 64n]) {
      refuses(() => new Generator(seed), RangeError, /^seed has to be/);
      refuses(() => manualSeed(seed), RangeError, /^seed has to be/);
    }
    for (const seed of ['1', null, {}, true]) refuses(() => new Generator(wrong(seed)), TypeError, /^seed has to be/);
    refuses(() => new Generator(1).fork(wrong(1)), TypeError, /^label has to be a string, but got 1$/);
  });

  it.each([
    ['an int array', new Int32Array(4), 'Int32Array'],
    ['a plain array', [1, 2, 3, 4], '\\[1,2,3,4\\]'],
    ['a DataView', new DataView(new ArrayBuffer(16)), 'DataView'],
    ['null', null, 'null'],
    ['undefined', undefined, 'undefined'],
    ['a number', 4, '4'],
    ['an int tensor', { data: new Int32Array(4), shape: [4] }, 'Int32Array'],
    ['a tensor without data', { shape: [4] }, 'Object'],
  ])('refuse %s as x', (_, bad, got) => {
    const message = new RegExp(`^x has to be a Float32Array or a Float64Array or a Float16Array, but got ${got}`);
    refusesBeforeWriting((out) => dropout(wrong(bad), { p: 0.5, key, out: wrong(out) }), TypeError, message);
    refusesBeforeWriting(
      (out) => applyMask(wrong(bad), new Uint8Array(4), { p: 0.5, out: wrong(out) }),
      TypeError,
      message,
    );
    const generator = new Generator(1);
    const layer = new Dropout(0.5, { generator });
    refusesBeforeWriting((out) => layer.forward(wrong(bad), wrong(out)), TypeError, message);
    refuses(() => layer.eval().forward(wrong(bad)), TypeError, message);
    expect(generator.position).toBe(0);
  });

  it('refuse a shape that does not fit', () => {
    const tensor = (shape: unknown) => ({ data: x(), shape: wrong(shape) });
    const call = (shape: unknown) => () => dropout(tensor(shape), { p: 0.5, key });
    for (const shape of [[2, 3], [], [4, 0]])
      refuses(call(shape), RangeError, /^x\.shape has to be of 4 elements, but got \[/);
    for (const shape of [
      [-2, -2],
      [1.5, 4],
      [4, Number.NaN],
    ])
      refuses(call(shape), RangeError, /^x\.shape has to be an array of whole numbers/);
    for (const shape of [['4'], '4', undefined, null, new Array(2)])
      refuses(call(shape), TypeError, /^x\.shape has to be an array of whole numbers/);
    const out = { data: x(), shape: [4, 1] };
    refuses(
      () => dropout(tensor([2, 2]), { p: 0.5, key, out }),
      RangeError,
      /^out\.shape has to be \[2,2\], but got \[4,1\]$/,
    );
    expect([...out.data]).toEqual([...x()]);
  });

  it('refuse out if it is too short, has the wrong type or kind, or partly overlaps x', () => {
    const short = new Float32Array(3).fill(7);
    refuses(
      () => dropout(x(), { p: 0.5, key, out: short }),
      RangeError,
      /^out\.length has to be at least 4, but got 3$/,
    );
    expect([...short]).toEqual([7, 7, 7]);
    refuses(
      () => dropout(x(), { p: 0.5, key, out: wrong(new Float64Array(4)) }),
      TypeError,
      /^out has to be an array of the type of x/,
    );
    refuses(
      () => dropout(x(), { p: 0.5, key, out: wrong(new Uint8Array(16)) }),
      TypeError,
      /^out has to be a Float32Array/,
    );
    refusesBeforeWriting(
      (out) => dropout(x(), { p: 0.5, key, out: wrong({ data: out, shape: [24] }) }),
      TypeError,
      /^out has to be/,
    );
    refusesBeforeWriting(
      (out) => dropout({ data: x(), shape: [4] }, { p: 0.5, key, out: wrong(out) }),
      TypeError,
      /^out has to be/,
    );

    for (const memory of [new ArrayBuffer(64), new Arena({ bytes: 64 }).uint8(64).buffer]) {
      const all = new Float32Array(memory).fill(3);
      for (const shift of [1, 3]) {
        const overlap = /^out overlaps x in part$/;
        refuses(() => dropout(all.subarray(4, 8), { p: 0.5, key, out: all.subarray(4 - shift) }), RangeError, overlap);
        refuses(() => dropout(all.subarray(4, 8), { p: 0.5, key, out: all.subarray(4 + shift) }), RangeError, overlap);
      }
      expect(all.every((v) => v === 3)).toBe(true);
      // Allowed: an out next to x, and a longer out of which only the unwritten part overlaps x.
      dropout(all.subarray(4, 8), { p: 0.5, key, out: all.subarray(0) });
      dropout(all.subarray(4, 8), { p: 0.5, key, out: all.subarray(8) });
    }
  });

  it('refuse detached arrays, even if x is empty', () => {
    const detached = <A extends Float32Array | Uint8Array>(array: A): A => {
      structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
      return array;
    };
    const message = (name: string) => new RegExp(`^${name} is detached`);
    refusesBeforeWriting((out) => dropout(detached(x()), { p: 0.5, key, out }), TypeError, message('x'));
    refuses(() => dropout(x(), { p: 0.5, key, out: detached(x()) }), TypeError, message('out'));
    refuses(() => dropout(new Float32Array(0), { p: 0.5, key, out: detached(x()) }), TypeError, message('out'));
    refusesBeforeWriting(
      (out) => applyMask(x(), detached(new Uint8Array(4)), { p: 0.5, out }),
      TypeError,
      message('mask'),
    );
    refuses(() => mask(4, { p: 0.5, key, out: detached(new Uint8Array(4)) }), TypeError, message('out'));
    refuses(() => new Dropout().forward(detached(x())), TypeError, message('x'));
  });

  it('refuse masks of the wrong type, length or format', () => {
    refusesBeforeWriting(
      (out) => applyMask(x(), wrong([1, 0, 0, 1]), { p: 0.5, out }),
      TypeError,
      /^mask has to be a Uint8Array, but got \[/,
    );
    refusesBeforeWriting(
      (out) => applyMask(x(), new Uint8Array(3), { p: 0.5, out }),
      RangeError,
      /^mask\.length has to be 4, but got 3$/,
    );
    refusesBeforeWriting(
      (out) => applyMask(x(), new Uint8Array(4), { p: 0.5, format: 'bits', out }),
      RangeError,
      /^mask\.length has to be 1/,
    );
    refusesBeforeWriting(
      (out) => applyMask(x(), new Uint8Array(4), { p: 0.5, format: wrong('bit'), out }),
      RangeError,
      /^format has to be/,
    );
    refusesBeforeWriting(
      (out) => applyMask(x(), new Uint8Array(4), { p: 0.5, format: wrong(1), out }),
      TypeError,
      /^format has to be "bytes" or "bits", but got 1$/,
    );
    refuses(
      () => mask(4, { p: 0.5, key, out: wrong(x()) }),
      TypeError,
      /^out has to be a Uint8Array, but got Float32Array$/,
    );
    refuses(
      () => mask(4, { p: 0.5, key, out: new Uint8Array(3) }),
      RangeError,
      /^out\.length has to be at least 4, but got 3$/,
    );
    const memory = new ArrayBuffer(16);
    const bytes = new Uint8Array(memory).fill(1);
    const over = { p: 0.5, out: new Float32Array(memory) };
    refuses(() => applyMask(x(), bytes.subarray(8, 12), over), RangeError, /^out overlaps mask$/);
    expect(bytes.every((v) => v === 1)).toBe(true);
  });

  it('refuse to write over x after its arena was reset', () => {
    for (const taken of [0, 1]) {
      const arena = new Arena({ bytes: 64 });
      arena.float32(1 - taken);
      const x = arena.float32(8);
      x.fill(3);
      arena.reset();
      arena.float32(taken);
      const generator = new Generator(1);
      expect(() => new Dropout(0.5, { generator }).forward(x)).toThrow(
        /^x is from before reset\(\) of its arena: pass out$/,
      );
      expect([generator.position, ...x]).toEqual([0, 3, 3, 3, 3, 3, 3, 3, 3]);
    }
  });

  it('refuse bad options of a layer, and calls before a forward', () => {
    refuses(
      () => new Dropout(0.5, { generator: wrong({}) }),
      TypeError,
      /^generator has to be a Generator, but got Object$/,
    );
    refuses(() => new Dropout(0.5, { inplace: wrong(1) }), TypeError, /^inplace has to be a boolean, but got 1$/);
    refuses(() => new Dropout().train(wrong('yes')), TypeError, /^mode has to be a boolean, but got "yes"$/);
    refusesBeforeWriting((out) => new Dropout().backward(x(), out), Error, /^backward needs a forward first$/);
    refuses(() => new Dropout().mask(), Error, /^mask needs a forward first$/);
    refuses(
      () => Dropout.fromJSON(wrong({ type: 'Flatten' })),
      RangeError,
      /^type has to be "Dropout", but got "Flatten"$/,
    );
    const layer = new Dropout();
    layer.forward({ data: x(), shape: [2, 2] });
    refusesBeforeWriting(
      (out) => layer.backward(new Float32Array(3), out),
      RangeError,
      /^dy\.length has to be 4, but got 3$/,
    );
    refuses(() => layer.backward(wrong(new Uint8Array(4))), TypeError, /^dy has to be a Float32Array/);
    refuses(
      () => layer.backward({ data: x(), shape: [4, 1] }),
      RangeError,
      /^dy\.shape has to be \[2,2\], but got \[4,1\]$/,
    );
    for (const shape of [[4], [2, 2, 1], [1, 2, 2]])
      refuses(() => layer.backward({ data: x(), shape }), RangeError, `dy.shape has to be [2,2], but got [${shape}]`);
    expect(layer.backward(x())).toHaveLength(4);
    const column = new Dropout();
    column.forward({ data: x(), shape: [4, 1] });
    refuses(() => column.backward({ data: x(), shape: [4] }), RangeError, 'dy.shape has to be [4,1], but got [4]');
    refusesBeforeWriting(
      (out) => layer.backward(x(), out.subarray(0, 3)),
      RangeError,
      /^out\.length has to be at least 4, but got 3$/,
    );
    refuses(() => layer.mask(wrong('hex')), RangeError, /^format has to be "bytes" or "bits", but got "hex"$/);
  });

  it('take empty arrays', () => {
    const layer = new Dropout(0.5, { seed: 1 });
    expect(layer.forward(new Float32Array(0))).toEqual(new Float32Array(0));
    expect(layer.forward({ data: new Float64Array(0), shape: [0, 3] })).toEqual({
      data: new Float64Array(0),
      shape: [0, 3],
    });
    expect(layer.mask('bits')).toEqual(new Uint8Array(0));
    expect(mask(0, { p: 0.5, key })).toEqual(new Uint8Array(0));
    expect(applyMask(new Float32Array(0), new Uint8Array(0), { p: 0.5 })).toEqual(new Float32Array(0));
    const arena = new Arena({ bytes: 0 });
    expect(layer.forward(arena.float32(0))).toHaveLength(0);
  });

  it('refuse options that are not objects', () => {
    const calls = [
      dropout,
      pkg.alphaDropout,
      pkg.gaussianDropout,
      pkg.biasDropoutResidual,
      pkg.gaussianNoise,
      pkg.dropBlock2d,
    ] as unknown as ((x: Float32Array, options: unknown) => unknown)[];
    for (const bad of [null, 5, 'p', x()])
      for (const call of calls) refuses(() => call(x(), bad), TypeError, /^options has to be an object, but got /);
    refuses(() => new Dropout(0.5, wrong(null)), TypeError, 'options has to be an object, but got null');
    refuses(
      () => new Arena(wrong(undefined)),
      TypeError,
      'bytes has to be a whole number from 0 to 4294967296, but got undefined',
    );
  });

  it('name the missing option', () => {
    const calls = [dropout, pkg.alphaDropout, pkg.gaussianDropout, pkg.biasDropoutResidual] as ((
      x: Float32Array,
    ) => unknown)[];
    for (const call of calls)
      refuses(() => call(x()), TypeError, /^p has to be a number between 0 and 1, but got undefined$/);
  });

  it('refuse unknown options of forward, and draw no key', () => {
    const layer = new Dropout(0.5, { seed: 1 });
    refuses(
      () => layer.forward(x(), wrong({ trainng: false })),
      TypeError,
      'unknown option "trainng": the options are out, training',
    );
    for (const out of [null, 5, [1]]) {
      refuses(() => layer.forward(x(), wrong(out)), TypeError, /^out has to be a Float32Array/);
      refuses(() => layer.forward(x(), { out: wrong(out) }), TypeError, /^out has to be a Float32Array/);
    }
    expect(layer.generator.position).toBe(0);
  });

  it.each(['inplace', 'always'] as const)('refuse to set %s to anything but a boolean', (name) => {
    const layer = new Dropout(0.5);
    refuses(() => Object.assign(layer, { [name]: 'no' }), TypeError, `${name} has to be a boolean, but got "no"`);
    expect(layer[name]).toBe(false);
  });
});

describe.each(packages)('on %s', (_, { Arena, Dropout, Generator, dropout }) => {
  it('calls on a full arena draw no key and allocate nothing', () => {
    const arena = new Arena({ bytes: 44 });
    const x = arena.float32(4);
    x.fill(1);
    expect(() => arena.float32(8)).toThrow(RangeError);
    expect(() => arena.float32(8)).toThrow(/^n has to be at most 7 in the rest of the arena, but got 8$/);
    arena.float32(4);
    const generator = new Generator(1);
    expect(() => new Dropout(0.5, { generator }).forward(x)).toThrow(
      'out has to be given: the arena has 12 of 16 bytes',
    );
    expect(() => dropout(x, { p: 0.5, key })).toThrow(RangeError);
    expect([generator.position, arena.bytesFree]).toEqual([0, 12]);
    expect(() => new Arena({ bytes: 2 ** 32 + 1 })).toThrow(/^bytes has to be a whole number from 0 to 4294967296/);
  });

  it('a full arena hands out empty arrays', () => {
    const arena = new Arena({ bytes: 12 });
    arena.float32(3);
    expect([arena.float64(0).length, arena.float32(0).length, arena.bytesFree]).toEqual([0, 0, 0]);
    expect(() => arena.float64(1)).toThrow(/^n has to be at most 0 in the rest of the arena, but got 1$/);
  });

  it('messages stay short for long and unusual values', () => {
    const got = (x: unknown) => () => dropout(wrong(x), { p: 0.5, key });
    expect(got(new Array(1e6).fill(1))).toThrow(/but got Array: Float32Array.from\(x\)$/);
    expect(got([1n, 2n])).toThrow(/but got \[1,2\]: Float32Array.from\(x\)$/);
    expect(got(Object.create(null))).toThrow(TypeError);
  });
});
