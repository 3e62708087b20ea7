/**
 * The kernel against the reference on random cases: bit for bit the same output, and not a byte changed
 * outside it. The seed is printed; FUZZ_SEED=n repeats a run.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Arena } from '../../src/arena.js';
import type { Kernel } from '../../src/kernel/kernel.js';
import { fromBigInt } from '../../src/u64.js';
import { kernels } from '../backends.js';

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
const P = (p: number) => Math.floor(p * 2 ** 32 + 0.5);

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

const { 'wasm-simd': wasm, reference } = Object.fromEntries(kernels) as Record<(typeof kernels)[number][0], Kernel>;

describe('wasm is the reference, bit for bit', () => {
  it('dropout: any length, p, offset, alignment, dtype, memory, in place or not', () => {
    check(
      fc.property(length, p, key, offset, place, (n, p, key, offset, { wide, arena, skew, inplace }) => {
        const run = (kernel: Kernel) => {
          const { array: x, intact: xIntact } = floats(n, arena, skew, wide);
          const { array: y, intact } = inplace ? { array: x, intact: xIntact } : floats(n, arena, (skew + 3) % 8, wide);
          fill(x, key.lo & 0xff);
          const before = bits(x);
          kernel.dropout(x, y, key, offset, P(p), 1 / (1 - p));
          expect(xIntact() && intact()).toBe(true);
          if (!inplace) expect(bits(x)).toEqual(before);
          return bits(y);
        };
        expect(run(wasm)).toEqual(run(reference));
      }),
      3000,
    );
  });

  it('x, mask and out in one arena, where nothing is copied', () => {
    const side = fc.record({ wide: fc.boolean(), inBits: fc.boolean(), skew: fc.integer({ min: 0, max: 3 }) });
    check(
      fc.property(length, p, key, offset, side, (n, p, key, offset, { wide, inBits, skew }) => {
        const run = (kernel: Kernel) => {
          const arena = new Arena({ bytes: 4 * 8 * (n + 8) });
          const all = new Uint8Array(arena.memory.buffer).fill(GUARD);
          const take = (n: number) => (wide ? arena.float64(n) : arena.float32(n));
          take(skew);
          const [x, , y, , z] = [take(n), take(1), take(n), take(1), take(n)] as const;
          arena.uint8(skew);
          const mask = arena.uint8(inBits ? Math.ceil(n / 8) : n);
          fill(x, key.lo & 0xff);
          kernel.dropout(x, y, key, offset, P(p), 1 / (1 - p));
          kernel.mask(mask, n, inBits, key, offset, P(p));
          kernel.applyMask(x, mask, inBits, z, 1 / (1 - p * 0.99));
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
        const run = (kernel: Kernel) => {
          const { array, intact } = guarded(Uint8Array, 1, written + 3, arena, skew);
          kernel.mask(array, n, inBits, key, offset, P(p));
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
        const run = (kernel: Kernel) => {
          const { array: x, intact: xIntact } = floats(n, arena, skew, wide);
          const { array: y, intact } = inplace ? { array: x, intact: xIntact } : floats(n, arena, (skew + 5) % 8, wide);
          const mask = guarded(Uint8Array, 1, inBits ? Math.ceil(n / 8) : n, arena, skew);
          reference.mask(mask.array, n, inBits, key, 0, P(0.5));
          if (!inBits) for (let i = 0; i < n; i += 3) mask.array[i]! *= 1 + (i % 255); // any byte but 0 is kept
          fill(x, key.hi & 0xff);
          kernel.applyMask(x, mask.array, inBits, y, 1 / (1 - p * 0.99));
          expect(xIntact() && intact() && mask.intact()).toBe(true);
          return bits(y);
        };
        expect(run(wasm)).toEqual(run(reference));
      }),
      2000,
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
        kernel.dropout(x, whole, key, offset, P(p), 1 / (1 - p));
        const cut = x.slice();
        for (const [from, to] of pieces(n, cuts)) {
          const piece = cut.subarray(from, to);
          kernel.dropout(piece, piece, key, offset + from, P(p), 1 / (1 - p));
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
        kernel.mask(whole, n, false, key, offset, P(p));
        const cut = new Uint8Array(n);
        for (const [from, to] of pieces(n, cuts))
          kernel.mask(cut.subarray(from, to), to - from, false, key, offset + from, P(p));
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
        kernel.mask(bytes, n, false, key, offset, P(p));
        kernel.mask(bits, n, true, key, offset, P(p));
        kernel.dropout(f32, f32, key, offset, P(p), 1);
        kernel.dropout(f64, f64, key, offset, P(p), 1);
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
          kernel.mask(kept, 5000, false, key, 0, P(p));
          return kept;
        }) as [Uint8Array, Uint8Array];
        expect(low.every((kept, i) => (p <= q ? kept >= high[i]! : kept <= high[i]!))).toBe(true);
      }),
      200,
    );
  });
});
