/**
 * The standard normal quantile of (v + 1/2) / 2^32 for four u32, in f32 operations that every engine rounds alike:
 * +, −, ×, ÷ and sqrt (docs/normal-noise.md). That of ~v is that of v with the other sign, bit for bit.
 *
 *   |--------|===============================|===============================|--------|
 *   v = 0    2^20                           2^31                     2^32 − 2^20     2^32
 *   tail     centre: x · N(s) / D(s), s² = 1 − x²                                 tail, 0.05 % in all
 */

/** x in units of 2^-31, odd, so that no v lies in the middle. */
// @ts-ignore: decorator
@inline
export function place(v: v128): v128 {
  return f32x4.convert_i32x4_s(v128.or(v128.xor(v, i32x4.splat(0x80000000)), i32x4.splat(1)));
}

/** 1 − x² in units of 2^-62. */
// @ts-ignore: decorator
@inline
export function depth(x: v128): v128 {
  return f32x4.sub(f32x4.splat(4611686018427387904), f32x4.mul(x, x));
}

/** Which of these depths lie in a tail. */
// @ts-ignore: decorator
@inline
export function far(t: v128): v128 {
  return f32x4.lt(t, f32x4.splat(4503599627370496));
}

/** Coefficients of N and D, lowest power of s first; D's fourth is 1. Their magnitudes make up for the units. */
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
 * Outside of the tails, and finite in all: the quantile is odd in x and singular in t = 0 only, and in s = √t less
 * so. Even and odd powers of s apart, since half of the work then need not wait for the root.
 */
// @ts-ignore: decorator
@inline
export function centre(
  x: v128, t: v128, n0: v128, n1: v128, n2: v128, n3: v128, d0: v128, d1: v128, d2: v128,
): v128 {
  const s = f32x4.sqrt(t);
  const n = f32x4.add(f32x4.add(n0, f32x4.mul(t, n2)), f32x4.mul(s, f32x4.add(n1, f32x4.mul(t, n3))));
  const d = f32x4.add(f32x4.add(d0, f32x4.mul(t, d2)), f32x4.mul(s, f32x4.add(d1, t)));
  return f32x4.div(f32x4.mul(x, n), d);
}

/**
 * In the tails: a polynomial in the 16th root of the probability u, which spans no more than 0.24 … 0.6; around 0.5625
 * its powers stay small, and with them the rounding.
 */
function tail(v: v128): v128 {
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

/** Of any v. */
export function quantile(v: v128): v128 {
  const x = place(v);
  const t = depth(x);
  const z = centre(
    x, t, f32x4.splat(N0), f32x4.splat(N1), f32x4.splat(N2), f32x4.splat(N3), f32x4.splat(D0), f32x4.splat(D1), f32x4.splat(D2),
  );
  const tails = far(t);
  return v128.any_true(tails) ? v128.bitselect(tail(v), z, tails) : z;
}
