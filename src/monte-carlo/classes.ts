/**
 * Rows of class probabilities: checks, softmax, entropies and votes. Classes lie on the last axis.
 * @module
 */
import { exp, log } from './numerics.js';
import { wrongValue } from './shared.js';

/** What a sample holds: any numbers, or the probabilities or logits of classes along the last axis. */
export type Kind = 'values' | 'probabilities' | 'logits';

export const KINDS: readonly Kind[] = ['values', 'probabilities', 'logits'];

/**
 * How far the sum of a row may be from 1. A softmax in f16 is off by up to 5e-4, one in f32 over 100,000 classes by
 * 1e-5; what is no distribution is off by more.
 */
const TOLERANCE = 1e-3;

/** The number of classes. @throws RangeError unless there is a last axis that is not empty */
export function classesOf(shape: readonly number[], name: string): number {
  const classes = shape.at(-1);
  if (!classes) throw wrongValue(`${name}.shape`, 'one whose last axis has the classes', shape);
  return classes;
}

/** @throws RangeError that names x if an element is NaN or infinite */
export function checkFinite(x: Float64Array, length: number, name: string): void {
  for (let i = 0; i < length; i++) {
    const value = x[i]!;
    if (value - value !== 0) throw wrongValue(`${name}[${i}]`, 'finite', value);
  }
}

/** @throws RangeError that names x unless every row is a distribution */
export function checkProbabilities(p: Float64Array, length: number, classes: number, name: string): void {
  for (let row = 0; row < length; row += classes) {
    let sum = 0;
    for (let i = row; i < row + classes; i++) {
      const value = p[i]!;
      if (!(value >= 0)) throw wrongValue(`${name}[${i}]`, 'a probability', value, REMEDY);
      sum += value;
    }
    if (!(Math.abs(sum - 1) <= TOLERANCE)) {
      const remedy = classes === 1 ? 'p of a sigmoid is two classes, [1 - p, p]' : REMEDY;
      throw wrongValue(`the sum of row ${row / classes} of ${name}`, '1', sum, remedy);
    }
  }
}

const REMEDY = "kind: 'logits' takes logits, and 'values' any numbers";

/** Turns logits into probabilities, in place. */
export function softmax(x: Float64Array, length: number, classes: number): void {
  for (let row = 0; row < length; row += classes) {
    const end = row + classes;
    let max = x[row]!;
    for (let i = row + 1; i < end; i++) if (x[i]! > max) max = x[i]!;
    let sum = 0;
    for (let i = row; i < end; i++) {
      const e = exp(x[i]! - max);
      x[i] = e;
      sum += e;
    }
    for (let i = row; i < end; i++) x[i]! /= sum;
  }
}

/** Writes the entropy of each row in nats to out, from index `at` on. Impossible classes add nothing. */
export function entropies(p: Float64Array, length: number, classes: number, out: Float64Array, at = 0): void {
  for (let row = 0; row < length; row += classes) {
    let sum = 0;
    for (let i = row; i < row + classes; i++) {
      const value = p[i]!;
      if (value > 0) sum -= value * log(value);
    }
    // A sum that is off by the tolerance could make it negative.
    out[at++] = sum > 0 ? sum : 0;
  }
}

/** The index of the first element that is largest, among those from … to − 1. */
export function largest(p: Float64Array, from: number, to: number): number {
  let best = from;
  for (let i = from + 1; i < to; i++) if (p[i]! > p[best]!) best = i;
  return best;
}
