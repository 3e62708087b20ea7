/** Boundary values. The golden digests depend on these lists and their order. It imports neither Node nor vitest. */

/** Includes a subnormal f32, a subnormal f64, and a number near the largest f32. */
export const SPECIAL = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 1e-45, -1e-310, 3e38];

/** The ends of steps, pairs of steps and blocks. */
export const LENGTHS = [31, 32, 33, 63, 64, 65, 127, 128, 4095, 4096, 4097, 8192, 12289];

/** Includes 0, 1, and values that round to a threshold of 0 or 65536. */
export const PROBABILITIES = [0, 2 ** -33, 1e-10, 0.1, 0.5, 0.9, 0.99999, 1 - 2 ** -33, 1];
