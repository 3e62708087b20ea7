/**
 * The stateless calls. Which elements are dropped follows from key, offset and p alone (SPEC.md);
 * everything else in this package is a thin layer over these.
 * @module
 */
import { checkProbability, checkWhole, checkWord, wrongType, wrongValue } from './check.js';
import { kernel } from './kernel/backend.js';
import { checkInput, checkMask, dataOf, type Input, type Like, meet, type Result, resultFor } from './tensor.js';
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
  /** Where the result goes: an array at least as long as x or a tensor of its shape, x itself or apart from it. */
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
export function dropout<X extends Input>(x: X, { p, key, offset = 0, out }: DropoutOptions<X>): Result<X> {
  checkProbability(p);
  checkWhole(offset, 'offset');
  const word = checkKey(key, p);
  const result = resultFor(x, out);
  drop(x, result, p, word, offset);
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
  return maskOf(length, format, p, checkKey(key, p), offset, out);
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
export function applyMask<X extends Input>(
  x: X,
  mask: Uint8Array,
  { p, format = 'bytes', out }: ApplyMaskOptions<X>,
): Result<X> {
  checkProbability(p);
  const bits = isBits(format);
  const src = checkInput(x, 'x');
  const n = src.length;
  checkMask(mask, bits ? Math.ceil(n / 8) : n, 'mask');
  const result = resultFor(x, out);
  const dst = dataOf(result);
  if (meet(mask.byteOffset, mask.length, dst.byteOffset, src.byteLength) && mask.buffer === dst.buffer)
    throw new RangeError('out overlaps mask');
  if (p === 1) dst.fill(0, 0, n);
  else kernel().applyMask(src, mask, bits, dst, 1 / (1 - p));
  return result;
}

/** Where p calls for no key, any serves: its stream is not asked. */
const ANY: U64 = { hi: 0, lo: 0 };

/** Whether p calls for a key: p = 0 keeps and p = 1 drops everything without one. */
export const draws = (p: number): boolean => p > 0 && p < 1;

/** `dropout` on checked arguments. */
export function drop(x: Input, out: Input, p: number, key = ANY, offset = 0): void {
  const src = dataOf(x);
  const dst = dataOf(out);
  if (p > 0) kernel().dropout(src, dst, key, offset, units(p), 1 / (1 - p));
  else if (dst !== src) dst.set(src);
}

/** `mask` on arguments that have been checked but for format and out. */
export function maskOf(
  length: number,
  format: MaskFormat,
  p: number,
  key = ANY,
  offset = 0,
  out?: Uint8Array,
): Uint8Array {
  const bits = isBits(format);
  const bytes = bits ? Math.ceil(length / 8) : length;
  const result = out === undefined ? new Uint8Array(bytes) : checkMask(out, bytes, 'out', true);
  kernel().mask(result, length, bits, key, offset, units(p));
  return result;
}

/** @throws TypeError, RangeError unless format is one of the two */
function isBits(format: unknown): boolean {
  if (typeof format !== 'string') throw wrongType('format', 'a string', format);
  if (format !== 'bytes' && format !== 'bits') throw wrongValue('format', '"bytes" or "bits"', format);
  return format === 'bits';
}

/** P of SPEC.md: the probability in units of 2^-32, by which it is exact for every element. */
const units = (p: number): number => Math.floor(p * 2 ** 32 + 0.5);

const checkKey = (key: bigint | undefined, p: number): U64 | undefined =>
  key === undefined && !draws(p) ? undefined : checkWord(key, 'key');
