/**
 * Normal noise, version 1 (docs/normal-noise.md): the lanes of stream.ts, with 32-bit pieces that the normal quantile
 * function maps to noise.
 *
 *   block    2048 elements
 *   step     16 elements: a lane's output is two 32-bit pieces, so one vector covers four elements
 *
 *            vector 0      vector 1      vector 2       vector 3
 *            lane 0 lane 1 lane 2 lane 3 lane 4 lane 5  lane 6 lane 7
 *   element  0, 1   2, 3   4, 5   6, 7   8, 9   10, 11  12, 13 14, 15
 */
import {
  D0, D1, D2, D3, N0, N1, N2, N3, N4, centered, centralQuantile, inTail, oneMinusSquare, quantile,
} from "./quantile";
import { BLOCK, GAMMA, STEP, WORDS, next, words } from "./stream";

/** Elements per block: half as many as in a mask, since each takes 32 bits instead of 16. */
// @ts-ignore: decorator
@inline const NOISE_BLOCK = BLOCK / 2;
/** Elements per step. */
// @ts-ignore: decorator
@inline const NOISE_STEP = STEP / 2;

/** One vector of T: x · (1 + noise), or x + noise if `additive`. */
// @ts-ignore: decorator
@inline
function perturbV<T extends number>(src: usize, dst: usize, additive: bool, noise: v128): void {
  const x = v128.load(src);
  v128.store(dst, additive ? v128.add<T>(x, noise) : v128.mul<T>(x, v128.add<T>(v128.splat<T>(1 as T), noise)));
}

/** Elements k … k + 3 of src and dst, with noise stddev · z. `s` has stddev in every element. */
// @ts-ignore: decorator
@inline
function perturb4(src: usize, dst: usize, k: i32, isF64: bool, additive: bool, s: v128, z: v128): void {
  if (isF64) {
    const x = src + (k << 3);
    const y = dst + (k << 3);
    perturbV<f64>(x, y, additive, f64x2.mul(s, f64x2.promote_low_f32x4(z)));
    const high = v128.shuffle<i64>(z, z, 1, 1);
    perturbV<f64>(x + 16, y + 16, additive, f64x2.mul(s, f64x2.promote_low_f32x4(high)));
  } else perturbV<f32>(src + (k << 2), dst + (k << 2), additive, f32x4.mul(s, z));
}

/** A whole step from element k. */
// @ts-ignore: decorator
@inline
function perturbStep(
  src: usize, dst: usize, k: i32, isF64: bool, additive: bool, s: v128, z0: v128, z1: v128, z2: v128, z3: v128,
): void {
  perturb4(src, dst, k, isF64, additive, s, z0);
  perturb4(src, dst, k + 4, isF64, additive, s, z1);
  perturb4(src, dst, k + 8, isF64, additive, s, z2);
  perturb4(src, dst, k + 12, isF64, additive, s, z3);
}

/** One element of T. */
// @ts-ignore: decorator
@inline
function perturb1<T extends number>(src: usize, dst: usize, additive: bool, noise: T): void {
  const x = load<T>(src);
  store<T>(dst, additive ? ((x + noise) as T) : ((x * (((1 as T) + noise) as T)) as T));
}

/**
 * A step from element k, whose outputs are v0 … v3. Unlike the hot loop, this handles tails, and steps that lie only
 * partly within elements i … end − 1.
 */
function anyStep(
  v0: v128, v1: v128, v2: v128, v3: v128,
  k: i32, i: i32, end: i32, src: usize, dst: usize, isF64: bool, additive: bool, stddev: f64, s: v128,
): void {
  for (const stop = k + NOISE_STEP; k < stop; k += 4) {
    let z = quantile(v0);
    v0 = v1;
    v1 = v2;
    v2 = v3;
    if (k >= i && k + 4 <= end) perturb4(src, dst, k, isF64, additive, s, z);
    else
      for (let e = k; e < k + 4; ++e, z = v128.shuffle<i32>(z, z, 1, 2, 3, 0)) {
        if (e < i || e >= end) continue;
        const z0 = f32x4.extract_lane(z, 0);
        if (isF64) perturb1<f64>(src + (e << 3), dst + (e << 3), additive, stddev * f64(z0));
        else perturb1<f32>(src + (e << 2), dst + (e << 2), additive, f32(stddev) * z0);
      }
  }
}

/**
 * Processes n elements (n ≤ 2^30), f64 if `isF64`, otherwise f32: x · (1 + stddev · z), or x + stddev · z if
 * `additive`. z is always an f32. keyLo … first are as in `draw`.
 */
export function noise(
  src: usize, dst: usize, n: i32, isF64: bool, additive: bool,
  keyLo: u32, keyHi: u32, offset: f64, first: f64, stddev: f64,
): void {
  const key = (u64(keyHi) << 32) | u64(keyLo);
  const origin = u64(offset) + u64(first);
  const s = isF64 ? f64x2.splat(stddev) : f32x4.splat(f32(stddev));
  // Adding a runtime zero stops the compiler from inlining the coefficients at every use (700 bytes).
  const zero = f32(n >> 31);
  const n0 = f32x4.splat(N0 + zero);
  const n1 = f32x4.splat(N1 + zero);
  const n2 = f32x4.splat(N2 + zero);
  const n3 = f32x4.splat(N3 + zero);
  const n4 = f32x4.splat(N4 + zero);
  const d0 = f32x4.splat(D0 + zero);
  const d1 = f32x4.splat(D1 + zero);
  const d2 = f32x4.splat(D2 + zero);
  const d3 = f32x4.splat(D3 + zero);

  // i, k, end and the lanes are as in dropout.ts.
  for (let i = 0; i < n;) {
    const element = origin + u64(i);
    let k = i - (i32(element) & (NOISE_BLOCK - 1));
    const end = min(n, k + NOISE_BLOCK);

    const base = key + (element / NOISE_BLOCK) * WORDS * GAMMA;
    let a0 = words(base, GAMMA, 0);
    let a1 = words(base, GAMMA, 2);
    let a2 = words(base, GAMMA, 4);
    let a3 = words(base, GAMMA, 6);
    let b0 = words(base, GAMMA, 8);
    let b1 = words(base, GAMMA, 10);
    let b2 = words(base, GAMMA, 12);
    let b3 = words(base, GAMMA, 14);

    for (; k < end; k += NOISE_STEP) {
      let v0: v128, v1: v128, v2: v128, v3: v128;
      // The hot loop: whole steps with no element in a tail. Anything else breaks out, because a call inside the loop
      // would make the engine save and reload the lanes on every iteration (1.5× the time).
      for (;; k += NOISE_STEP) {
        const c0 = next(a0, b0);
        const c1 = next(a1, b1);
        const c2 = next(a2, b2);
        const c3 = next(a3, b3);
        a0 = b0;
        a1 = b1;
        a2 = b2;
        a3 = b3;
        b0 = c0;
        b1 = c1;
        b2 = c2;
        b3 = c3;
        if (k + NOISE_STEP <= i) continue;
        v0 = i64x2.add(a0, b0);
        v1 = i64x2.add(a1, b1);
        v2 = i64x2.add(a2, b2);
        v3 = i64x2.add(a3, b3);
        const t0 = oneMinusSquare(v0);
        const t1 = oneMinusSquare(v1);
        const t2 = oneMinusSquare(v2);
        const t3 = oneMinusSquare(v3);
        const z0 = centralQuantile(centered(v0), t0, n0, n1, n2, n3, n4, d0, d1, d2, d3);
        const z1 = centralQuantile(centered(v1), t1, n0, n1, n2, n3, n4, d0, d1, d2, d3);
        const z2 = centralQuantile(centered(v2), t2, n0, n1, n2, n3, n4, d0, d1, d2, d3);
        const z3 = centralQuantile(centered(v3), t3, n0, n1, n2, n3, n4, d0, d1, d2, d3);
        // Tested after the arithmetic: otherwise V8 recomputes the constants in every iteration.
        if (k < i || k + NOISE_STEP > end) break;
        if (v128.any_true(inTail(f32x4.pmin(f32x4.pmin(t0, t1), f32x4.pmin(t2, t3))))) break;
        // One branch for a step: with one in each vector, the loop takes 9 % longer.
        if (isF64) {
          if (additive) perturbStep(src, dst, k, true, true, s, z0, z1, z2, z3);
          else perturbStep(src, dst, k, true, false, s, z0, z1, z2, z3);
        } else if (additive) perturbStep(src, dst, k, false, true, s, z0, z1, z2, z3);
        else perturbStep(src, dst, k, false, false, s, z0, z1, z2, z3);
      }
      if (k < end) anyStep(v0, v1, v2, v3, k, i, end, src, dst, isF64, additive, stddev, s);
    }
    i = end;
  }
}
