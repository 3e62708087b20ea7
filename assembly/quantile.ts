/**
 * The standard normal quantile of (v + 1/2) / 2^32 for four u32 (docs/normal-noise.md). It uses only f32 operations
 * that every engine rounds alike: +, −, ×, ÷ and sqrt. quantile(~v) is −quantile(v), bit for bit.
 *
 *   |--------|===============================|===============================|--------|
 *   v = 0    2^20                           2^31                     2^32 − 2^20     2^32
 *   tail     center: x · N(s) / D(s), s² = 1 − x²                                 tail
 *
 * Together, the tails hold 0.05 % of all v.
 */

/** x = v centered on 0, in units of 2^-31. Setting the lowest bit keeps x from being 0 and makes ~v give −x. */
// @ts-ignore: decorator
@inline
export function centered(v: v128): v128 {
  return f32x4.convert_i32x4_s(v128.or(v128.xor(v, i32x4.splat(0x80000000)), i32x4.splat(1)));
}

/** 1 − x² in units of 2^-62. */
// @ts-ignore: decorator
@inline
export function oneMinusSquare(x: v128): v128 {
  return f32x4.sub(f32x4.splat(4611686018427387904), f32x4.mul(x, x));
}

/** Mask of the lanes that lie in a tail: t = 1 − x² is below 2^-10. */
// @ts-ignore: decorator
@inline
export function inTail(t: v128): v128 {
  return f32x4.lt(t, f32x4.splat(4503599627370496));
}

/** Coefficients of N and D, lowest power of s first; D's fourth is 1. Their magnitudes absorb the units of x and t. */
// @ts-ignore: decorator
@inline export const N0: f32 = 5.428242e16;
// @ts-ignore: decorator
@inline export const N1: f32 = 1172625700;
// @ts-ignore: decorator
@inline export const N2: f32 = 2.1816432;
// @ts-ignore: decorator
@inline export const N3: f32 = 5.4011032e-11;
// @ts-ignore: decorator
@inline export const D0: f32 = 2.530882e25;
// @ts-ignore: decorator
@inline export const D1: f32 = 7.685401e17;
// @ts-ignore: decorator
@inline export const D2: f32 = 2381493200;

/**
 * The quantile outside the tails; inside them the result is finite but inaccurate. The quantile is odd in x and has its
 * only singularity at t = 0, which is milder in s = √t. Even and odd powers of s are summed separately, so that half of
 * the work does not wait for the square root.
 */
// @ts-ignore: decorator
@inline
export function centralQuantile(
  x: v128, t: v128, n0: v128, n1: v128, n2: v128, n3: v128, d0: v128, d1: v128, d2: v128,
): v128 {
  const s = f32x4.sqrt(t);
  const n = f32x4.add(f32x4.add(n0, f32x4.mul(t, n2)), f32x4.mul(s, f32x4.add(n1, f32x4.mul(t, n3))));
  const d = f32x4.add(f32x4.add(d0, f32x4.mul(t, d2)), f32x4.mul(s, f32x4.add(d1, t)));
  return f32x4.div(f32x4.mul(x, n), d);
}

/**
 * The quantile in the tails: a polynomial in the 16th root of the tail probability u, which spans only 0.24 … 0.6.
 * Expanding around 0.5625 keeps the powers small, and with them the rounding errors.
 */
function tailQuantile(v: v128): v128 {
  const m = v128.xor(v, i32x4.shr_s(v, 31));
  const u = f32x4.mul(f32x4.add(f32x4.convert_i32x4_s(m), f32x4.splat(0.5)), f32x4.splat(2.3283064365386963e-10));
  const r = f32x4.sub(f32x4.sqrt(f32x4.sqrt(f32x4.sqrt(f32x4.sqrt(u)))), f32x4.splat(0.5625));
  let z = f32x4.add(f32x4.mul(r, f32x4.splat(-440.82916)), f32x4.splat(-292.36758));
  z = f32x4.add(f32x4.mul(z, r), f32x4.splat(-113.93433));
  z = f32x4.add(f32x4.mul(z, r), f32x4.splat(-15.065771));
  z = f32x4.add(f32x4.mul(z, r), f32x4.splat(-14.841564));
  z = f32x4.add(f32x4.mul(z, r), f32x4.splat(-1.3924292));
  z = f32x4.add(f32x4.mul(z, r), f32x4.splat(-6.899024));
  z = f32x4.add(f32x4.mul(z, r), f32x4.splat(0.20150617));
  z = f32x4.add(f32x4.mul(z, r), f32x4.splat(-7.187666));
  z = f32x4.add(f32x4.mul(z, r), f32x4.splat(3.7178762));
  return v128.xor(z, v128.andnot(i32x4.splat(0x80000000), v));
}

/** The quantile for any v. */
export function quantile(v: v128): v128 {
  const x = centered(v);
  const t = oneMinusSquare(x);
  const z = centralQuantile(
    x, t,
    f32x4.splat(N0), f32x4.splat(N1), f32x4.splat(N2), f32x4.splat(N3),
    f32x4.splat(D0), f32x4.splat(D1), f32x4.splat(D2),
  );
  const tails = inTail(t);
  return v128.any_true(tails) ? v128.bitselect(tailQuantile(v), z, tails) : z;
}
