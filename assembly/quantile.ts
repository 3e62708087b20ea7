/**
 * The standard normal quantile of (v + 1/2) / 2^32 for four u32 (docs/normal-noise.md). It uses only f32 operations
 * that every engine rounds alike: +, −, ×, ÷ and sqrt. quantile(~v) is −quantile(v), bit for bit.
 *
 *   |--------|===============================|===============================|--------|
 *   v = 0    2^21                           2^31                     2^32 − 2^21     2^32
 *   tail     center: x · N(s) / D(s), s² = 1 − x²                                 tail
 *
 * Together, the tails hold 0.1 % of all v.
 */

/** x = v centered on 0, in units of 2^-31. Setting the lowest bit keeps x from being 0 and makes ~v give −x. */
// @ts-ignore: decorator
@inline
export function centered(v: v128): v128 {
  return f32x4.convert_i32x4_s(v128.or(v128.xor(v, i32x4.splat(0x80000000)), i32x4.splat(1)));
}

/** The distance of v from the nearer end, an integer below 2^31. */
// @ts-ignore: decorator
@inline
function fromEnd(v: v128): v128 {
  return f32x4.convert_i32x4_s(v128.xor(v, i32x4.shr_s(v, 31)));
}

/** 1 − x² in units of 2^-62, as a product, which keeps its relative error small where x is close to ±1. */
// @ts-ignore: decorator
@inline
export function oneMinusSquare(v: v128): v128 {
  const m = fromEnd(v);
  return f32x4.mul(m, f32x4.sub(f32x4.splat(4294967296), m));
}

/** Mask of the lanes that lie in a tail: t = 1 − x² is below 2^-9. */
// @ts-ignore: decorator
@inline
export function inTail(t: v128): v128 {
  return f32x4.lt(t, f32x4.splat(9007199254740992));
}

/** Coefficients of N and D, lowest power of s first; D's fifth is 1. Their magnitudes absorb the units of x and t. */
// @ts-ignore: decorator
@inline export const N0: f32 = 2.3539334e25;
// @ts-ignore: decorator
@inline export const N1: f32 = 8.075597e17;
// @ts-ignore: decorator
@inline export const N2: f32 = 3.562602e9;
// @ts-ignore: decorator
@inline export const N3: f32 = 2.4104123;
// @ts-ignore: decorator
@inline export const N4: f32 = 3.2093123e-11;
// @ts-ignore: decorator
@inline export const D0: f32 = 1.0703383e34;
// @ts-ignore: decorator
@inline export const D1: f32 = 4.8877674e26;
// @ts-ignore: decorator
@inline export const D2: f32 = 3.0019512e18;
// @ts-ignore: decorator
@inline export const D3: f32 = 3.742366e9;

/**
 * The quantile outside the tails; inside them the result is finite but inaccurate. The quantile is odd in x and has its
 * only singularity at t = 0, which is milder in s = √t. Even and odd powers of s are summed separately, so that half of
 * the work does not wait for the square root.
 */
// @ts-ignore: decorator
@inline
export function centralQuantile(
  x: v128, t: v128,
  n0: v128, n1: v128, n2: v128, n3: v128, n4: v128, d0: v128, d1: v128, d2: v128, d3: v128,
): v128 {
  const s = f32x4.sqrt(t);
  const evenN = f32x4.add(n0, f32x4.mul(t, f32x4.add(n2, f32x4.mul(t, n4))));
  const evenD = f32x4.add(d0, f32x4.mul(t, f32x4.add(d2, t)));
  const n = f32x4.add(evenN, f32x4.mul(s, f32x4.add(n1, f32x4.mul(t, n3))));
  const d = f32x4.add(evenD, f32x4.mul(s, f32x4.add(d1, f32x4.mul(t, d3))));
  return f32x4.div(f32x4.mul(x, n), d);
}

/**
 * The quantile in the tails: a polynomial in the 16th root of the tail probability u, which spans only 0.24 … 0.62.
 * Expanding around 0.5625 keeps the powers small, and with them the rounding errors.
 */
function tailQuantile(v: v128): v128 {
  const u = f32x4.mul(f32x4.add(fromEnd(v), f32x4.splat(0.5)), f32x4.splat(2.3283064365386963e-10));
  const r = f32x4.sub(f32x4.sqrt(f32x4.sqrt(f32x4.sqrt(f32x4.sqrt(u)))), f32x4.splat(0.5625));
  let z = f32x4.add(f32x4.mul(r, f32x4.splat(-546.81213)), f32x4.splat(-425.21222));
  z = f32x4.add(f32x4.mul(z, r), f32x4.splat(-179.2842));
  z = f32x4.add(f32x4.mul(z, r), f32x4.splat(-30.609852));
  z = f32x4.add(f32x4.mul(z, r), f32x4.splat(-16.517647));
  z = f32x4.add(f32x4.mul(z, r), f32x4.splat(-1.4200191));
  z = f32x4.add(f32x4.mul(z, r), f32x4.splat(-6.891113));
  z = f32x4.add(f32x4.mul(z, r), f32x4.splat(0.20186275));
  z = f32x4.add(f32x4.mul(z, r), f32x4.splat(-7.187672));
  z = f32x4.add(f32x4.mul(z, r), f32x4.splat(3.717876));
  return v128.xor(z, v128.andnot(i32x4.splat(0x80000000), v));
}

/** The quantile for any v. */
export function quantile(v: v128): v128 {
  const x = centered(v);
  const t = oneMinusSquare(v);
  const z = centralQuantile(
    x, t,
    f32x4.splat(N0), f32x4.splat(N1), f32x4.splat(N2), f32x4.splat(N3), f32x4.splat(N4),
    f32x4.splat(D0), f32x4.splat(D1), f32x4.splat(D2), f32x4.splat(D3),
  );
  const tails = inTail(t);
  return v128.any_true(tails) ? v128.bitselect(tailQuantile(v), z, tails) : z;
}
