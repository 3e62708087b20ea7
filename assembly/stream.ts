/**
 * The mask stream, version 1 (docs/SPEC.md). SplitMix64 seeds the lanes of a block, xorshift128+ steps them, and a
 * 16-bit threshold turns their output into drop flags.
 *
 *   block    4096 elements, seeded independently of other blocks, from 17 words w[0 … 16]
 *   step     32 elements: one 64-bit output of each of the eight lanes, two lanes per vector
 *
 *            vector 0          vector 1          vector 2          vector 3
 *            lane 0   lane 1   lane 2   lane 3   lane 4   lane 5   lane 6   lane 7
 *   element  0…3      4…7      8…11     12…15    16…19    20…23    24…27    28…31
 *   s0       a0                a1                a2                a3
 *   s1       b0                b1                b2                b3
 *
 * A lane's output is four 16-bit pieces, so one vector covers eight elements in memory order.
 *
 * dropout.ts, rows.ts and noise.ts each unroll the lanes by hand and repeat the code that seeds and steps them. Lane
 * state (s0 in a0 … a3, s1 in b0 … b3) has to stay in locals; in an array or a class it would live in memory.
 * AssemblyScript has no macros, and a function, even an inlined one, cannot assign its caller's locals.
 */

/** The increment of SplitMix64: 2^64 divided by the golden ratio, rounded to an odd integer. */
// @ts-ignore: decorator
@inline export const GAMMA: u64 = 0x9e3779b97f4a7c15;

/** Elements per block. */
// @ts-ignore: decorator
@inline export const BLOCK = 4096;
/** Elements per step. */
// @ts-ignore: decorator
@inline export const STEP = 32;
/** Words per block: two for each lane, and w[16], which rounds the threshold. */
// @ts-ignore: decorator
@inline export const WORDS: u64 = 17;

/** The SplitMix64 finalizer on two words. It maps 0 to 0. */
// @ts-ignore: decorator
@inline
function mix(z: v128): v128 {
  z = i64x2.mul(v128.xor(z, i64x2.shr_u(z, 30)), i64x2.splat(0xbf58476d1ce4e5b9));
  z = i64x2.mul(v128.xor(z, i64x2.shr_u(z, 27)), i64x2.splat(0x94d049bb133111eb));
  return v128.xor(z, i64x2.shr_u(z, 31));
}

/**
 * Words j and j + 1 of a block, one in each half of the vector. `base` is the SplitMix64 state before word 0, and
 * `gamma` is GAMMA. If both are 0, every word is 0.
 */
export function words(base: u64, gamma: u64, j: u64): v128 {
  base += j * gamma;
  return mix(i64x2.replace_lane(i64x2.splat(base + gamma), 1, base + 2 * gamma));
}

/** One step of two xorshift128+ lanes (shifts 23, 18, 5): state (a, b) becomes (b, next(a, b)). */
// @ts-ignore: decorator
@inline
export function next(a: v128, b: v128): v128 {
  const t = v128.xor(a, i64x2.shl(a, 23));
  return v128.xor(v128.xor(t, b), v128.xor(i64x2.shr_u(t, 18), i64x2.shr_u(b, 5)));
}

/** T − 32768, where T (0 … 65536) is the threshold of a block, because dropFlags compares signed numbers. */
// @ts-ignore: decorator
@inline
export function threshold(base: u64, P: u64): i32 {
  const rounding = u64(i64x2.extract_lane(words(base, GAMMA, 16), 0)) >> 48;
  return i32((P + rounding) >> 16) - 32768;
}

/** Drop flags of eight elements, 16 bits each: −1 = dropped, 0 = kept. The lanes' output is a + b after a step. */
// @ts-ignore: decorator
@inline
export function dropFlags(T: v128, a: v128, b: v128): v128 {
  return i16x8.gt_s(T, i64x2.add(a, b));
}
