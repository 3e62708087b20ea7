/**
 * The stateless calls. Which elements are dropped follows from key, offset and p alone (SPEC.md);
 * everything else in this package is a thin layer over these.
 * @module
 */
import { checkProbability, checkWhole, checkWord, shown } from './check.js';
import { kernel } from './kernel/backend.js';
import { checkMask, dataOf, type FloatArray, type Input, type Like, overlap, resultFor } from './tensor.js';
import type { U64 } from './u64.js';

/** One byte an element, or one bit: element i is bit i % 8 of byte ⌊i / 8⌋. 1 = kept. */
export type MaskFormat = 'bytes' | 'bits';

export interface DropoutOptions<X extends Input> {
  /** Probability that an element is dropped, from 0 to 1. */
  p: number;
  /** Key of the mask's stream, from a Generator or `layer.key`. May be undefined where p is 0 or 1. */
  key: bigint | undefined;
  /** Element i of x is element `offset + i` of the stream: a whole number up to 2^53. */
  offset?: number;
  /** Where the result goes: like x, at least as long, x itself or apart from it. */
  out?: Like<X>;
}

export interface MaskOptions {
  p: number;
  key: bigint | undefined;
  offset?: number;
  out?: Uint8Array;
  /** 'bytes' without it. */
  format?: MaskFormat;
}

export interface ApplyMaskOptions<X extends Input> {
  /** The probability that the mask was drawn with: kept elements are multiplied by 1 / (1 − p). */
  p: number;
  /** 'bytes' without it: any byte but 0 is kept. */
  format?: MaskFormat;
  out?: Like<X>;
}

/**
 * Dropout (Srivastava et al. 2014), inverted: each element is +0 with probability p and x / (1 − p)
 * otherwise. The gradient with respect to x is the same call on dy.
 *
 * @param x elements in row-major order, any shape; NaN and ±Inf are dropped like any other
 * @returns `out`, or a new array of the kind of x, in the arena of x if that has one
 * @throws TypeError, RangeError that names the argument, before anything is written
 * @example
 * const key = new Generator(42).next();
 * const y = dropout(Float32Array.of(1, 2, 3, 4), { p: 0.5, key }); // 2, 0, 0, 8
 * const dx = dropout(dy, { p: 0.5, key });
 */
export function dropout<X extends Input>(x: X, { p, key, offset = 0, out }: DropoutOptions<X>): Like<X> {
  checkProbability(p);
  checkWhole(offset, 'offset');
  const word = checkKey(key, p);
  const result = resultFor(x, out);
  drop(dataOf(x), dataOf(result), p, word, offset);
  return result;
}

/**
 * The mask that `dropout` applies for the same key, offset and p.
 *
 * @param length number of elements
 * @returns `out`, or a new array of `length` bytes or ⌈length / 8⌉ bytes of bits
 * @throws TypeError, RangeError that names the argument, before anything is written
 * @example
 * mask(4, { p: 0.5, key: new Generator(42).next() }); // 1, 0, 0, 1
 */
export function mask(length: number, { p, key, offset = 0, out, format = 'bytes' }: MaskOptions): Uint8Array {
  checkWhole(length, 'length');
  checkProbability(p);
  checkWhole(offset, 'offset');
  const bits = isBits(format);
  const word = checkKey(key, p);
  const bytes = bits ? Math.ceil(length / 8) : length;
  const result = out === undefined ? new Uint8Array(bytes) : checkMask(out, bytes, 'out', true);
  writeMask(result, length, bits, p, word, offset);
  return result;
}

/**
 * Applies a mask of the caller's: kept → x / (1 − p), dropped → +0. Its gradient is the same call on dy.
 *
 * @param x elements in row-major order, any shape
 * @param mask one byte or bit for each element of x, 1 = kept
 * @throws TypeError, RangeError that names the argument, before anything is written
 * @example
 * applyMask(Float32Array.of(1, 2, 3, 4), Uint8Array.of(1, 0, 0, 1), { p: 0.5 }); // 2, 0, 0, 8
 */
export function applyMask<X extends Input>(x: X, mask: Uint8Array, { p, format = 'bytes', out }: ApplyMaskOptions<X>): Like<X> {
  checkProbability(p);
  const bits = isBits(format);
  const n = dataOf(x)?.length ?? 0;
  checkMask(mask, bits ? Math.ceil(n / 8) : n, 'mask');
  const result = resultFor(x, out);
  const y = dataOf(result);
  if (overlap(mask, y, n * y.BYTES_PER_ELEMENT)) throw new RangeError('out has to lie apart from mask, but they overlap');
  if (p === 1) y.fill(0, 0, n);
  else kernel().applyMask(dataOf(x), mask, bits, y, 1 / (1 - p));
  return result;
}

/** Whether p calls for a draw at all: p = 0 keeps and p = 1 drops without one. */
export const draws = (p: number): boolean => p > 0 && p < 1;

/** `dropout` on checked arguments. */
export function drop(x: FloatArray, out: FloatArray, p: number, key: U64 | undefined, offset: number): void {
  if (key && draws(p)) kernel().dropout(x, out, { key, offset, P: units(p) }, 1 / (1 - p));
  else if (p === 1) out.fill(0, 0, x.length);
  else if (out !== x) out.set(x);
}

/** `mask` on checked arguments. */
export function writeMask(out: Uint8Array, length: number, bits: boolean, p: number, key: U64 | undefined, offset: number): void {
  if (key && draws(p)) return kernel().mask(out, length, bits, { key, offset, P: units(p) });
  const whole = bits ? Math.floor(length / 8) : length;
  out.fill(p === 1 ? 0 : bits ? 0xff : 1, 0, whole);
  if (bits && length % 8) out[whole] = p === 1 ? 0 : (1 << (length % 8)) - 1;
}

/** @throws TypeError, RangeError unless format is one of the two */
export function isBits(format: unknown): boolean {
  if (typeof format !== 'string') throw new TypeError(`format has to be a string, but got ${shown(format)}`);
  if (format !== 'bytes' && format !== 'bits')
    throw new RangeError(`format has to be "bytes" or "bits", but got ${shown(format)}`);
  return format === 'bits';
}

/** P of SPEC.md: the probability in units of 2^-32, by which it is exact for every element. */
const units = (p: number): number => Math.floor(p * 2 ** 32 + 0.5);

const checkKey = (key: bigint | undefined, p: number): U64 | undefined =>
  key === undefined && !draws(p) ? undefined : checkWord(key, 'key');
