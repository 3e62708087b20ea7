/**
 * Every call of a backend against its definition in src/backend/interface.ts, where the kernel's loops begin, end and
 * carry. The masks and the noise that the definitions need are the reference's, which vectors.test.ts checks.
 */

import { describe, expect, it } from 'vitest';
import { Arena } from '../../src/arena.js';
import type { Affine } from '../../src/backend/interface.js';
import { type Draws, drawsFor } from '../../src/core/draws.js';
import { fromBigInt } from '../../src/core/u64.js';
import { inverted, scaleBy } from '../../src/functional/common.js';
import { size } from '../support/arrays.js';
import { backends, reference } from '../support/backends.js';
import { SPECIAL } from '../support/edge-cases.js';
import { expectSameBits } from '../support/expect.js';
import { GUARD, guardsIntact } from '../support/guards.js';

const key = fromBigInt(0xbdd732262feb6e95n);

/** Whole and partial turns of eight, of a step and of two steps. */
const LENGTHS = [...Array.from({ length: 41 }, (_, n) => n), 63, 64, 65, 71, 95, 96, 97, 127, 128, 129, 135];
/** The start, the middle of a byte and of a step, the end of a block, and the numbers that u32 and f64 do not hold. */
const OFFSETS = [0, 5, 4096 - 40, 4096 - 37, 2 ** 32 + 4096 - 5, 2 ** 53 - 50];

/** Plain dropout, numbers that f32 rounds, and the other signs of zero. */
const AFFINES: Affine[] = [
  inverted(0.3),
  { scale: 1.1, shift: 0.3, fill: -0.7 },
  { scale: 3, shift: 0, fill: 0 },
  { scale: 3, shift: -0, fill: -0 },
];

type Floats = typeof Float32Array;
const TYPES = [Float32Array, Float64Array as unknown as Floats];

const rounding = (x: Float32Array): ((value: number) => number) =>
  x.BYTES_PER_ELEMENT === 8 ? (value) => value : Math.fround;

/** n elements, every third of them special. */
const special = (Floats: Floats, n: number): Float32Array =>
  new Floats(n).map((_, i) => (i % 3 ? Math.sin(i) * 10 : SPECIAL[(i / 3) % 8]!));
/** n elements between −10 and 10, every fourth of them −0. */
const finite = (Floats: Floats, n: number): Float32Array =>
  new Floats(n).map((_, i) => (i % 4 ? Math.sin(i + n) * 10 : -0));

/** The mask of elements 0 … n − 1 of a call, as bytes. */
function keptBy(draws: Draws, n: number): Uint8Array {
  const kept = new Uint8Array(n);
  reference.mask(kept, n, false, draws);
  return kept;
}

/** Expects `affine` of the kept elements of x, and its fill elsewhere. */
function expectAffine(y: Float32Array, x: Float32Array, affine: Affine, isKept: (i: number) => unknown): void {
  const round = rounding(x);
  const [scale, shift, fill] = [affine.scale, affine.shift, affine.fill].map(round) as [number, number, number];
  expectSameBits(
    y,
    x.map((v, i) => (isKept(i) ? round(round(v * scale) + shift) : fill)),
  );
}

const region = new Arena({ bytes: 2 ** 18 }).uint8(2 ** 18);
let placed: ArrayBufferView[] = [];
let used = region.length;

function clear(): void {
  region.fill(GUARD, 0, used);
  placed = [];
  used = 0;
}

/** A copy of an array in an arena, where the kernel works in place, between guard bytes. */
function place<A extends Float32Array | Uint8Array>(values: A): A {
  const at = 64 * Math.ceil(used / 64) + 64 + values.BYTES_PER_ELEMENT;
  const copy = new (values.constructor as new (buffer: ArrayBufferLike, at: number, n: number) => A)(
    region.buffer,
    at,
    values.length,
  );
  copy.set(values);
  used = at + values.byteLength + 64;
  placed.push(copy);
  return copy;
}

const expectIntact = (): void => expect(guardsIntact(region.subarray(0, used), placed), 'guard bytes').toBe(true);

/** Runs a call on a copy of x in the arena, into x and into another array, and checks each result. */
function eachResult(
  x: Float32Array,
  call: (x: Float32Array, out: Float32Array) => void,
  check: (out: Float32Array) => void,
): void {
  for (const inplace of [true, false]) {
    clear();
    const source = place(x);
    const out = inplace ? source : place(x.slice().fill(7));
    call(source, out);
    check(out);
    if (!inplace) expectSameBits(source, x);
    expectIntact();
  }
}

describe.each(backends)('on %s', (_, backend) => {
  it('dropout maps kept elements to x · scale + shift and dropped ones to fill', () => {
    for (const offset of OFFSETS) {
      const draws = drawsFor(0.3, key, offset);
      const kept = keptBy(draws, 200);
      for (const Floats of TYPES)
        for (const n of LENGTHS)
          for (const affine of AFFINES) {
            const x = special(Floats, n);
            eachResult(
              x,
              (x, out) => backend.dropout(x, out, draws, affine),
              (y) => expectAffine(y, x, affine, (i) => kept[i]),
            );
          }
    }
  });

  it.each([
    ...[1, 5, 31, 32, 33, 40, 64, 65, 100].map((row) => [2, 3, row, 1]),
    ...[7, 8, 13, 15, 16, 31, 32, 33, 70].flatMap((run) => [
      [1, 1, 5, run],
      [2, 3, 1, run],
      [3, 2, 35, run],
    ]),
  ])('dropout with [%i, *%i, %i, *%i] elements draws once for the axes with a star', (...sizes) => {
    const [rows, repeats, row, run] = sizes as [number, number, number, number];
    // With a gap, draws between the rows are left out.
    for (const [offset, gap] of [
      [0, 0],
      [4096 - 37, 0],
      [4096 - 37, 3],
    ] as const) {
      const draws = drawsFor(0.3, key, offset);
      const kept = keptBy(draws, rows * (row + gap));
      for (const Floats of TYPES)
        for (const affine of AFFINES) {
          const x = special(Floats, size(sizes));
          eachResult(
            x,
            (x, out) => backend.dropout(x, out, draws, affine, { sizes, strides: [row + gap, 0, 1, 0] }),
            (y) =>
              expectAffine(y, x, affine, (i) => {
                const matrix = Math.floor(i / (repeats * row * run));
                return kept[matrix * (row + gap) + (Math.floor(i / run) % row)];
              }),
          );
        }
    }
  });

  it('mask writes 0 and 1 as bytes or as bits, and 0 in the unused bits', () => {
    for (const offset of OFFSETS) {
      const draws = drawsFor(0.3, key, offset);
      const kept = keptBy(draws, 200);
      for (const n of LENGTHS) {
        clear();
        const [bytes, bits] = [place(new Uint8Array(n).fill(7)), place(new Uint8Array(Math.ceil(n / 8)).fill(0x5a))];
        backend.mask(bytes, n, false, draws);
        backend.mask(bits, n, true, draws);
        const expected = kept.subarray(0, n);
        expectSameBits(bytes, expected);
        expectSameBits(bits, packed(expected));
        expectIntact();
      }
    }
  });

  it('applyMask keeps where a byte is not 0, or a bit is 1', () => {
    const BYTES = [128, 1, 254, 2, 255, 64, 4];
    for (let n = 0; n <= 40; n++) {
      const bytes = new Uint8Array(n).map((_, i) => (i % 11 < 4 ? 0 : BYTES[i % 7]!));
      for (const bits of [false, true])
        for (const Floats of TYPES)
          for (const affine of AFFINES) {
            const x = special(Floats, n);
            eachResult(
              x,
              (x, out) => backend.applyMask(x, place(bits ? packed(bytes) : bytes), bits, out, affine),
              (y) => expectAffine(y, x, affine, (i) => bytes[i]),
            );
          }
    }
  });

  it('fused adds the bias of each column before dropout and the residual after it', () => {
    eachMatrix((x, features, draws, where) => {
      const round = rounding(x);
      const scale = 1.3;
      const kept = keptBy(draws, x.length);
      const bias = finite(x.constructor as Floats, features);
      for (const residual of [undefined, x.map((v) => v + 1)]) {
        const expected = x.map((v, i) => {
          const y = kept[i] ? round(round(v + bias[i % features]!) * round(scale)) : 0;
          return residual ? y + residual[i]! : y;
        });
        clear();
        const [source, row, added, out] = [where(x), where(bias), residual && where(residual), where(x)];
        backend.fused(source, row, added, out, draws, scale);
        expectSameBits(out, expected);
        expectSameBits(row, bias);
        backend.fused(source, row, added, source, draws, scale);
        expectSameBits(source, expected);
        expectIntact();
      }
    });
  });

  it('fusedBackward drops as fused does, and sums the columns in the order of the rows', () => {
    eachMatrix((dy, features, draws, where) => {
      const round = rounding(dy);
      const scale = 1.3;
      const kept = keptBy(draws, dy.length);
      const expected = dy.map((v, i) => (kept[i] ? round(v * round(scale)) : 0));
      const sums = new (dy.constructor as Floats)(features);
      expected.forEach((v, i) => {
        sums[i % features]! += v;
      });
      clear();
      const [source, dx, dbias] = [where(dy), where(dy), where(sums.slice().fill(7))];
      backend.fusedBackward(source, dx, dbias, draws, scale);
      expectSameBits(dx, expected);
      expectSameBits(dbias, sums);
      backend.fusedBackward(source, source, dbias, draws, scale);
      expectSameBits(source, expected);
      expectSameBits(dbias, sums);
      expectIntact();
    });
  });

  it('noise adds stddev · z to x, or multiplies x by 1 + stddev · z, rounded at each step', () => {
    const stddev = 0.3;
    for (const offset of OFFSETS) {
      const z = new Float32Array(200);
      reference.noise(z, z, { key, offset }, 1, true);
      for (const Floats of TYPES)
        for (const n of LENGTHS)
          for (const additive of [true, false]) {
            const x = special(Floats, n);
            const round = rounding(x);
            const expected = x.map((v, i) => {
              const noise = round(round(stddev) * z[i]!);
              return additive ? round(v + noise) : round(v * round(1 + noise));
            });
            eachResult(
              x,
              (x, out) => backend.noise(x, out, { key, offset }, stddev, additive),
              (y) => expectSameBits(y, expected),
            );
          }
    }
  });

  it('a threshold of 65535 keeps the elements of the largest piece, and 65536 none', () => {
    // Computed from docs/SPEC.md: in each of these blocks, one piece is 0x7fff. The rounding is 0xd279 and 0.
    const lowest = 65535 * 65536 - 0xd279;
    for (const [block, element, P, kept] of [
      [26, 209, lowest, 1],
      [26, 209, lowest + 65535, 1],
      [26, 209, lowest + 65536, 0],
      [771_449, 3796, 2 ** 32 - 1, 1],
      [771_449, 3796, 2 ** 32, 0],
    ] as const) {
      const draws: Draws = { key, offset: block * 4096, P };
      const expected = new Uint8Array(4096);
      expected[element] = kept;
      const bytes = new Uint8Array(4096);
      backend.mask(bytes, 4096, false, draws);
      expectSameBits(bytes, expected);
      for (const Floats of TYPES) {
        const [x, y, bias] = [new Floats(4096).fill(1), new Floats(4096), new Floats(64)];
        backend.dropout(x, y, draws, scaleBy(1));
        expectSameBits(y, expected);
        for (const residual of [undefined, new Floats(4096)]) {
          backend.fused(x, bias, residual, y.fill(7), draws, 1);
          expectSameBits(y, expected);
        }
        backend.fusedBackward(x, y.fill(7), bias, draws, 1);
        expectSameBits(y, expected);
        expectSameBits(bias, new Uint8Array(64).fill(kept, element % 64, (element % 64) + 1));
      }
    }
  });
});

/** A mask of bytes, packed into bits. */
function packed(kept: Uint8Array): Uint8Array {
  const bits = new Uint8Array(Math.ceil(kept.length / 8));
  kept.forEach((v, i) => {
    if (v) bits[i >> 3]! |= 1 << (i & 7);
  });
  return bits;
}

/**
 * Matrices of one and of several turns and steps in a row, in an arena; and in other memory, where they are cut into
 * pieces, such as have whole rows and such as have one row at most.
 */
function eachMatrix(
  check: (x: Float32Array, features: number, draws: Draws, where: (x: Float32Array) => Float32Array) => void,
): void {
  for (const Floats of TYPES) {
    for (const offset of OFFSETS)
      for (const features of [1, 3, 7, 8, 9, 15, 16, 31, 32, 40, 63, 64, 65, 72, 96, 127, 128, 129, 200])
        for (const rows of [1, 3]) check(finite(Floats, rows * features), features, drawsFor(0.3, key, offset), place);
    for (const [rows, features] of [
      [50, 100],
      [3, 5000],
    ] as const)
      check(finite(Floats, rows * features), features, drawsFor(0.3, key, 4096 - 37), (x) => x.slice());
  }
}
