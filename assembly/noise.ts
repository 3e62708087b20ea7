/**
 * Normal noise (SPEC.md): the blocks and lanes of dropout.ts in 32-bit pieces, through the normal quantile.
 *
 *   step     16 elements: a lane's 64-bit output is two pieces, so a vector of two lanes serves four elements
 *
 *            vector 0      vector 1      vector 2       vector 3
 *            lane 0 lane 1 lane 2 lane 3 lane 4 lane 5  lane 6 lane 7
 *   element  0, 1   2, 3   4, 5   6, 7   8, 9   10, 11  12, 13 14, 15
 */
import { D0, D1, D2, N0, N1, N2, N3, centre, depth, far, place, quantile } from "./quantile";
import { BLOCK, GAMMA, STEP, WORDS, next, words } from "./stream";

/** Elements of a block: half as many as where each takes 16 bits. */
// @ts-ignore: decorator
@inline const NORMALS = BLOCK / 2;
/** Elements of two steps. */
// @ts-ignore: decorator
@inline const PAIR = STEP;

/** A vector of T: x · (1 + noise), or, additive, x + noise. */
// @ts-ignore: decorator
@inline
function noisyV<T extends number>(src: usize, dst: usize, additive: bool, noise: v128): void {
  const x = v128.load(src);
  v128.store(dst, additive ? v128.add<T>(x, noise) : v128.mul<T>(x, v128.add<T>(v128.splat<T>(1 as T), noise)));
}

/** The same for one element. */
// @ts-ignore: decorator
@inline
function noisy1<T extends number>(src: usize, dst: usize, additive: bool, noise: T): void {
  const x = load<T>(src);
  store<T>(dst, additive ? ((x + noise) as T) : ((x * (((1 as T) + noise) as T)) as T));
}

/** Two steps from element k on, of which those from i to end − 1 are of this call: any of them, f32 or f64. */
function pair(
  v0: v128, v1: v128, v2: v128, v3: v128, v4: v128, v5: v128, v6: v128, v7: v128,
  k: i32, i: i32, end: i32, src: usize, dst: usize, wide: bool, additive: bool, stddev: f64,
): void {
  const size = wide ? 3 : 2;
  for (const stop = k + PAIR; k < stop; k += 4) {
    let z = quantile(v0);
    v0 = v1;
    v1 = v2;
    v2 = v3;
    v3 = v4;
    v4 = v5;
    v5 = v6;
    v6 = v7;
    if (k >= i && k + 4 <= end) {
      const x = src + (k << size);
      const y = dst + (k << size);
      if (wide) {
        const s = f64x2.splat(stddev);
        noisyV<f64>(x, y, additive, f64x2.mul(s, f64x2.promote_low_f32x4(z)));
        z = v128.shuffle<i64>(z, z, 1, 0);
        noisyV<f64>(x + 16, y + 16, additive, f64x2.mul(s, f64x2.promote_low_f32x4(z)));
      } else noisyV<f32>(x, y, additive, f32x4.mul(f32x4.splat(f32(stddev)), z));
    } else
      for (let e = k; e < k + 4; ++e, z = v128.shuffle<i32>(z, z, 1, 2, 3, 0)) {
        if (e < i || e >= end) continue;
        const z0 = f32x4.extract_lane(z, 0);
        if (wide) noisy1<f64>(src + (e << 3), dst + (e << 3), additive, stddev * f64(z0));
        else noisy1<f32>(src + (e << 2), dst + (e << 2), additive, f32(stddev) * z0);
      }
  }
}

/**
 * n elements (n at most 2^30), f64 if `wide` and f32 otherwise; noise is stddev · z, with z an f32. The stream's
 * arguments are those of `dropout`.
 */
export function noise(
  src: usize, dst: usize, n: i32, wide: bool, additive: bool,
  keyLo: u32, keyHi: u32, offset: f64, first: f64, stddev: f64,
): void {
  const key = (u64(keyHi) << 32) | u64(keyLo);
  const origin = u64(offset) + u64(first);
  const s32 = f32x4.splat(f32(stddev));
  // Coefficients that no compiler knows for constants: written out at each of their uses, those take 700 bytes more.
  const zero = f32(n >> 31);
  const n0 = f32x4.splat(N0 + zero);
  const n1 = f32x4.splat(N1 + zero);
  const n2 = f32x4.splat(N2 + zero);
  const n3 = f32x4.splat(N3 + zero);
  const d0 = f32x4.splat(D0 + zero);
  const d1 = f32x4.splat(D1 + zero);
  const d2 = f32x4.splat(D2 + zero);

  // i, k and end as in dropout.ts.
  for (let i = 0; i < n;) {
    const at = origin + u64(i);
    let k = i - (i32(at) & (NORMALS - 1));
    const end = min(n, k + NORMALS);

    const base = key + (at / NORMALS) * WORDS * GAMMA;
    let a0 = words(base, GAMMA, 0);
    let a1 = words(base, GAMMA, 2);
    let a2 = words(base, GAMMA, 4);
    let a3 = words(base, GAMMA, 6);
    let b0 = words(base, GAMMA, 8);
    let b1 = words(base, GAMMA, 10);
    let b2 = words(base, GAMMA, 12);
    let b3 = words(base, GAMMA, 14);

    for (; k < end; k += PAIR) {
      let v0: v128, v1: v128, v2: v128, v3: v128, v4: v128, v5: v128, v6: v128, v7: v128;
      // The hot loop: f32, two whole steps with no element in a tail. It ends before anything else, since a call
      // inside would have the lanes saved around it at every turn (half as fast again).
      for (;; k += PAIR) {
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
        if (wide || k < i || k + PAIR > end) break;
        const x0 = place(v0);
        const t0 = depth(x0);
        const x1 = place(v1);
        const t1 = depth(x1);
        const x2 = place(v2);
        const t2 = depth(x2);
        const x3 = place(v3);
        const t3 = depth(x3);
        const x4 = place(v4);
        const t4 = depth(x4);
        const x5 = place(v5);
        const t5 = depth(x5);
        const x6 = place(v6);
        const t6 = depth(x6);
        const x7 = place(v7);
        const t7 = depth(x7);
        const front = f32x4.pmin(f32x4.pmin(t0, t1), f32x4.pmin(t2, t3));
        const back = f32x4.pmin(f32x4.pmin(t4, t5), f32x4.pmin(t6, t7));
        if (v128.any_true(far(f32x4.pmin(front, back)))) break;
        const x = src + (k << 2);
        const y = dst + (k << 2);
        noisyV<f32>(x, y, additive, f32x4.mul(s32, centre(x0, t0, n0, n1, n2, n3, d0, d1, d2)));
        noisyV<f32>(x + 16, y + 16, additive, f32x4.mul(s32, centre(x1, t1, n0, n1, n2, n3, d0, d1, d2)));
        noisyV<f32>(x + 32, y + 32, additive, f32x4.mul(s32, centre(x2, t2, n0, n1, n2, n3, d0, d1, d2)));
        noisyV<f32>(x + 48, y + 48, additive, f32x4.mul(s32, centre(x3, t3, n0, n1, n2, n3, d0, d1, d2)));
        noisyV<f32>(x + 64, y + 64, additive, f32x4.mul(s32, centre(x4, t4, n0, n1, n2, n3, d0, d1, d2)));
        noisyV<f32>(x + 80, y + 80, additive, f32x4.mul(s32, centre(x5, t5, n0, n1, n2, n3, d0, d1, d2)));
        noisyV<f32>(x + 96, y + 96, additive, f32x4.mul(s32, centre(x6, t6, n0, n1, n2, n3, d0, d1, d2)));
        noisyV<f32>(x + 112, y + 112, additive, f32x4.mul(s32, centre(x7, t7, n0, n1, n2, n3, d0, d1, d2)));
      }
      if (k + PAIR > i && k < end)
        pair(v0, v1, v2, v3, v4, v5, v6, v7, k, i, end, src, dst, wide, additive, stddev);
    }
    i = end;
  }
}
