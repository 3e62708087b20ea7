/**
 * The kernel against the reference on random cases: it has to write the same bits, and no byte outside its result. Here
 * backends are called directly, with affine maps that no layer has; `npm run fuzz` calls the public names.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Arena } from '../../src/arena.js';
import type { Affine } from '../../src/backend/interface.js';
import { drawsFor } from '../../src/core/draws.js';
import { broadcastOf } from '../../src/core/shapes.js';
import type { U64 } from '../../src/core/u64.js';
import { alpha } from '../../src/functional/alpha.js';
import { inverted, scaleBy } from '../../src/functional/common.js';
import { deviations, lengths, longRows, offsets, probabilities } from '../support/arbitraries.js';
import { size } from '../support/arrays.js';
import { type Backend, backends, reference, wasm } from '../support/backends.js';
import { bitAt } from '../support/bits.js';
import { SPECIAL } from '../support/edge-cases.js';
import { expectSameBits } from '../support/expect.js';
import { GUARD, guardsIntact } from '../support/guards.js';

const SEEDS = [1, 2];

/** Runs a property on `runs` cases of every seed. */
function check<Ts extends [unknown, ...unknown[]]>(runs: number, property: fc.IProperty<Ts>): void {
  for (const seed of SEEDS) fc.assert(property, { seed, numRuns: runs });
}

const keys = fc.record({ lo: fc.integer(), hi: fc.integer() });
/** The affine maps of dropout and alpha dropout, and one that no layer of this package uses. */
const affines = fc.constantFrom<((p: number) => Affine)[]>(
  inverted,
  (p) => alpha(Math.min(p, 0.99)),
  () => ({ scale: 3, shift: 1, fill: 0 }),
);

const MAX_ARRAYS = 7;
const MAX_LENGTH = 100_000;
/** Bytes of each region of memory. */
const BYTES = 2 ** 22;
/** The least number of guard bytes around an array. */
const ROOM = 64;
/** Plain memory, an arena, and another arena. */
const REGIONS = [new Uint8Array(BYTES), ...[0, 1].map(() => new Arena({ bytes: BYTES }).uint8(BYTES))];

interface Layout {
  isF64: boolean;
  inplace: boolean;
  /** The index of each array's region. In half of the cases all arrays share one. */
  regions: number[];
  /** Where each array begins: this many elements after a multiple of 64 bytes. */
  skews: number[];
}

const perArray = (values: fc.Arbitrary<number>) => fc.array(values, { minLength: MAX_ARRAYS, maxLength: MAX_ARRAYS });
const layouts: fc.Arbitrary<Layout> = fc.record({
  isF64: fc.boolean(),
  inplace: fc.boolean(),
  regions: fc.oneof(
    fc.constantFrom(0, 1).map((region) => new Array<number>(MAX_ARRAYS).fill(region)),
    perArray(fc.nat(2)),
  ),
  skews: perArray(fc.nat(7)),
});

/** The numbers that arrays are filled with, in f32 and f64. */
const pool = (value: (i: number) => number): [Float32Array, Float64Array] => {
  const f64 = Float64Array.from({ length: MAX_LENGTH + 256 }, (_, i) => value(i));
  return [Float32Array.from(f64), f64];
};
const FINITE = pool((i) => Math.sin(i) * 10);
const WITH_SPECIAL = pool((i) => (i % 5 ? Math.sin(i) * 10 : SPECIAL[i % 8]!));

type Floats = Float32Array | Float64Array;

interface Snapshot {
  arrays: (Floats | Uint8Array)[];
  copies: Uint8Array[];
}

interface ArrayClass<A> {
  new (buffer: ArrayBufferLike, at: number, n: number): A;
  BYTES_PER_ELEMENT: number;
}

/** Lays out the arrays of a case, with guard bytes around each. */
class Memory {
  readonly arrays: (Floats | Uint8Array)[] = [];
  private readonly used = REGIONS.map(() => 0);

  constructor(private readonly layout: Layout) {}

  /** A new array, filled from one of 256 positions in a pool. */
  floats(n: number, from = 0, [f32, f64] = WITH_SPECIAL): Floats {
    const { isF64 } = this.layout;
    const x = isF64 ? this.take(Float64Array, n) : this.take(Float32Array, n);
    const start = from & 0xff;
    x.set((isF64 ? f64 : f32).subarray(start, start + n));
    return x;
  }

  /** The array for a result: x itself, or a new one. */
  out(x: Floats): Floats {
    return this.layout.inplace ? x : this.floats(x.length);
  }

  bytes(n: number): Uint8Array {
    return this.take(Uint8Array, n);
  }

  /** A copy of the used part of each region. */
  copy(): Uint8Array[] {
    return REGIONS.map((region, i) => region.slice(0, this.used[i]));
  }

  private take<A extends Floats | Uint8Array>(type: ArrayClass<A>, n: number): A {
    const index = this.arrays.length;
    const region = this.layout.regions[index]!;
    const skew = ROOM + type.BYTES_PER_ELEMENT * this.layout.skews[index]!;
    const begin = this.used[region]!;
    const end = Math.ceil((begin + skew + type.BYTES_PER_ELEMENT * n + ROOM) / 64) * 64;
    const array = new type(REGIONS[region]!.fill(GUARD, begin, end).buffer, begin + skew, n);
    this.used[region] = end;
    this.arrays.push(array);
    return array;
  }
}

/**
 * Runs a case on the kernel and on the reference, and expects the same bits in every array, inputs included, and intact
 * guards. `run` has to take all of its arrays before its first call.
 */
function expectSame(layout: Layout, run: (backend: Backend, memory: Memory) => void): void {
  const [got, expected] = [wasm, reference].map((backend) => {
    const memory = new Memory(layout);
    run(backend, memory);
    return { arrays: memory.arrays, copies: memory.copy() };
  }) as [Snapshot, Snapshot];
  if (got.copies.every((copy, i) => Buffer.compare(copy, expected.copies[i]!) === 0)) return;
  // NaN may differ in sign and payload, so compare array by array.
  for (const array of expected.arrays) {
    const region = REGIONS.findIndex(({ buffer }) => buffer === array.buffer);
    const type = array.constructor as ArrayClass<Floats | Uint8Array>;
    const [a, b] = [got, expected].map(
      ({ copies }) => new type(copies[region]!.buffer, array.byteOffset, array.length),
    );
    expectSameBits(a!, b!);
  }
  got.copies.forEach((copy, i) => {
    const inside = expected.arrays.filter(({ buffer }) => buffer === REGIONS[i]!.buffer);
    expect(guardsIntact(copy, inside), 'guard bytes are intact').toBe(true);
  });
}

describe('the kernel gives the same bits as the reference', () => {
  it('in dropout', () => {
    check(
      1000,
      fc.property(lengths, probabilities, keys, offsets, layouts, affines, (n, p, key, offset, layout, affineFor) => {
        expectSame(layout, (backend, memory) => {
          const x = memory.floats(n, key.lo);
          backend.dropout(x, memory.out(x), drawsFor(p, key, offset), affineFor(p));
        });
      }),
    );
  });

  it('in dropout with shared draws', () => {
    type Axes = [size: number, shared: boolean][];
    const some: fc.Arbitrary<Axes> = fc.array(
      fc.tuple(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(0, 1, 31, 32, 33, 64, 70, 100)), fc.boolean()),
      { minLength: 1, maxLength: 5 },
    );
    // More axes than the kernel takes in one call.
    const many: fc.Arbitrary<Axes> = fc
      .tuple(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 5, maxLength: 8 }), fc.nat(1))
      .map(([sizes, first]) => sizes.map((size, axis) => [size, axis % 2 === first]));
    // Axes longer than a tile, and longer than the 32,768 elements that the kernel takes at once in an arena.
    const long: fc.Arbitrary<Axes> = fc
      .tuple(
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom(2100, 4100, 9000, 33_000),
        fc.integer({ min: 1, max: 3 }),
        fc.nat(7),
      )
      .map(([a, b, c, shared]) => [a, b, c].map((size, axis) => [size, ((shared >> axis) & 1) === 1]));
    const axes = fc
      .oneof({ weight: 6, arbitrary: some }, { weight: 3, arbitrary: many }, { weight: 1, arbitrary: long })
      .filter((axes) => size(axes.map(([size]) => size)) < MAX_LENGTH);
    check(
      1000,
      fc.property(axes, probabilities, keys, offsets, layouts, affines, (axes, p, key, offset, layout, affineFor) => {
        const shape = axes.map(([size]) => size);
        const noiseShape = axes.map(([, shared]) => (shared ? 1 : null));
        const broadcast = broadcastOf(noiseShape, shape);
        expectSame(layout, (backend, memory) => {
          const x = memory.floats(size(shape), key.lo);
          backend.dropout(x, memory.out(x), drawsFor(p, key, offset), affineFor(p), broadcast);
        });
      }),
    );
  });

  it('in masks of bytes and of bits, which may be longer than needed', () => {
    check(
      1000,
      fc.property(lengths, probabilities, keys, offsets, fc.boolean(), layouts, (n, p, key, offset, isBits, layout) => {
        expectSame(layout, (backend, memory) => {
          const mask = memory.bytes((isBits ? Math.ceil(n / 8) : n) + 3).fill(GUARD);
          backend.mask(mask, n, isBits, drawsFor(p, key, offset));
        });
      }),
    );
  });

  it('in applyMask', () => {
    check(
      1000,
      fc.property(
        lengths,
        probabilities,
        keys,
        fc.boolean(),
        layouts,
        affines,
        (n, p, key, isBits, layout, affineFor) => {
          expectSame(layout, (backend, memory) => {
            const x = memory.floats(n, key.hi);
            const out = memory.out(x);
            const mask = memory.bytes(isBits ? Math.ceil(n / 8) : n);
            reference.mask(mask, n, isBits, drawsFor(0.5, key));
            // Any nonzero byte keeps its element.
            if (!isBits) for (let i = 0; i < n; i += 3) mask[i]! *= 1 + (i % 255);
            backend.applyMask(x, mask, isBits, out, affineFor(p * 0.99));
          });
        },
      ),
    );
  });

  it('in normal noise, added or multiplied', () => {
    check(
      1000,
      fc.property(
        lengths,
        deviations,
        keys,
        offsets,
        fc.boolean(),
        layouts,
        (n, stddev, key, offset, additive, layout) => {
          expectSame(layout, (backend, memory) => {
            const x = memory.floats(n, key.lo);
            backend.noise(x, memory.out(x), { key, offset }, stddev, additive);
          });
        },
      ),
    );
  });

  it('in bias, dropout and residual, and in their gradients', () => {
    const matrices = fc.oneof(
      fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 1, max: 40 })),
      fc.tuple(fc.integer({ min: 0, max: 9 }), fc.constantFrom(31, 32, 64, 100, 768, 2048, 4096, 4100, 5000)),
      fc.tuple(fc.integer({ min: 1, max: 3 }), longRows),
    );
    check(
      1000,
      fc.property(
        matrices,
        probabilities,
        keys,
        offsets,
        fc.boolean(),
        layouts,
        (matrix, p, key, offset, has, layout) => {
          const [rows, features] = matrix;
          const n = rows * features;
          expectSame(layout, (backend, memory) => {
            const x = memory.floats(n, key.lo);
            const bias = memory.floats(features, key.lo + 1);
            const residual = has ? memory.floats(n, key.lo + 2) : undefined;
            const out = memory.out(x);
            const dy = memory.floats(n, key.hi, FINITE);
            const dx = memory.out(dy);
            const dbias = memory.floats(features);
            const { scale } = inverted(p * 0.99);
            backend.fused(x, bias, residual, out, drawsFor(p, key, offset), scale);
            backend.fusedBackward(dy, dx, dbias, drawsFor(p, key, offset), scale);
          });
        },
      ),
    );
  });
});

describe.each(backends)('on %s', (_, backend) => {
  const cuts = fc.array(fc.nat(9000), { maxLength: 6 });
  /** Cuts 0 … n − 1 into ranges from … to − 1. */
  const ranges = (n: number, cuts: number[]) => {
    const at = [0, ...cuts.map((cut) => cut % (n + 1)).sort((a, b) => a - b), n];
    return at.slice(1).map((to, i): [number, number] => [at[i]!, to]);
  };
  const nearby = fc.oneof(
    fc.nat(9000),
    fc.nat(9000).map((n) => 2 ** 52 + n),
  );

  it('dropout is the same in pieces as in one call', () => {
    check(
      100,
      fc.property(lengths, probabilities, keys, nearby, fc.boolean(), cuts, (n, p, key, offset, isF64, cuts) => {
        const whole = WITH_SPECIAL[Number(isF64)]!.slice(0, n);
        const cut = whole.slice();
        backend.dropout(whole, whole, drawsFor(p, key, offset), inverted(p));
        for (const [from, to] of ranges(n, cuts)) {
          const piece = cut.subarray(from, to);
          backend.dropout(piece, piece, drawsFor(p, key, offset + from), inverted(p));
        }
        expectSameBits(cut, whole);
      }),
    );
  });

  it('a mask is the same in pieces as in one call', () => {
    check(
      100,
      fc.property(lengths, probabilities, keys, nearby, cuts, (n, p, key, offset, cuts) => {
        const whole = maskOf(backend, n, p, key, offset);
        const cut = ranges(n, cuts).map(([from, to]) => maskOf(backend, to - from, p, key, offset + from));
        expectSameBits(Buffer.concat(cut), whole);
      }),
    );
  });

  it('f32, f64, bytes and bits have the same mask', () => {
    check(
      100,
      fc.property(lengths, probabilities, keys, offsets, (n, p, key, offset) => {
        const bytes = maskOf(backend, n, p, key, offset);
        const draws = drawsFor(p, key, offset);
        for (const ones of [new Float32Array(n).fill(1), new Float64Array(n).fill(1)]) {
          backend.dropout(ones, ones, draws, scaleBy(1));
          expectSameBits(ones, bytes);
        }
        const bits = new Uint8Array(Math.ceil(n / 8));
        backend.mask(bits, n, true, draws);
        expectSameBits(
          bytes.map((_, i) => bitAt(bits, i)),
          bytes,
        );
        // Unused bits are 0.
        if (n % 8) expect(bits.at(-1)! >> (n % 8)).toBe(0);
      }),
    );
  });

  it('a larger p drops a superset', () => {
    check(
      100,
      fc.property(keys, probabilities, probabilities, (key, p, q) => {
        const [some, more] = [Math.min(p, q), Math.max(p, q)].map((p) => maskOf(backend, 5000, p, key, 0));
        expect(some!.every((kept, i) => kept >= more![i]!)).toBe(true);
      }),
    );
  });
});

function maskOf(backend: Backend, n: number, p: number, key: U64, offset: number): Uint8Array {
  const mask = new Uint8Array(n);
  backend.mask(mask, n, false, drawsFor(p, key, offset));
  return mask;
}
