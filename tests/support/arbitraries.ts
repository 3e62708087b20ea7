/**
 * Arbitraries that random suites share: the parts of a call. fc.double is unsuitable: it draws all exponents equally
 * often, so nearly every p would be 0.
 */
import fc from 'fast-check';
import { TILE_BYTES } from '../../src/backend/wasm/scratch.js';
import { LENGTHS, PROBABILITIES } from './edge-cases.js';

/** Elements of a tile, of f64 and of f32. */
const TILES = [TILE_BYTES / 8, TILE_BYTES / 4] as const;

export const probabilities: fc.Arbitrary<number> = fc.oneof(
  fc.nat(2 ** 31 - 1).map((n) => n / 2 ** 31),
  fc.constantFrom(...PROBABILITIES),
);

/** Up to three tiles of f32 and an element, often at the end of a step, a block or a tile. */
export const lengths: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: 0, max: 200 }),
  fc.integer({ min: 0, max: 9000 }),
  fc.constantFrom(...LENGTHS),
  fc.constantFrom(...TILES.flatMap((n) => [n - 1, n, n + 1, 3 * n + 1])),
);

/** Rows of bias that do not fit a tile, of f64 alone or of f32 too. */
export const longRows: fc.Arbitrary<number> = fc.constantFrom(...TILES.map((n) => n + 1), 20_000);

export const offsets: fc.Arbitrary<number> = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 0, max: 10_000 }),
  fc.maxSafeInteger().map(Math.abs),
  // Here offset + index exceeds 2^53, beyond which f64 skips integers.
  fc.integer({ min: 0, max: 9000 }).map((n) => 2 ** 53 - n),
);

export const deviations: fc.Arbitrary<number> = fc.oneof(
  fc.nat(10_000).map((n) => n / 1000),
  fc.constantFrom(0, 1e-30, 1, 1e30),
);
