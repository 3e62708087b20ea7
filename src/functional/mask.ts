/**
 * Masks as arrays: the stream's, and the caller's.
 * @module
 */

import type { Nest } from '../backend/interface.js';
import { extras, kernel } from '../backend/select.js';
import { checkBoolean, checkProbability, checkWhole, given, wrongType, wrongValue } from '../core/check.js';
import { noiseLength, spreadMask } from '../core/shapes.js';
import { checkInput, checkMask, dataOf, type Input, type Like, meet, type Result, resultFor } from '../core/tensor.js';
import type { U64 } from '../core/u64.js';
import type { MaskLayer } from '../layers/mask-layer.js';
import { ANY, checkStream, inverted, units } from './common.js';

/** One byte an element, or one bit: element i is bit i % 8 of byte ⌊i / 8⌋. 1 = kept. */
export type MaskFormat = 'bytes' | 'bits';

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
  p?: number;
  /** In place of p: the layer whose mask this is or could be, for what it makes of kept and dropped elements. */
  layer?: MaskLayer;
  /** With a layer: whether x is the gradient with respect to its result. */
  gradient?: boolean;
  /** 'bytes' without it: any byte but 0 is kept. */
  format?: MaskFormat;
  out?: Like<X>;
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
export function mask(length: number, options: MaskOptions): Uint8Array {
  const { p, key, offset = 0, out, format = 'bytes' } = given(options);
  checkWhole(length, 'length');
  return maskOf(length, format, p, checkStream(p, key, offset), offset, out);
}

/**
 * Applies a mask of the caller's: kept → x / (1 − p), dropped → +0, or what a layer in training would make of them.
 * The gradient is the same call on dy, with `gradient: true` if there is a layer.
 *
 * @param x elements in row-major order, any shape
 * @param mask one byte or bit for each element of x, 1 = kept
 * @throws TypeError, RangeError that names the argument, before anything is written
 * @example
 * applyMask(Float32Array.of(1, 2, 3, 4), Uint8Array.of(1, 0, 0, 1), { p: 0.5 }); // 2, 0, 0, 8
 * applyMask(x, layer.mask(), { layer }); // what a training layer.forward(x) gave
 */
export function applyMask<X extends Input>(x: X, mask: Uint8Array, options: ApplyMaskOptions<X>): Result<X> {
  const { p, layer, gradient = false, format = 'bytes', out } = given(options);
  checkBoolean(gradient, 'gradient');
  if (layer === undefined) checkProbability(p!);
  else if (typeof layer?.numbersOf !== 'function') throw wrongType('layer', 'a layer that has a mask', layer);
  const src = checkInput(x, 'x');
  const n = src.length;
  const bits = isBits(format);
  checkMask(mask, bits ? Math.ceil(n / 8) : n, 'mask');
  const result = resultFor(x, out);
  const dst = dataOf(result);
  if (meet(mask.byteOffset, mask.length, dst.byteOffset, src.byteLength) && mask.buffer === dst.buffer)
    throw new RangeError('out overlaps mask');
  const numbers = layer ? layer.numbersOf(gradient, mask, bits, n) : p === 1 ? undefined : inverted(p!);
  if (numbers) extras().applyMask(src, mask, bits, dst, numbers);
  else dst.fill(0, 0, n);
  return result;
}

/** `mask` on arguments that have been checked but for format and out. */
export function maskOf(
  length: number,
  format: MaskFormat,
  p: number,
  key: U64 = ANY,
  offset = 0,
  out?: Uint8Array,
): Uint8Array {
  const bits = isBits(format);
  const bytes = bits ? Math.ceil(length / 8) : length;
  const result = out === undefined ? new Uint8Array(bytes) : checkMask(out, bytes, 'out', true);
  kernel().mask(result, length, bits, key, offset, units(p));
  return result;
}

/** The mask of all elements that a nest's noise is spread over. */
export function nestMask(nest: Nest, format: MaskFormat, p: number, key?: U64): Uint8Array {
  return formatted(spreadMask(maskOf(noiseLength(nest), 'bytes', p, key), nest), format);
}

/** A mask of bytes, each 0 or 1, in a format. */
export function formatted(bytes: Uint8Array, format: MaskFormat): Uint8Array {
  if (!isBits(format)) return bytes;
  const bits = new Uint8Array(Math.ceil(bytes.length / 8));
  bytes.forEach((kept, i) => {
    bits[i >> 3]! |= kept << (i & 7);
  });
  return bits;
}

/** @throws TypeError, RangeError unless format is one of the two */
function isBits(format: unknown): boolean {
  if (typeof format !== 'string') throw wrongType('format', 'a string', format);
  if (format !== 'bytes' && format !== 'bits') throw wrongValue('format', '"bytes" or "bits"', format);
  return format === 'bits';
}
