/**
 * Checks what a peer computes before its time is taken, so that no peer is timed for doing nothing.
 */
import { filled } from '../values.js';

/**
 * @typedef {object} Observed
 * @property {number} kept elements
 * @property {number} wrong elements of y and dx that are neither 0 nor scaled, or of dx under another mask
 * @property {boolean} repeats whether the next call drew the same mask
 */

/** Relative; some peers divide by 1 - p, others multiply by its reciprocal in f32. */
const TOLERANCE = 1e-6;

/**
 * @param {import('./calls.js').Call} call
 * @param {number} scale of a kept element
 * @returns {Promise<Observed>}
 */
export async function observe({ result }, scale) {
  const first = await result();
  const values = first.mask ?? first.y ?? [];
  const n = values.length;
  const x = filled(new Float32Array(n));
  const mask = Uint8Array.from({ length: n }, (_, i) => Number(values[i] !== 0));
  let wrong = 0;
  for (const array of [first.y, first.dx]) {
    if (!array) continue;
    for (let i = 0; i < n; i++) {
      const right = mask[i] ? /** @type {number} */ (x[i]) * scale : 0;
      if (!(Math.abs(/** @type {number} */ (array[i]) - right) <= TOLERANCE * Math.abs(right))) wrong++;
    }
  }
  const second = await result();
  const next = second.mask ?? second.y ?? [];
  const repeats = mask.every((kept, i) => kept === Number(next[i] !== 0));
  return { kept: mask.reduce((sum, kept) => sum + kept, 0), wrong, repeats };
}

/**
 * @param {Observed} observed
 * @param {{ n: number, p: number, isCopy: boolean }} expected
 * @throws Error that says what is wrong
 */
export function check({ kept, wrong, repeats }, { n, p, isCopy }) {
  if (wrong > 0) throw new Error(`${wrong} of ${n} elements are wrong`);
  if (isCopy) {
    if (kept !== n) throw new Error(`copied ${kept} of ${n} elements`);
    return;
  }
  // Six standard deviations: once in 5e8 checks by chance.
  const limit = 6 * Math.sqrt(n * p * (1 - p));
  if (Math.abs(kept - n * (1 - p)) > limit) throw new Error(`kept ${kept} of ${n} elements with p = ${p}`);
  if (repeats) throw new Error('two calls drew the same mask');
}
