/** Values at which something ends. The golden digest depends on these lists and their order. No Node, no vitest. */

/** NaN, infinities, zeros, a denormal, a number that is a denormal in f64 and 0 in f32, and one near f32's largest. */
export const SPECIAL = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 1e-45, -1e-310, 3e38];

/** Around the ends of steps, pairs of steps, blocks and tiles. */
export const LENGTHS = [31, 32, 33, 63, 64, 65, 127, 128, 4095, 4096, 4097, 8192, 12289];

/** 0 and 1, the values that round to them, and thresholds near 0 and 65536. */
export const PROBABILITIES = [0, 2 ** -33, 1e-10, 0.1, 0.5, 0.9, 0.99999, 1 - 2 ** -33, 1];
