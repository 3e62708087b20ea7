/**
 * Rows of class probabilities: checks, softmax, entropies and votes. A row is n elements from index `at` on.
 * @module
 */
import { exp, log } from './numerics.js';
import { wrongValue } from './shared.js';
import type { Sums } from './sums.js';

/**
 * Turns the elements of a sample into its sums (sums.ts), and adds its votes.
 * @throws RangeError that names the sample if it is not of its kind
 */
export function readRows(parts: Float64Array, { kind, length, rows, classes, votes }: Sums, name: string): void {
  for (let i = 0; i < length; i++) {
    const value = parts[i]!;
    if (value - value !== 0) throw wrongValue(`${name}[${i}]`, 'finite', value);
  }
  parts.fill(0, length, 2 * length);
  for (let row = 0; row < rows; row++) {
    const at = row * classes;
    if (kind === 'logits') softmax(parts, at, classes);
    else checkRow(parts, at, classes, name);
    parts[2 * length + row] = entropyOf(parts, at, classes);
    votes[largest(parts, at, classes)]! += 1;
  }
}

/** @throws RangeError unless the row is a distribution */
export function checkRow(p: Float64Array, at: number, n: number, name: string): void {
  let sum = 0;
  for (let i = at; i < at + n; i++) {
    const value = p[i]!;
    if (!(value >= 0)) throw wrongValue(`${name}[${i}]`, 'a probability', value, REMEDY);
    sum += value;
  }
  // A softmax in f16 is off by up to 5e-4, one in f32 over 100,000 classes by 1e-5; what is no distribution is off by more.
  if (!(Math.abs(sum - 1) <= 1e-3)) throw wrongValue(`the sum of row ${at / n} of ${name}`, '1', sum, REMEDY);
}

const REMEDY = "logits take kind: 'logits', a sigmoid two classes [1 - p, p]";

/** Turns logits into probabilities, in place. */
function softmax(x: Float64Array, at: number, n: number): void {
  const max = x[largest(x, at, n)]!;
  let sum = 0;
  for (let i = at; i < at + n; i++) sum += x[i] = exp(x[i]! - max);
  for (let i = at; i < at + n; i++) x[i]! /= sum;
}

/** The entropy in nats. Impossible classes add nothing. */
export function entropyOf(p: Float64Array, at: number, n: number): number {
  let sum = 0;
  for (let i = at; i < at + n; i++) {
    const value = p[i]!;
    if (value > 0) sum -= value * log(value);
  }
  // A sum of probabilities past 1 could make it negative.
  return sum > 0 ? sum : 0;
}

/** The index of the largest element, the first of equal ones. */
export function largest(p: Float64Array, at: number, n: number): number {
  let best = at;
  for (let i = at + 1; i < at + n; i++) if (p[i]! > p[best]!) best = i;
  return best;
}
