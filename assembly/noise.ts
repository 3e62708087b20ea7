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
import { D0, D1, D2, N0, N1, N2, N3, centered, centralQuantile, inTail, oneMinusSquare, quantile } from "./quantile";
import { BLOCK, GAMMA, STEP, WORDS, next, words } from "./stream";

/** Elements per block: half as many as in a mask, since each takes 32 bits instead of 16. */
// @ts-ignore: decorator
@inline const NOISE_BLOCK = BLOCK / 2;
/** Elements in two steps. */
// @ts-ignore: decorator
@inline const TWO_STEPS = STEP;

/** One vector of T: x · (1 + noise), or x + noise if `additive`. */
// @ts-ignore: decorator
@inline
function perturbV<T extends number>(src: usize, dst: usize, additive: bool, noise: v128): void {
  const x = v128.load(src);
  v128.store(dst, additive ? v128.add<T>(x, noise) : v128.mul<T>(x, v128.add<T>(v128.splat<T>(1 as T), noise)));
}

/** One element of T. */
// @ts-ignore: decorator
@inline
function perturb1<T extends number>(src: usize, dst: usize, additive: bool, noise: T): void {
  const x = load<T>(src);
  store<T>(dst, additive ? ((x + noise) as T) : ((x * (((1 as T) + noise) as T)) as T));
}

/**
 * Two steps from element k, whose outputs are v0 … v7. Unlike the hot loop, this handles f64, tails, and steps that
 * lie only partly within elements i … end − 1.
 */
function twoSteps(
  v0: v128, v1: v128, v2: v128, v3: v128, v4: v128, v5: v128, v6: v128, v7: v128,
  k: i32, i: i32, end: i32, src: usize, dst: usize, isF64: bool, additive: bool, stddev: f64,
): void {
  const log2Size = isF64 ? 3 : 2;
  for (const stop = k + TWO_STEPS; k < stop; k += 4) {
    let z = quantile(v0);
    v0 = v1;
    v1 = v2;
    v2 = v3;
    v3 = v4;
    v4 = v5;
    v5 = v6;
    v6 = v7;
    if (k >= i && k + 4 <= end) {
      const x = src + (k << log2Size);
      const y = dst + (k << log2Size);
      if (isF64) {
        const s = f64x2.splat(stddev);
        perturbV<f64>(x, y, additive, f64x2.mul(s, f64x2.promote_low_f32x4(z)));
        z = v128.shuffle<i64>(z, z, 1, 0);
        perturbV<f64>(x + 16, y + 16, additive, f64x2.mul(s, f64x2.promote_low_f32x4(z)));
      } else perturbV<f32>(x, y, additive, f32x4.mul(f32x4.splat(f32(stddev)), z));
    } else
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
 * `additive`. z is always an f32. keyLo … first are as in `dropout`.
 */
export function noise(
  src: usize, dst: usize, n: i32, isF64: bool, additive: bool,
  keyLo: u32, keyHi: u32, offset: f64, first: f64, stddev: f64,
): void {
  const key = (u64(keyHi) << 32) | u64(keyLo);
  const origin = u64(offset) + u64(first);
  const s32 = f32x4.splat(f32(stddev));
  // Adding a runtime zero stops the compiler from inlining the coefficients at every use (700 bytes).
  const zero = f32(n >> 31);
  const n0 = f32x4.splat(N0 + zero);
  const n1 = f32x4.splat(N1 + zero);
  const n2 = f32x4.splat(N2 + zero);
  const n3 = f32x4.splat(N3 + zero);
  const d0 = f32x4.splat(D0 + zero);
  const d1 = f32x4.splat(D1 + zero);
  const d2 = f32x4.splat(D2 + zero);

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

    for (; k < end; k += TWO_STEPS) {
      let v0: v128, v1: v128, v2: v128, v3: v128, v4: v128, v5: v128, v6: v128, v7: v128;
      // The hot loop: f32, two whole steps with no element in a tail. Anything else breaks out, because a call inside
      // the loop would make the engine save and reload the lanes on every iteration (1.5× the time).
      for (;; k += TWO_STEPS) {
        a0 = next(a0, b0);
        v0 = i64x2.add(a0, b0);
        a1 = next(a1, b1);
        v1 = i64x2.add(a1, b1);
        a2 = next(a2, b2);
        v2 = i64x2.add(a2, b2);
        a3 = next(a3, b3);
        v3 = i64x2.add(a3, b3);
        b0 = next(b0, a0);
        v4 = i64x2.add(a0, b0);
        b1 = next(b1, a1);
        v5 = i64x2.add(a1, b1);
        b2 = next(b2, a2);
        v6 = i64x2.add(a2, b2);
        b3 = next(b3, a3);
        v7 = i64x2.add(a3, b3);
        if (isF64 || k < i || k + TWO_STEPS > end) break;
        const x0 = centered(v0);
        const t0 = oneMinusSquare(x0);
        const x1 = centered(v1);
        const t1 = oneMinusSquare(x1);
        const x2 = centered(v2);
        const t2 = oneMinusSquare(x2);
        const x3 = centered(v3);
        const t3 = oneMinusSquare(x3);
        const x4 = centered(v4);
        const t4 = oneMinusSquare(x4);
        const x5 = centered(v5);
        const t5 = oneMinusSquare(x5);
        const x6 = centered(v6);
        const t6 = oneMinusSquare(x6);
        const x7 = centered(v7);
        const t7 = oneMinusSquare(x7);
        const front = f32x4.pmin(f32x4.pmin(t0, t1), f32x4.pmin(t2, t3));
        const back = f32x4.pmin(f32x4.pmin(t4, t5), f32x4.pmin(t6, t7));
        if (v128.any_true(inTail(f32x4.pmin(front, back)))) break;
        const x = src + (k << 2);
        const y = dst + (k << 2);
        perturbV<f32>(x, y, additive, f32x4.mul(s32, centralQuantile(x0, t0, n0, n1, n2, n3, d0, d1, d2)));
        perturbV<f32>(x + 16, y + 16, additive, f32x4.mul(s32, centralQuantile(x1, t1, n0, n1, n2, n3, d0, d1, d2)));
        perturbV<f32>(x + 32, y + 32, additive, f32x4.mul(s32, centralQuantile(x2, t2, n0, n1, n2, n3, d0, d1, d2)));
        perturbV<f32>(x + 48, y + 48, additive, f32x4.mul(s32, centralQuantile(x3, t3, n0, n1, n2, n3, d0, d1, d2)));
        perturbV<f32>(x + 64, y + 64, additive, f32x4.mul(s32, centralQuantile(x4, t4, n0, n1, n2, n3, d0, d1, d2)));
        perturbV<f32>(x + 80, y + 80, additive, f32x4.mul(s32, centralQuantile(x5, t5, n0, n1, n2, n3, d0, d1, d2)));
        perturbV<f32>(x + 96, y + 96, additive, f32x4.mul(s32, centralQuantile(x6, t6, n0, n1, n2, n3, d0, d1, d2)));
        perturbV<f32>(x + 112, y + 112, additive, f32x4.mul(s32, centralQuantile(x7, t7, n0, n1, n2, n3, d0, d1, d2)));
      }
      if (k + TWO_STEPS > i && k < end)
        twoSteps(v0, v1, v2, v3, v4, v5, v6, v7, k, i, end, src, dst, isF64, additive, stddev);
    }
    i = end;
  }
}
