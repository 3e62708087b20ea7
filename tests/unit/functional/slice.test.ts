/** A slice of a global tensor gets the bits that it has as a part of the whole, however the whole is cut. */
import { SharedArena } from 'dropout-wasm/threads';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as source from '../../../src/index.js';
import { ramp, size, tensor } from '../../support/arrays.js';
import { type Package, packages } from '../../support/backends.js';
import { expectSameBits, refuses, refusesBeforeWriting } from '../../support/expect.js';

const key = 0xbdd732262feb6e95n;

type Floats = Float32Array | Float64Array;
type Shape = readonly number[];
interface Options {
  p: number;
  noiseShape?: (number | null)[] | undefined;
  slice?: source.Slice;
  out?: unknown;
}
type Tensor = { data: Floats; shape: Shape };
type Call = (pkg: Package, x: Tensor, options: Options) => Tensor;

const CALLS: [string, Call][] = [
  ['dropout', (pkg, x, o) => pkg.dropout(x, { key, ...o } as never)],
  ['alphaDropout', (pkg, x, o) => pkg.alphaDropout(x, { key, ...o } as never)],
  ['alphaDropoutBackward', (pkg, x, o) => pkg.alphaDropoutBackward(x, { key, ...o } as never)],
  ['gaussianDropout', (pkg, x, { noiseShape: _, ...o }) => pkg.gaussianDropout(x, { key, ...o } as never)],
  ['gaussianNoise', (pkg, x, { noiseShape: _, p, ...o }) => pkg.gaussianNoise(x, { stddev: p, key, ...o } as never)],
];

const toBits = (kept: Uint8Array): Uint8Array => {
  const bits = new Uint8Array(Math.ceil(kept.length / 8));
  kept.forEach((flag, i) => {
    bits[i >> 3]! |= flag << (i & 7);
  });
  return bits;
};

/** The index in a tensor of shape `of` of element i of its part of `shape` at `at`. */
function globalIndex(i: number, shape: Shape, { of, at }: source.Slice): number {
  let index = 0;
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index += stride * (at[axis]! + (i % shape[axis]!));
    i = Math.floor(i / shape[axis]!);
    stride *= of[axis]!;
  }
  return index;
}

function part<A extends Floats | Uint8Array>(whole: A, shape: Shape, slice: source.Slice): A {
  const data = whole.slice(0, size(shape)) as A;
  for (let i = 0; i < data.length; i++) data[i] = whole[globalIndex(i, shape, slice)]!;
  return data;
}

/** All parts of a grid that cuts each axis at these places. */
function grid(of: Shape, cuts: readonly Shape[]): { at: number[]; shape: number[] }[] {
  let parts: { at: number[]; shape: number[] }[] = [{ at: [], shape: [] }];
  of.forEach((n, axis) => {
    const bounds = [...new Set([0, ...cuts[axis]!, n])].sort((a, b) => a - b);
    parts = parts.flatMap(({ at, shape }) =>
      bounds.slice(1).map((end, i) => ({ at: [...at, bounds[i]!], shape: [...shape, end - bounds[i]!] })),
    );
  });
  return parts;
}

/** Shapes of up to five axes, up to 20,000 elements, cut at random places, with a noise shape in two of three cases. */
const cutTensor = fc
  .array(fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 70 })), { minLength: 1, maxLength: 5 })
  .filter((of) => size(of) <= 20_000)
  .chain((of) =>
    fc.record({
      of: fc.constant(of),
      cuts: fc.tuple(...of.map((n) => fc.array(fc.nat({ max: n }), { maxLength: 2 }))),
      noiseShape: fc.option(fc.tuple(...of.map((n) => fc.constantFrom(1, null, n))), { freq: 2, nil: undefined }),
    }),
  );

describe.each(packages)('on %s', (name, pkg) => {
  const numRuns = name === 'reference' ? 60 : 250;

  it.each(CALLS)('%s of the parts of any grid is that of the whole, cut', (_, call) => {
    fc.assert(
      fc.property(cutTensor, fc.constantFrom(0, 0.3, 1), fc.boolean(), ({ of, cuts, noiseShape }, p, isF64) => {
        const data = ramp(size(of));
        const x = { data: isF64 ? Float64Array.from(data) : data, shape: of };
        const whole = call(pkg, x, { p, noiseShape });
        for (const { at, shape } of grid(of, cuts)) {
          const slice = { of, at };
          const y = call(pkg, { data: part(x.data, shape, slice), shape }, { p, noiseShape, slice });
          expect(y.shape).toEqual(shape);
          expectSameBits(y.data, part(whole.data, shape, slice));
        }
      }),
      { numRuns },
    );
  });

  it('the masks of the parts of any grid are the mask of the whole, cut', () => {
    fc.assert(
      fc.property(cutTensor, fc.constantFrom('bytes' as const, 'bits' as const), ({ of, cuts, noiseShape }, format) => {
        const options = { p: 0.3, key, ...(noiseShape && { noiseShape }) };
        const whole = pkg.mask(of, options);
        expectSameBits(
          whole,
          pkg.dropout({ data: new Float32Array(size(of)).fill(0.7), shape: of }, options).data.map(Math.sign),
        );
        for (const { at, shape } of grid(of, cuts)) {
          const kept = part(whole, shape, { of, at });
          const out = new Uint8Array(kept.length + 3).fill(7);
          pkg.mask(shape, { ...options, slice: { of, at }, format, out });
          const expected = format === 'bits' ? toBits(kept) : kept;
          expectSameBits(out, [...expected, ...new Uint8Array(out.length - expected.length).fill(7)]);
        }
      }),
      { numRuns },
    );
  });

  // Rows in calls of their own and in padded tensors, chunks of these, blocks of the stream that rows begin and end in.
  it.each<[of: number[], at: number[], shape: number[], noiseShape?: (number | null)[]]>([
    [
      [40, 5000],
      [3, 4000],
      [30, 600],
    ],
    [
      [9, 4099],
      [1, 1],
      [7, 4097],
    ],
    [
      [300, 130],
      [7, 1],
      [290, 70],
    ],
    [
      [3, 40_000],
      [1, 17],
      [2, 33_000],
    ],
    [
      [50_000, 3],
      [1, 1],
      [40_000, 1],
    ],
    [
      [5, 60, 4, 33],
      [1, 2, 1, 3],
      [3, 50, 2, 30],
    ],
    [
      [5, 2000, 4, 2],
      [1, 2, 1, 1],
      [3, 1900, 2, 1],
    ],
    [
      [64, 20, 9],
      [3, 2, 4],
      [60, 17, 5],
      [null, null, 1],
    ],
    [
      [64, 9, 20],
      [3, 2, 4],
      [60, 5, 15],
      [null, 1, null],
    ],
    [
      [3, 700, 40],
      [1, 5, 1],
      [2, 690, 38],
      [1, null, 1],
    ],
    [
      [7, 2000, 40],
      [1, 5, 1],
      [5, 1900, 38],
      [null, 1, null],
    ],
  ])('of %j, the part at %j of shape %j is right, noise shape %j', (of, at, shape, noiseShape) => {
    const slice = { of, at };
    for (const [, call] of CALLS) {
      const x = { data: ramp(size(of)), shape: of };
      const expected = part(call(pkg, x, { p: 0.5, noiseShape }).data, shape, slice);
      const local = { data: part(x.data, shape, slice), shape };
      expectSameBits(call(pkg, local, { p: 0.5, noiseShape, slice }).data, expected);
      // In place, and in an arena.
      const arena = new pkg.Arena({ bytes: 8 * expected.length });
      const inArena = { data: arena.float32(expected.length), shape };
      inArena.data.set(local.data);
      expect(call(pkg, inArena, { p: 0.5, noiseShape, slice }).data.buffer).toBe(inArena.data.buffer);
      call(pkg, inArena, { p: 0.5, noiseShape, slice, out: inArena });
      expectSameBits(inArena.data, expected);
      call(pkg, local, { p: 0.5, noiseShape, slice, out: local });
      expectSameBits(local.data, expected);
    }
  });

  it('a contiguous part takes the draws from an offset on, up to the last of 2^53', () => {
    const x = ramp(5000);
    for (const start of [0, 1, 4095, 2 ** 40 + 3, 2 ** 53 - 5000]) {
      const slice = { of: [2 ** 53], at: [start] };
      const expected = pkg.dropout(x, { p: 0.5, key, offset: start });
      expectSameBits(pkg.dropout(x, { p: 0.5, key, slice }), expected);
      expectSameBits(pkg.mask(5000, { p: 0.5, key, slice }), expected.map(Math.sign));
      const rows = { data: x, shape: [5, 1000] };
      expectSameBits(
        pkg.dropout(rows, { p: 0.5, key, slice: { of: [2 ** 40, 1000], at: [7, 0] } }).data,
        pkg.dropout(x, { p: 0.5, key, offset: 7000 }),
      );
    }
  });

  it('parts of a tensor that no machine could hold take no more memory than they have', () => {
    const of = [2 ** 20, 2 ** 13, 2 ** 20];
    const x = tensor([2, 3, 40]);
    const at = [2 ** 20 - 2, 5, 2 ** 20 - 40];
    const y = pkg.dropout(x, { p: 0.5, key, slice: { of, at } }).data;
    for (let row = 0; row < 6; row++) {
      const offset = ((at[0]! + Math.floor(row / 3)) * of[1]! + at[1]! + (row % 3)) * of[2]! + at[2]!;
      expectSameBits(
        y.subarray(40 * row, 40 * row + 40),
        pkg.dropout(x.data.slice(40 * row, 40 * row + 40), { p: 0.5, key, offset }),
      );
    }
  });

  it('empty parts and scalars are fine', () => {
    const empty = { data: new Float32Array(0), shape: [0, 5] };
    expect(pkg.dropout(empty, { p: 0.5, key, slice: { of: [2 ** 30, 9], at: [7, 4] } })).toEqual(empty);
    expect(pkg.mask([0, 5], { p: 0.5, key, slice: { of: [0, 9], at: [0, 4] } })).toHaveLength(0);
    for (const format of ['bytes', 'bits'] as const)
      for (const noiseShape of [[null, 1], null])
        for (const shape of [
          [2 ** 30, 0],
          [0, 2 ** 30],
        ]) {
          const slice = { of: shape.map((n) => n + 8), at: [0, 3] };
          expect(pkg.mask(shape, { p: 0.5, key, slice, noiseShape, format })).toHaveLength(0);
        }
    const scalar = { data: Float32Array.of(3), shape: [] };
    expect(pkg.dropout(scalar, { p: 0.5, key, slice: { of: [], at: [] } })).toEqual(
      pkg.dropout(scalar, { p: 0.5, key }),
    );
  });

  describe('errors', () => {
    const x = () => ({ data: ramp(24), shape: [4, 6] });
    const call = (options: object) => (out: Float32Array) =>
      pkg.dropout(x(), { p: 0.5, key, out: { data: out, shape: [4, 6] }, ...options } as never);

    it.each<[string, object, new (...args: never[]) => Error, string]>([
      [
        'an offset',
        { slice: { of: [8, 6], at: [0, 0] }, offset: 0 },
        TypeError,
        'offset has to be left out beside a slice, but got 0',
      ],
      [
        'another name',
        { slice: { of: [8, 6], start: [0, 0] } },
        TypeError,
        'unknown option "start": the options are of, at',
      ],
      [
        'no shape',
        { slice: { at: [0, 0] } },
        TypeError,
        'slice.of has to be an array of whole numbers, but got undefined',
      ],
      [
        'a number',
        { slice: { of: [8, 6], at: 3 } },
        TypeError,
        'slice.at has to be an array of whole numbers, but got 3',
      ],
      ['a list', { slice: [8, 6] }, TypeError, 'slice has to be an object, but got [8,6]'],
      ['null', { slice: null }, TypeError, 'slice has to be an object, but got null'],
      [
        'too few axes',
        { slice: { of: [48], at: [0] } },
        RangeError,
        'slice.of has to be of as many axes as the shape [4,6], but got [48]',
      ],
      [
        'too many axes',
        { slice: { of: [8, 6], at: [0, 0, 0] } },
        RangeError,
        'slice.at has to be of as many axes as the shape [4,6]',
      ],
      ['half an index', { slice: { of: [8, 6], at: [0.5, 0] } }, RangeError, 'slice.at[0] has to be a whole number'],
      ['a negative index', { slice: { of: [8, 6], at: [0, -1] } }, RangeError, 'slice.at[1] has to be a whole number'],
      ['a hole', { slice: { of: [8, 6], at: new Array(2) } }, TypeError, 'slice.at[0] has to be a whole number'],
      ['a string', { slice: { of: ['8', 6], at: [0, 0] } }, TypeError, 'slice.of[0] has to be a whole number'],
      [
        'a part that ends outside',
        { slice: { of: [8, 6], at: [5, 0] } },
        RangeError,
        'slice.at has to be such that the shape [4,6] ends within [8,6], but got [5,0]',
      ],
      [
        'too many elements',
        { slice: { of: [2 ** 50, 2 ** 10], at: [0, 0] } },
        RangeError,
        'slice.of has to be of at most 2^53 elements',
      ],
      [
        "a noise shape of x's",
        { slice: { of: [8, 6], at: [0, 0] }, noiseShape: [4, 1] },
        RangeError,
        'noiseShape has to be one that can be broadcast to [8,6], but got [4,1]',
      ],
    ])('refuses %s', (_, options, type, message) => {
      refusesBeforeWriting(call(options), type, message);
    });

    it('reads slices before x, so that getters cannot change what was checked', () => {
      for (const [, call] of CALLS) {
        const buffer = new ArrayBuffer(24);
        const x = { data: new Float32Array(buffer), shape: [2, 3] };
        const detaching = {
          of: [4, 6],
          get at() {
            structuredClone(buffer, { transfer: [buffer] });
            return [2, 3];
          },
        };
        refuses(() => call(pkg, x, { p: 0.5, slice: detaching }), TypeError, 'x is detached or out of bounds');
      }
      let reads = 0;
      const at = new Proxy([2, 3], { get: (list, name) => (name === '0' && reads++ ? 99 : Reflect.get(list, name)) });
      const plain = { data: ramp(6), shape: [2, 3] };
      const options = { p: 0.5, key, slice: { of: [4, 6], at: [2, 3] } };
      expect(pkg.dropout(plain, { ...options, slice: { of: [4, 6], at } })).toEqual(pkg.dropout(plain, options));
    });

    it('refuses a shape of several axes for a plain array', () => {
      refuses(
        () => pkg.dropout(ramp(24), { p: 0.5, key, slice: { of: [8, 6], at: [0, 0] } }),
        RangeError,
        'slice.of has to be of as many axes as the shape [24], but got [8,6]: x is { data, shape }, and mask takes a shape',
      );
    });

    it('refuses slices in calls that take none', () => {
      const slice = { of: [24], at: [0] };
      refuses(
        () => pkg.biasDropoutResidual(ramp(24), { bias: ramp(6), p: 0.5, key, slice } as never),
        TypeError,
        'unknown option "slice"',
      );
    });

    it('mask refuses anything but a length or a shape', () => {
      const options = { p: 0.5, key };
      refuses(() => pkg.mask('24' as never, options), TypeError, 'length has to be a whole number');
      refuses(() => pkg.mask([4, -6], options), RangeError, 'shape[1] has to be a whole number');
      refuses(
        () => pkg.mask([2 ** 40, 2 ** 40], options),
        RangeError,
        'shape has to be of at most 2^53 elements, but got [1099511627776,1099511627776]',
      );
      refuses(
        () => pkg.mask(24, { ...options, slice: { of: [4, 6], at: [0, 0] } }),
        RangeError,
        'slice.of has to be of as many axes as the shape [24], but got [4,6]: x is { data, shape }, and mask takes a shape',
      );
    });
  });
});

describe('in a SharedArena', () => {
  let arena: SharedArena;
  beforeAll(async () => {
    arena = await SharedArena.create({ bytes: 2 ** 25, threads: 3 });
  });
  afterAll(() => arena.close());

  // Long rows, which threads share; many rows, which are one batch; padded rows.
  it.each<[of: number[], at: number[], shape: number[], noiseShape?: (number | null)[]]>([
    [
      [3, 1_000_000],
      [1, 17],
      [2, 900_001],
    ],
    [
      [1000, 9000],
      [3, 5],
      [900, 1500],
    ],
    [
      [4000, 500],
      [3, 5],
      [3900, 301],
    ],
    [
      [64, 300, 90],
      [3, 5, 1],
      [60, 250, 80],
      [null, null, 1],
    ],
  ])('threads give the bits of one thread: of %j, at %j, shape %j, noise shape %j', (of, at, shape, noiseShape) => {
    const slice = { of, at };
    const n = size(shape);
    for (const [, call] of CALLS) {
      arena.reset();
      const shared = { data: arena.float32(n), shape };
      shared.data.set(ramp(n));
      const expected = call(source, { data: ramp(n), shape }, { p: 0.5, noiseShape, slice });
      const y = call(source, shared, { p: 0.5, noiseShape, slice });
      expect(y.data.buffer).toBe(shared.data.buffer);
      expectSameBits(y.data, expected.data);
    }
  });
});
