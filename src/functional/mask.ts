/**
 * Masks as arrays: the mask of a stream, and masks that the caller supplies.
 * @module
 */
import type { Affine, Draws } from '../backend/interface.js';
import { extras, kernel } from '../backend/select.js';
import { checkBoolean, checkOptions, checkProbability, checkWhole, checkWord, wrongType } from '../core/check.js';
import { type Broadcast, broadcastMask, noiseLength } from '../core/shapes.js';
import { checkMask, type Input, type Like, open, type Result, zero } from '../core/tensor.js';
import { checkDraws, inverted } from './common.js';
import { arraysOverlap, resultOf } from './result.js';

/** One byte or one bit per element, 1 = kept. As bits, element i is bit i % 8 of byte ⌊i / 8⌋. */
export type MaskFormat = 'bytes' | 'bits';

/** Options of `mask`. */
export interface MaskOptions {
  /** Probability that an element is dropped, from 0 to 1. */
  p: number;
  /**
   * Key of the stream, from a Generator or `layer.key`, or the same as a string of hex digits, such as '0x2a'. It may be
   * undefined where p is 0 or 1.
   */
  key: bigint | string | undefined;
  /** Element i of the mask takes draw `offset + i` of the stream. An integer up to 2^53, default 0. */
  offset?: number;
  /** Where the mask goes: a Uint8Array at least as long as the mask. By default a new one is allocated. */
  out?: Uint8Array;
  /** 'bytes' (the default) or 'bits'. */
  format?: MaskFormat;
}

/** A layer that drops elements by a mask. */
export interface MaskedLayer {
  readonly p: number;
  mask(format?: MaskFormat): Uint8Array;
  /** @internal The affine map of n elements under this mask; undefined if all become 0. */
  affineFor(gradient: boolean, mask: Uint8Array, bits: boolean, n: number): Affine | undefined;
}

/** Options of `applyMask`. */
export interface ApplyMaskOptions<X extends Input> {
  /**
   * The probability with which the mask was drawn: kept elements are multiplied by 1 / (1 − p). Required unless `layer`
   * is given.
   */
  p?: number;
  /** Instead of p: the layer whose forward, or backward, is computed with this mask. */
  layer?: MaskedLayer;
  /** With `layer`: whether x is a gradient with respect to the layer's result. Default false. */
  gradient?: boolean;
  /** 'bytes' (the default), where any byte but 0 keeps its element, or 'bits'. */
  format?: MaskFormat;
  /** Where the result goes; it may be x itself. By default a new array or tensor is allocated. */
  out?: Like<X>;
}

/**
 * Returns the mask that `dropout` applies for the same key, offset and p.
 *
 * @param length number of elements, an integer from 0
 * @returns `out`, or a new array of `length` bytes, or of ⌈length / 8⌉ bytes of bits
 * @throws TypeError or RangeError that names the argument, before anything is written
 * @example
 * mask(4, { p: 0.5, key: new Generator(42).next() }); // 1, 0, 0, 1
 */
export function mask(length: number, options: MaskOptions): Uint8Array {
  const { p, key, offset = 0, out, format = 'bytes' } = checkOptions(options, MASK_OPTIONS);
  checkWhole(length, 'length');
  return maskOf(length, format, checkDraws(p, key, offset), out);
}

/**
 * Applies a mask that the caller supplies: kept elements become x / (1 − p) and dropped ones +0, or the values that the
 * given layer would write in training. The gradient is the same call on dy, with `gradient: true` where a layer is
 * given.
 *
 * @param x elements in row-major order, of any shape
 * @param mask one byte or bit for each element of x, 1 = kept
 * @returns `out`, or a new array or tensor like x
 * @throws TypeError or RangeError that names the argument, before anything is written
 * @example
 * applyMask(Float32Array.of(1, 2, 3, 4), Uint8Array.of(1, 0, 0, 1), { p: 0.5 }); // 2, 0, 0, 8
 * applyMask(x, layer.mask(), { layer }); // the result of layer.forward(x)
 */
export function applyMask<X extends Input>(x: X, mask: Uint8Array, options: ApplyMaskOptions<X>): Result<X> {
  const { p, layer, gradient = false, format = 'bytes', out } = checkOptions(options, APPLY_OPTIONS);
  checkBoolean(gradient, 'gradient');
  if (layer === undefined) checkProbability(p!);
  else if (typeof layer?.affineFor !== 'function') throw wrongType('layer', 'a layer that has a mask', layer);
  const input = open(x);
  const { data } = input;
  const n = data.length;
  const bits = isBits(format);
  const flags = checkMask(mask, bits ? Math.ceil(n / 8) : n, 'mask');
  return resultOf<X>(input, out, (target) => {
    if (arraysOverlap(flags, flags.length, target, n)) throw new RangeError('out overlaps mask');
    const affine = layer ? layer.affineFor(gradient, flags, bits, n) : p === 1 ? undefined : inverted(p!);
    if (affine) extras().applyMask(data, flags, bits, target, affine);
    else zero(target, n);
  });
}

const MASK_OPTIONS: readonly string[] = ['p', 'key', 'offset', 'format', 'out'];
const APPLY_OPTIONS: readonly string[] = ['p', 'layer', 'gradient', 'format', 'out'];

/** `mask` on checked arguments. It checks only format and out. */
export function maskOf(length: number, format: MaskFormat, draws: Draws, out?: Uint8Array): Uint8Array {
  const bits = isBits(format);
  const bytes = bits ? Math.ceil(length / 8) : length;
  const target = out === undefined ? new Uint8Array(bytes) : checkMask(out, bytes, 'out', true);
  kernel().mask(target, length, bits, draws);
  return out ?? target;
}

/** The mask for every element of x when elements share draws. */
export function broadcastMaskOf(broadcast: Broadcast, format: MaskFormat, draws: Draws): Uint8Array {
  return formatMask(broadcastMask(maskOf(noiseLength(broadcast), 'bytes', draws), broadcast), format);
}

/** Converts a mask of bytes, each 0 or 1, to a format. */
export function formatMask(bytes: Uint8Array, format: MaskFormat): Uint8Array {
  if (!isBits(format)) return bytes;
  const bits = new Uint8Array(Math.ceil(bytes.length / 8));
  for (let at = 0, i = 0; at < bits.length; at++)
    for (let bit = 0; bit < 8 && i < bytes.length; bit++, i++) bits[at]! |= bytes[i]! << bit;
  return bits;
}

/** @throws TypeError, RangeError unless format is 'bytes' or 'bits' */
function isBits(format: unknown): boolean {
  return checkWord(format as MaskFormat, 'format', ['bytes', 'bits']) === 'bits';
}
