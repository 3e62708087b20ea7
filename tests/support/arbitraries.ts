/**
 * Arbitraries that random suites share: the parts of a call. fc.double is unsuitable: it draws all exponents equally
 * often, so nearly every p would be 0.
 */
import fc from 'fast-check';
import { LENGTHS, PROBABILITIES } from './edge-cases.js';

export const probabilities: fc.Arbitrary<number> = fc.oneof(
  fc.nat(2 ** 31 - 1).map((n) => n / 2 ** 31),
  fc.constantFrom(...PROBABILITIES),
);

/** Up to 12,289 elements, often at the end of a step, a block or a tile. */
export const lengths: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: 0, max: 200 }),
  fc.integer({ min: 0, max: 9000 }),
  fc.constantFrom(...LENGTHS),
  // The ends of f64 tiles.
  fc.constantFrom(2047, 2048, 2049, 6144, 6145),
);

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
