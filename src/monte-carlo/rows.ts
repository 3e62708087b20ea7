/**
 * Rows of class probabilities: checks, softmax, entropies and votes. A row is n elements from index `at` on.
 * @module
 */
import type { FloatArray } from 'dropout-wasm';
import { exp, log } from './numerics.js';
import { wrongValue } from './shared.js';
import type { Sums } from './sums.js';

/**
 * Writes the sums of a sample (sums.ts) to `parts`, and adds its votes.
 * @throws RangeError that names the sample if it is not of its kind
 */
export function readSample(data: FloatArray, parts: Float64Array, sums: Sums, name: string): void {
  const { kind, length, rows, classes, votes } = sums;
  const isChecked = kind === 'probabilities';
  for (let i = 0; i < length && !isChecked; i++) {
    const value = data[i]!;
    if (value - value !== 0) throw wrongValue(`${name}[${i}]`, 'finite', value);
    parts[i] = value;
  }
  parts.fill(0, length, 2 * length);
  for (let row = 0; row < rows; row++) {
    const at = row * classes;
    if (!isChecked) softmax(parts, at, classes);
    votes[readRow(isChecked ? data : parts, at, classes, parts, 2 * length + row, name)]! += 1;
  }
}

/**
 * Copies a row to `out`, and writes its entropy in nats to `out[entropyAt]`. One loop does it all, since every further
 * loop would cost a third of the time of the logarithms.
 *
 * @param name of x, if its sum is checked
 * @returns the index of the largest element, the first of equal ones
 * @throws RangeError that names x unless the row is a distribution
 */
export function readRow(
  x: FloatArray,
  at: number,
  n: number,
  out: Float64Array,
  entropyAt: number,
  name?: string,
): number {
  let sum = 0;
  let entropy = 0;
  let best = at;
  let most = 0;
  for (let i = at; i < at + n; i++) {
    const p = x[i]!;
    out[i] = p;
    sum += p;
    // Impossible classes add nothing.
    if (p > 0) entropy -= p * log(p);
    else if (p !== 0) throw wrongValue(`${name}[${i}]`, 'a probability', p, REMEDY);
    if (p > most) {
      most = p;
      best = i;
    }
  }
  // The sum of a softmax is off by up to 5e-4 in f16, and by 1e-5 in f32 over 100,000 classes.
  if (name && !(Math.abs(sum - 1) <= 1e-3)) throw wrongValue(`the sum of row ${at / n} of ${name}`, '1', sum, REMEDY);
  // The entropy of a row whose sum exceeds 1 could be negative.
  out[entropyAt] = entropy > 0 ? entropy : 0;
  return best;
}

const REMEDY = "logits need softmax or kind: 'logits', a sigmoid [1 - p, p]";

/** Turns logits into probabilities, in place. */
function softmax(x: Float64Array, at: number, n: number): void {
  const max = maxOf(x, at, n);
  let sum = 0;
  for (let i = at; i < at + n; i++) sum += x[i] = exp(x[i]! - max);
  for (let i = at; i < at + n; i++) x[i]! /= sum;
}

/** The largest of n elements. */
export function maxOf(x: Float64Array, at: number, n: number): number {
  let max = x[at]!;
  for (let i = at; i < at + n; i++) max = Math.max(max, x[i]!);
  return max;
}
