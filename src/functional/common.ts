/**
 * What the stateless calls have in common: which elements are dropped follows from key, offset and p alone
 * (SPEC.md).
 * @module
 */

import type { Affine, Nest } from '../backend/interface.js';
import { kernel } from '../backend/select.js';
import { checkProbability, checkWhole, checkWord, given } from '../core/check.js';
import { type NoiseShape, nestOf } from '../core/shapes.js';
import { copy, dataOf, type Input, type Like, type Result, resultFor, shapeOf } from '../core/tensor.js';
import type { U64 } from '../core/u64.js';

export interface CallOptions<X extends Input> {
  /** Probability that an element is dropped, from 0 to 1. */
  p: number;
  /** Key of the call's stream, from a Generator or `layer.key`. May be undefined where p is 0 or 1. */
  key: bigint | undefined;
  /** Element i of x (or of its noise shape) is element `offset + i` of the stream: a whole number up to 2^53. */
  offset?: number;
  /** Where the result goes: an array at least as long as x or a tensor of its shape, x itself or apart from it. */
  out?: Like<X>;
}

export interface DropoutOptions<X extends Input> extends CallOptions<X> {
  /**
   * The shape in which draws are made, to be broadcast to that of x: 1 shares one along an axis, null copies the
   * size of x. As long as the shape of x, or shorter and aligned to its end.
   */
  noiseShape?: NoiseShape | null;
}

/** Where p calls for no key, any serves: its stream is not asked. */
export const ANY: U64 = { hi: 0, lo: 0 };

/** Whether p calls for a key: p = 0 keeps and p = 1 drops everything without one. */
export const draws = (p: number): boolean => p > 0 && p < 1;

/** P of SPEC.md: the probability in units of 2^-32, by which it is exact for every element. */
export const units = (p: number): number => Math.floor(p * 2 ** 32 + 0.5);

/** Inverted dropout: kept elements are scaled so that the expectation stays. */
export const inverted = (p: number): Affine => scaled(1 / (1 - p));

export const scaled = (scale: number): Affine => ({ scale, shift: -0, fill: 0 });

/** @throws TypeError, RangeError for p, key or offset; returns the key in halves */
export function checkStream(p: number, key: bigint | undefined, offset: number): U64 {
  checkProbability(p);
  checkWhole(offset, 'offset');
  return key === undefined && !draws(p) ? ANY : checkWord(key, 'key');
}

/** A call that drops, from its arguments on: checks them, and writes what `numbers` makes of p. */
export function dropped<X extends Input>(x: X, options: DropoutOptions<X>, numbers: (p: number) => Affine): Result<X> {
  const { p, key, offset = 0, out, noiseShape } = given(options);
  const word = checkStream(p, key, offset);
  const nest = noiseShape === undefined || noiseShape === null ? undefined : nestOf(noiseShape, shapeOf(x));
  const result = resultFor(x, out);
  drop(x, result, p, numbers(p), word, offset, nest);
  return result;
}

/** `dropped` on checked arguments: p = 0 copies, p = 1 writes zeros. */
export function drop(x: Input, out: Input, p: number, numbers: Affine, key = ANY, offset = 0, nest?: Nest): void {
  const src = dataOf(x);
  const dst = dataOf(out);
  if (p === 1) dst.fill(0, 0, src.length);
  else if (p > 0) kernel().dropout(src, dst, key, offset, units(p), numbers, nest);
  else copy(x, out);
}
