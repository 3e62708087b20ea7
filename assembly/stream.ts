/**
 * The mask stream, version 1 (SPEC.md): SplitMix64 seeds the lanes of a block, xorshift128+ runs them,
 * a 16-bit threshold turns their output into drop flags.
 *
 *   block    4096 elements, seeded on its own by words w[0 … 16] of its key
 *   step     32 elements: one output of each of the eight lanes, two lanes to a vector
 *
 *            vector 0          vector 1          vector 2          vector 3
 *            lane 0   lane 1   lane 2   lane 3   lane 4   lane 5   lane 6   lane 7
 *   element  0…3      4…7      8…11     12…15    16…19    20…23    24…27    28…31
 *
 * A lane's 64-bit output is four 16-bit pieces, so a vector serves eight elements in memory order.
 */

/** The odd constant of SplitMix64: 2^64 divided by the golden ratio. */
// @ts-ignore: decorator
@inline export const GAMMA: u64 = 0x9e3779b97f4a7c15;

// @ts-ignore: decorator
@inline export const BLOCK = 4096;
// @ts-ignore: decorator
@inline export const STEP = 32;
/** Words a block takes from SplitMix64: two for each lane, and w[16], which rounds the threshold. */
// @ts-ignore: decorator
@inline export const WORDS: u64 = 17;

/** The SplitMix64 finalizer on two words. A zero stays a zero. */
// @ts-ignore: decorator
@inline
function mix(z: v128): v128 {
  z = i64x2.mul(v128.xor(z, i64x2.shr_u(z, 30)), i64x2.splat(0xbf58476d1ce4e5b9));
  z = i64x2.mul(v128.xor(z, i64x2.shr_u(z, 27)), i64x2.splat(0x94d049bb133111eb));
  return v128.xor(z, i64x2.shr_u(z, 31));
}

/**
 * Words j and j + 1 of the block whose words count from `base`, one in each half. gamma is GAMMA, or 0 with base 0 for
 * words that are all 0.
 */
export function words(base: u64, gamma: u64, j: u64): v128 {
  base += j * gamma;
  return mix(i64x2.replace_lane(i64x2.splat(base + gamma), 1, base + 2 * gamma));
}

/** The word that follows (a, b) in two xorshift128+ lanes (23, 18, 5); the state becomes (b, next). */
// @ts-ignore: decorator
@inline
export function next(a: v128, b: v128): v128 {
  const t = v128.xor(a, i64x2.shl(a, 23));
  return v128.xor(v128.xor(t, b), v128.xor(i64x2.shr_u(t, 18), i64x2.shr_u(b, 5)));
}

/** T − 32768 of the block whose words count from `base`: 0 … 65536 less 32768. */
// @ts-ignore: decorator
@inline
export function threshold(base: u64, P: u64): i32 {
  const rounding = u64(i64x2.extract_lane(words(base, GAMMA, 16), 0)) >> 48;
  return i32((P + rounding) >> 16) - 32768;
}

/** Drop flags of eight elements, as 0 or −1 in 16 bits each: the sum of a stepped state is its output. */
// @ts-ignore: decorator
@inline
export function drops(T: v128, a: v128, b: v128): v128 {
  return i16x8.gt_s(T, i64x2.add(a, b));
}
