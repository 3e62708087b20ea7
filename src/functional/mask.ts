/**
 * Masks as arrays: the mask of a stream, and masks that the caller supplies.
 * @module
 */
import { extras, kernel } from '../backend/select.js';
import { checkBoolean, checkOptions, checkProbability, checkWhole, checkWord, wrongType } from '../core/check.js';
import { checkDraws, type Draws } from '../core/draws.js';
import { broadcastOf, type NoiseShape } from '../core/shapes.js';
import { checkMask, type Input, type Like, open, type Result, subarray } from '../core/tensor.js';
import { dropoutInto, INVERTED, type Scaling, scaleBy } from './common.js';
import { apart, arraysOverlap, clear, copy, resultOf } from './result.js';
import { checkSizes, checkSlice, isPadded, type Slice, type SliceDraws, sliceDraws, writeSlice } from './slice.js';

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
  /**
   * Element i of the mask (or of its noise shape) takes draw `offset + i` of the stream. An integer up to 2^53, default
   * 0.
   */
  offset?: number;
  /** Instead of an offset: the mask is that of a part of a global tensor, as in `dropout`. */
  slice?: Slice;
  /** The shape of the draws, as in `dropout`. */
  noiseShape?: NoiseShape | null | undefined;
  /** Where the mask goes: a Uint8Array at least as long as the mask. By default a new one is allocated. */
  out?: Uint8Array;
  /** 'bytes' (the default) or 'bits'. */
  format?: MaskFormat;
}

/** A layer that drops elements by a mask. */
export interface MaskedLayer {
  readonly p: number;
  mask(format?: MaskFormat): Uint8Array;
  /** @internal */
  readonly scaling: Scaling;
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
 * Returns the mask that `dropout` applies with the same options.
 *
 * @param lengthOrShape the number of elements, an integer from 0, or the shape of x
 * @returns `out`, or a new array of one byte for each element, or of ⌈length / 8⌉ bytes of bits
 * @throws TypeError or RangeError that names the argument, before anything is written
 * @example
 * import { Generator, mask } from 'dropout-wasm';
 *
 * console.log(mask(4, { p: 0.5, key: new Generator(42).next() })); // Uint8Array(4) [ 1, 0, 0, 1 ]
 */
export function mask(lengthOrShape: number | readonly number[], options: MaskOptions): Uint8Array {
  const { p, key, offset, slice, noiseShape, out, format = 'bytes' } = checkOptions(options, MASK_OPTIONS);
  const part = checkSlice(slice, offset);
  const shape = Array.isArray(lengthOrShape)
    ? checkSizes(lengthOrShape, 'shape')
    : [checkWhole(lengthOrShape as number, 'length')];
  const length = shape.reduce((product, size) => product * size, 1);
  const draws = checkDraws(p, key, offset);
  const { first, broadcast } = part
    ? sliceDraws(part, shape, noiseShape)
    : { first: draws.offset, broadcast: noiseShape == null ? undefined : broadcastOf(noiseShape, shape) };
  const bytes = bytesIn(length, format);
  const target = out === undefined ? new Uint8Array(bytes) : checkMask(out, bytes, 'out', true);
  // An empty mask of a huge shape has as many rows as any other of that shape.
  if (broadcast && length > 0) writeBroadcastMask(target, length, format, draws, { first, broadcast });
  else maskOf(length, format, part ? { ...draws, offset: first } : draws, target);
  return out ?? target;
}

/** Writes a mask whose elements do not take one draw after another. */
function writeBroadcastMask(out: Uint8Array, n: number, format: MaskFormat, draws: Draws, own: SliceDraws): void {
  const isShared = own.broadcast!.sizes.some((size, axis) => axis % 2 === 1 && size > 1);
  if (isShared) {
    const written = maskByOnes(n, format, (ones) =>
      writeSlice(own, ones, ones, (x, y, offset, broadcast) =>
        dropoutInto(x, y, draws.P / 2 ** 32, scaleBy(1), { ...draws, offset }, broadcast),
      ),
    );
    copy(written, out);
    return;
  }
  // Rows of whole bytes.
  if (isBits(format) && own.broadcast!.sizes.at(-2)! % 8 === 0 && !isPadded(own.broadcast!)) {
    kernel().mask(out, n, true, { ...draws, offset: own.first }, own.broadcast);
    return;
  }
  const bytes = isBits(format) ? new Uint8Array(n) : subarray(out, 0, n);
  writeSlice(own, bytes, bytes, (_, part, offset, broadcast) =>
    kernel().mask(part, part.length, false, { ...draws, offset }, broadcast),
  );
  if (isBits(format)) copy(formatMask(bytes, format), out);
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
 * import { applyMask, Dropout } from 'dropout-wasm';
 *
 * const x = Float32Array.of(1, 2, 3, 4);
 * console.log(applyMask(x, Uint8Array.of(1, 0, 0, 1), { p: 0.5 })); // Float32Array(4) [ 2, 0, 0, 8 ]
 *
 * const layer = new Dropout(0.5, { seed: 1 });
 * const y = layer.forward(x);
 * console.log(applyMask(x, layer.mask(), { layer }).every((value, i) => value === y[i])); // true
 */
export function applyMask<X extends Input>(x: X, mask: Uint8Array, options: ApplyMaskOptions<X>): Result<X> {
  if (options === undefined) throw wrongType('options', 'the third argument, after the mask', options);
  const { p, layer, gradient = false, format = 'bytes', out } = checkOptions(options, APPLY_OPTIONS);
  checkBoolean(gradient, 'gradient');
  if (layer === undefined) checkProbability(p!);
  else if (p !== undefined) throw wrongType('p', 'left out beside a layer', p);
  else if (!layer?.scaling) throw wrongType('layer', 'a layer that has a mask', layer);
  const input = open(x);
  const { data } = input;
  const n = data.length;
  const bits = isBits(format);
  const flags = checkMask(mask, bits ? Math.ceil(n / 8) : n, 'mask');
  return resultOf<X>(input, out, (target) => {
    if (arraysOverlap(flags, flags.length, target, n)) throw new RangeError('out overlaps mask');
    const { p: drawn, scaling } = layer ?? { p: p!, scaling: INVERTED };
    const affine = scaling[gradient ? 'gradient' : 'forward'];
    if (drawn === 1) clear(target, n);
    else extras().applyMask(input.data, apart(flags, target), bits, target, affine(drawn, flags, bits, n));
  });
}

const MASK_OPTIONS: readonly string[] = ['p', 'key', 'offset', 'slice', 'noiseShape', 'format', 'out'];
const APPLY_OPTIONS: readonly string[] = ['p', 'layer', 'gradient', 'format', 'out'];

/** `mask` on checked arguments. It checks only the format. */
export function maskOf(
  length: number,
  format: MaskFormat,
  draws: Draws,
  out: Uint8Array = new Uint8Array(bytesIn(length, format)),
): Uint8Array {
  kernel().mask(out, length, isBits(format), draws);
  return out;
}

/** The length of a mask of n elements. */
const bytesIn = (n: number, format: MaskFormat): number => (isBits(format) ? Math.ceil(n / 8) : n);

/** The mask of n elements that do not take the draws one after another: the dropout of ones, which `drop` writes. */
export function maskByOnes(n: number, format: MaskFormat, drop: (ones: Float32Array) => void): Uint8Array {
  const ones = new Float32Array(n).fill(1);
  drop(ones);
  return formatMask(new Uint8Array(ones), format);
}

/** Converts a mask of bytes, each 0 or 1, to a format. */
export function formatMask(bytes: Uint8Array, format: MaskFormat): Uint8Array {
  if (!isBits(format)) return bytes;
  const bits = new Uint8Array(bytesIn(bytes.length, format));
  const whole = bytes.length >> 3;
  for (let at = 0, i = 0; at < whole; at++, i += 8)
    bits[at] =
      bytes[i]! |
      (bytes[i + 1]! << 1) |
      (bytes[i + 2]! << 2) |
      (bytes[i + 3]! << 3) |
      (bytes[i + 4]! << 4) |
      (bytes[i + 5]! << 5) |
      (bytes[i + 6]! << 6) |
      (bytes[i + 7]! << 7);
  for (let i = 8 * whole; i < bytes.length; i++) bits[whole]! |= bytes[i]! << (i - 8 * whole);
  return bits;
}

/** @throws TypeError, RangeError unless format is 'bytes' or 'bits' */
function isBits(format: unknown): boolean {
  return checkWord(format as MaskFormat, 'format', ['bytes', 'bits']) === 'bits';
}
