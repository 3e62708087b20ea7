/**
 * DropBlock as a stateless call.
 * @module
 */

import { extras } from '../backend/select.js';
import { type Channels, checkChannels } from '../core/axes.js';
import { checkPositive, given, wrongValue } from '../core/check.js';
import { copy, dataOf, type Result, resultFor, type Tensor, tensorShape } from '../core/tensor.js';
import type { U64 } from '../core/u64.js';
import { ANY, type CallOptions, checkStream, scaled } from './common.js';
import { maskOf } from './mask.js';

export interface DropBlockOptions<X extends Tensor> extends CallOptions<X> {
  /** Height and width of a block, a positive whole number; no more than the image has is taken. */
  blockSize: number;
  /** 'first' without it: shape [batch, channels, height, width]; 'last': [batch, height, width, channels]. */
  channels?: Channels;
}

/** The images of a tensor: `outer` times height · width · `inner` elements. */
export interface Images {
  outer: number;
  height: number;
  width: number;
  inner: number;
}

/**
 * DropBlock (Ghiasi et al. 2018), as torchvision's: squares of blockSize are dropped in each channel, so many
 * that an element is dropped with a probability of about p, and the rest is scaled by the fraction really kept.
 * The gradient with respect to x is the same call on dy. p = 0 copies x, p = 1 gives zeros.
 *
 * @param x `{ data, shape }` of rank 4, or of rank 3 without the batch axis
 * @throws TypeError, RangeError that names the argument, before anything is written
 * @example
 * const y = dropBlock2d({ data, shape: [8, 64, 28, 28] }, { p: 0.1, blockSize: 7, key });
 */
export function dropBlock2d<X extends Tensor>(x: X, options: DropBlockOptions<X>): Result<X> {
  const { p, key, blockSize, channels = 'first', offset = 0, out } = given(options);
  const word = checkStream(p, key, offset);
  checkPositive(blockSize, 'blockSize');
  const images = imagesOf(tensorShape(x), checkChannels(channels));
  const result = resultFor<X>(x, out as never);
  block(x, result, images, blockSize, p, word, offset);
  return result;
}

/** @throws RangeError for another rank than 3 and 4 */
export function imagesOf(shape: readonly number[], channels: Channels): Images {
  const axes = channels === 'first' ? 'channels, height, width' : 'height, width, channels';
  if (shape.length !== 3 && shape.length !== 4) throw wrongValue('x.shape', `[batch, ${axes}] or [${axes}]`, shape);
  const batch = shape.length === 4 ? shape[0]! : 1;
  const [a, b, c] = shape.slice(-3) as [number, number, number];
  return channels === 'first'
    ? { outer: batch * a, height: b, width: c, inner: 1 }
    : { outer: batch, height: a, width: b, inner: c };
}

/** `dropBlock2d` on checked arguments. */
export function block(x: Tensor, out: Tensor, images: Images, size: number, p: number, key = ANY, offset = 0): void {
  const src = dataOf(x);
  const dst = dataOf(out);
  if (p === 1) dst.fill(0, 0, src.length);
  else if (p > 0) {
    const mask = blockMask(images, size, p, key, offset);
    extras().applyMask(src, mask, false, dst, scaled(keptScale(mask, false, mask.length)));
  } else copy(x, out);
}

/** What the kept ones of a mask's n elements are multiplied by: 1 / the fraction of them. */
export function keptScale(mask: Uint8Array, bits: boolean, n: number): number {
  let kept = 0;
  for (let i = 0; i < n; i++) kept += Number(bits ? (mask[i >> 3]! >> (i & 7)) & 1 : mask[i] !== 0);
  return n / kept;
}

/**
 * The mask of bytes: the stream draws the upper left corners of blocks, with a probability by which blocks
 * that lie wholly inside the image cover p of it but for where they overlap.
 */
export function blockMask(
  { outer, height, width, inner }: Images,
  size: number,
  p: number,
  key: U64 = ANY,
  offset = 0,
): Uint8Array {
  const mask = new Uint8Array(outer * height * width * inner);
  if (p === 1) return mask;
  mask.fill(1);
  const side = Math.min(size, height, width);
  const rows = height - side + 1;
  const columns = width - side + 1;
  const gamma = (p * height * width) / (side ** 2 * rows * columns);
  if (!(gamma > 0)) return mask;
  const corners = maskOf(outer * rows * columns * inner, 'bytes', Math.min(gamma, 1), key, offset);
  for (let corner = corners.indexOf(0); corner >= 0; corner = corners.indexOf(0, corner + 1)) {
    const channel = corner % inner;
    const column = Math.floor(corner / inner) % columns;
    const line = Math.floor(corner / (inner * columns));
    const top = Math.floor(line / rows) * height + (line % rows);
    for (let row = top; row < top + side; row++) {
      const at = (row * width + column) * inner + channel;
      for (let i = at; i < at + side * inner; i += inner) mask[i] = 0;
    }
  }
  return mask;
}
