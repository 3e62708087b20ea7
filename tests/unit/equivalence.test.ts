/**
 * The kernel against the reference on random cases: bit for bit the same output, and not a byte changed
 * outside it. The seed is printed; FUZZ_SEED=n repeats a run.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Arena } from '../../src/arena.js';
import type { Draws, Extras, Gaussian, Kernel } from '../../src/backend/interface.js';
import { broadcastOf } from '../../src/core/shapes.js';
import { fromBigInt, type U64 } from '../../src/core/u64.js';
import { alpha } from '../../src/functional/alpha.js';
import { inverted, scaleBy } from '../../src/functional/common.js';
import { extras, gaussians, kernels } from '../support/backends.js';

const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);
console.log(`equivalence: FUZZ_SEED=${seed}`);
const check = <Ts extends [unknown, ...unknown[]]>(property: fc.IProperty<Ts>, numRuns: number) =>
  fc.assert(property, { seed, numRuns });

const GUARD = 0xa5;
const ROOM = 64;

/** Mostly near the sizes where something ends: steps, pairs of steps, blocks, tiles. */
const length = fc.oneof(
  fc.integer({ min: 0, max: 200 }),
  fc.integer({ min: 0, max: 9000 }),
  fc.constantFrom(31, 32, 33, 63, 64, 65, 127, 128, 4095, 4096, 4097, 8192, 12289),
);
const offset = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 0, max: 10_000 }),
  fc.maxSafeInteger().map(Math.abs),
  fc.integer({ min: 0, max: 9000 }).map((n) => 2 ** 53 - n),
);
const p = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.constantFrom(0, 2 ** -33, 1e-10, 0.1, 0.5, 0.9, 0.99999, 1 - 2 ** -33, 1),
);
const key = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(fromBigInt);
const place = fc.record({
  wide: fc.boolean(),
  arena: fc.boolean(),
  skew: fc.integer({ min: 0, max: 7 }),
  inplace: fc.boolean(),
});
/** What becomes of kept and dropped elements: as in dropout, or as in alpha dropout. */
const numbers = fc.constantFrom(inverted, (p: number) => alpha(Math.min(p, 0.99)));
const draws = (p: number, key: U64, offset: number): Draws => ({ key, offset, P: Math.floor(p * 2 ** 32 + 0.5) });

/** Memory full of guard bytes, in an arena or not, and an array in it that starts `skew` elements in. */
function guarded<A extends Float32Array | Float64Array | Uint8Array>(
  type: new (buffer: ArrayBufferLike, at: number, n: number) => A,
  size: number,
  n: number,
  arena: boolean,
  skew: number,
) {
  const bytes = 2 * ROOM + size * (n + skew);
  const all = arena ? new Arena({ bytes }).uint8(bytes) : new Uint8Array(bytes);
  all.fill(GUARD);
  const array = new type(all.buffer, ROOM + size * skew, n);
  const intact = (written = array.byteLength) =>
    all.every((v, i) => v === GUARD || (i >= array.byteOffset && i < array.byteOffset + written));
  return { array, intact };
}

const floats = (n: number, arena: boolean, skew: number, wide: boolean) =>
  wide ? guarded(Float64Array, 8, n, arena, skew) : guarded(Float32Array, 4, n, arena, skew);

/** Ordinary numbers, and each kind of special one, at places that change with the key. */
function fill(x: Float32Array | Float64Array, from: number): void {
  const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 1e-45, -1e-310, 3e38];
  for (let i = 0; i < x.length; i++) x[i] = (i + from) % 5 ? Math.sin(i + from) * 10 : special[(i + from) % 8]!;
}

/** Bits of every element; NaN counts as one value, for engines may choose its sign and payload. */
function bits(x: Float32Array | Float64Array): unknown[] {
  const words = x instanceof Float32Array ? new Uint32Array(x.slice().buffer) : new BigUint64Array(x.slice().buffer);
  return Array.from<unknown, unknown>(words, (word, i) => (Number.isNaN(x[i]) ? 'NaN' : word));
}

type Backend = Kernel & Extras & Gaussian;

/** All parts of a backend. */
const [wasm, reference] = kernels.map(([, kernel], i): Backend => {
  const [, rest] = extras[i]!;
  const [, normal] = gaussians[i]!;
  return {
    dropout: (...call) => kernel.dropout(...call),
    mask: (...call) => kernel.mask(...call),
    applyMask: (...call) => rest.applyMask(...call),
    noise: (...call) => normal.noise(...call),
    fused: (...call) => rest.fused(...call),
    fusedBackward: (...call) => rest.fusedBackward(...call),
  };
}) as [Backend, Backend];

describe('wasm is the reference, bit for bit', () => {
  it('dropout: any length, p, offset, alignment, dtype, memory, in place or not', () => {
    check(
      fc.property(
        length,
        p,
        key,
        offset,
        place,
        numbers,
        (n, p, key, offset, { wide, arena, skew, inplace }, numbers) => {
          const run = (kernel: Backend) => {
            const { array: x, intact: xIntact } = floats(n, arena, skew, wide);
            const { array: y, intact } = inplace
              ? { array: x, intact: xIntact }
              : floats(n, arena, (skew + 3) % 8, wide);
            fill(x, key.lo & 0xff);
            const before = bits(x);
            kernel.dropout(x, y, draws(p, key, offset), numbers(p));
            expect(xIntact() && intact()).toBe(true);
            if (!inplace) expect(bits(x)).toEqual(before);
            return bits(y);
          };
          expect(run(wasm)).toEqual(run(reference));
        },
      ),
      3000,
    );
  });

  it('x, mask and out in one arena, where nothing is copied', () => {
    const side = fc.record({ wide: fc.boolean(), inBits: fc.boolean(), skew: fc.integer({ min: 0, max: 3 }) });
    check(
      fc.property(length, p, key, offset, side, (n, p, key, offset, { wide, inBits, skew }) => {
        const run = (kernel: Backend) => {
          const arena = new Arena({ bytes: 4 * 8 * (n + 8) });
          const all = new Uint8Array(arena.memory.buffer).fill(GUARD);
          const take = (n: number) => (wide ? arena.float64(n) : arena.float32(n));
          take(skew);
          const [x, , y, , z] = [take(n), take(1), take(n), take(1), take(n)] as const;
          arena.uint8(skew);
          const mask = arena.uint8(inBits ? Math.ceil(n / 8) : n);
          fill(x, key.lo & 0xff);
          kernel.dropout(x, y, draws(p, key, offset), inverted(p));
          kernel.mask(mask, n, inBits, draws(p, key, offset));
          kernel.applyMask(x, mask, inBits, z, alpha(p * 0.99));
          const results = [x, y, z].map(bits);
          for (const { byteOffset, byteLength } of [x, y, z, mask])
            all.fill(GUARD, byteOffset, byteOffset + byteLength);
          expect(all.every((v) => v === GUARD)).toBe(true);
          return results;
        };
        expect(run(wasm)).toEqual(run(reference));
      }),
      1000,
    );
  });

  it('masks of bytes and bits: any length, p, offset, alignment and memory', () => {
    check(
      fc.property(length, p, key, offset, fc.boolean(), place, (n, p, key, offset, inBits, { arena, skew }) => {
        const written = inBits ? Math.ceil(n / 8) : n;
        const run = (kernel: Backend) => {
          const { array, intact } = guarded(Uint8Array, 1, written + 3, arena, skew);
          kernel.mask(array, n, inBits, draws(p, key, offset));
          expect(intact(written)).toBe(true);
          return array.slice(0, written);
        };
        expect(run(wasm)).toEqual(run(reference));
      }),
      2000,
    );
  });

  it('masks applied: any mask, length, alignment, dtype, memory, in place or not', () => {
    check(
      fc.property(length, p, key, fc.boolean(), place, (n, p, key, inBits, { wide, arena, skew, inplace }) => {
        const run = (kernel: Backend) => {
          const { array: x, intact: xIntact } = floats(n, arena, skew, wide);
          const { array: y, intact } = inplace ? { array: x, intact: xIntact } : floats(n, arena, (skew + 5) % 8, wide);
          const mask = guarded(Uint8Array, 1, inBits ? Math.ceil(n / 8) : n, arena, skew);
          reference.mask(mask.array, n, inBits, draws(0.5, key, 0));
          if (!inBits) for (let i = 0; i < n; i += 3) mask.array[i]! *= 1 + (i % 255); // any byte but 0 is kept
          fill(x, key.hi & 0xff);
          kernel.applyMask(x, mask.array, inBits, y, alpha(p * 0.99));
          expect(xIntact() && intact() && mask.intact()).toBe(true);
          return bits(y);
        };
        expect(run(wasm)).toEqual(run(reference));
      }),
      2000,
    );
  });

  it('noise that is broadcast: any shape, noise shape, dtype, memory, in place or not', () => {
    const axis = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(0, 1, 31, 32, 33, 64, 70, 100));
    const shape = fc
      .array(fc.tuple(axis, fc.boolean()), { minLength: 1, maxLength: 6 })
      .filter((axes) => axes.reduce((n, [size]) => n * size, 1) < 40_000);
    check(
      fc.property(shape, p, key, offset, place, numbers, (axes, p, key, offset, place, numbers) => {
        const { wide, arena, skew, inplace } = place;
        const shape = axes.map(([size]) => size);
        const nest = broadcastOf(
          axes.map(([, shared]) => (shared ? 1 : null)),
          shape,
        );
        const n = shape.reduce((n, size) => n * size, 1);
        const run = (kernel: Backend) => {
          const { array: x, intact: xIntact } = floats(n, arena, skew, wide);
          const { array: y, intact } = inplace ? { array: x, intact: xIntact } : floats(n, arena, (skew + 3) % 8, wide);
          fill(x, key.lo & 0xff);
          kernel.dropout(x, y, draws(p, key, offset), numbers(p), nest);
          expect(xIntact() && intact()).toBe(true);
          return bits(y);
        };
        expect(run(wasm)).toEqual(run(reference));
      }),
      2000,
    );
  });

  it('noise: any length, offset, deviation, alignment, dtype, memory, in place or not', () => {
    const stddev = fc.oneof(fc.double({ min: 0, max: 10, noNaN: true }), fc.constantFrom(1e-30, 1, 1e30));
    check(
      fc.property(length, stddev, key, offset, place, fc.boolean(), (n, stddev, key, offset, place, additive) => {
        const { wide, arena, skew, inplace } = place;
        const run = (kernel: Backend) => {
          const { array: x, intact: xIntact } = floats(n, arena, skew, wide);
          const { array: y, intact } = inplace ? { array: x, intact: xIntact } : floats(n, arena, (skew + 3) % 8, wide);
          fill(x, key.lo & 0xff);
          kernel.noise(x, y, key, offset, stddev, additive);
          expect(xIntact() && intact()).toBe(true);
          return bits(y);
        };
        expect(run(wasm)).toEqual(run(reference));
      }),
      2000,
    );
  });

  it('fused: any rows, with and without residual, backward, alignment, dtype, memory, in place or not', () => {
    const rows = fc.oneof(
      fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 1, max: 40 })),
      fc.tuple(fc.integer({ min: 0, max: 9 }), fc.constantFrom(31, 32, 64, 100, 768, 2048, 4096, 4100, 5000)),
    );
    check(
      fc.property(rows, p, key, offset, place, fc.boolean(), ([rows, features], p, key, offset, place, residual) => {
        const { wide, arena: inArena, skew, inplace } = place;
        const n = rows * features;
        const run = (kernel: Backend) => {
          const arena = new Arena({ bytes: 8 * (3 * (n + 8) + 3 * features + 64) });
          const all = new Uint8Array(inArena ? arena.memory.buffer : new ArrayBuffer(arena.bytesFree)).fill(GUARD);
          const size = wide ? 8 : 4;
          let at = 64 + size * skew;
          const take = (n: number) => {
            const array = new (wide ? Float64Array : Float32Array)(all.buffer, at, n);
            at += size * (n + 5);
            return array;
          };
          const [x, added, bias, sums] = [take(n), take(n), take(features), take(features)];
          const y = inplace ? x : take(n);
          for (const array of [x, added, bias]) fill(array, (key.lo + array.byteOffset) & 0xff);
          kernel.fused(x, bias, residual ? added : undefined, y, draws(p, key, offset), 1 / (1 - p * 0.99));
          const forward = bits(y);
          fill(x, key.hi & 0xff);
          kernel.fusedBackward(x, y, sums, draws(p, key, offset), 1 / (1 - p * 0.99));
          const results = [forward, bits(y), bits(sums)];
          for (const { byteOffset, byteLength } of [x, y, added, bias, sums])
            all.fill(GUARD, byteOffset, byteOffset + byteLength);
          expect(all.every((v) => v === GUARD)).toBe(true);
          return results;
        };
        expect(run(wasm)).toEqual(run(reference));
      }),
      800,
    );
  });
});

describe.each(kernels)('a cut makes no difference on %s', (_, kernel) => {
  const cuts = fc.array(fc.nat(9000), { maxLength: 6 });
  const pieces = (n: number, cuts: number[]) => {
    const at = [0, ...cuts.map((c) => c % (n + 1)).sort((a, b) => a - b), n];
    return at.slice(1).map((end, i): [number, number] => [at[i]!, end]);
  };
  const near = fc.oneof(
    fc.nat(9000),
    fc.nat(9000).map((n) => 2 ** 52 + n),
  );

  it('dropout of the pieces is the piece of the dropout', () => {
    check(
      fc.property(length, p, key, near, fc.boolean(), cuts, (n, p, key, offset, wide, cuts) => {
        const x = wide ? new Float64Array(n) : new Float32Array(n);
        fill(x, 1);
        const whole = x.slice();
        kernel.dropout(x, whole, draws(p, key, offset), inverted(p));
        const cut = x.slice();
        for (const [from, to] of pieces(n, cuts)) {
          const piece = cut.subarray(from, to);
          kernel.dropout(piece, piece, draws(p, key, offset + from), inverted(p));
        }
        expect(bits(cut)).toEqual(bits(whole));
      }),
      300,
    );
  });

  it('the mask of the pieces is the piece of the mask', () => {
    check(
      fc.property(length, p, key, near, cuts, (n, p, key, offset, cuts) => {
        const whole = new Uint8Array(n);
        kernel.mask(whole, n, false, draws(p, key, offset));
        const cut = new Uint8Array(n);
        for (const [from, to] of pieces(n, cuts))
          kernel.mask(cut.subarray(from, to), to - from, false, draws(p, key, offset + from));
        expect(cut).toEqual(whole);
      }),
      300,
    );
  });

  it('f32, f64, bytes and bits have one mask', () => {
    check(
      fc.property(length, p, key, offset, (n, p, key, offset) => {
        const bytes = new Uint8Array(n);
        const bits = new Uint8Array(Math.ceil(n / 8));
        const f32 = new Float32Array(n).fill(1);
        const f64 = new Float64Array(n).fill(1);
        kernel.mask(bytes, n, false, draws(p, key, offset));
        kernel.mask(bits, n, true, draws(p, key, offset));
        kernel.dropout(f32, f32, draws(p, key, offset), scaleBy(1));
        kernel.dropout(f64, f64, draws(p, key, offset), scaleBy(1));
        expect(Array.from(bytes, (_, i) => (bits[i >> 3]! >> (i & 7)) & 1)).toEqual([...bytes]);
        expect([...f32]).toEqual([...bytes]);
        expect([...f64]).toEqual([...bytes]);
        if (n % 8) expect(bits.at(-1)! >> (n % 8)).toBe(0);
      }),
      300,
    );
  });

  it('a larger p drops a superset', () => {
    check(
      fc.property(key, p, p, (key, p, q) => {
        const [low, high] = [p, q].map((p) => {
          const kept = new Uint8Array(5000);
          kernel.mask(kept, 5000, false, draws(p, key, 0));
          return kept;
        }) as [Uint8Array, Uint8Array];
        expect(low.every((kept, i) => (p <= q ? kept >= high[i]! : kept <= high[i]!))).toBe(true);
      }),
      200,
    );
  });
});
