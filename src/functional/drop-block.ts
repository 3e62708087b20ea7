/**
 * DropBlock as a stateless call.
 * @module
 */
import type { Affine } from '../backend/interface.js';
import { extras } from '../backend/select.js';
import { checkOptions, checkPositive, wrongValue } from '../core/check.js';
import { checkDraws, type Draws, drawsFor } from '../core/draws.js';
import { type Channels, checkChannels } from '../core/shapes.js';
import { type FloatArray, open, type Result, requireShape, type Tensor } from '../core/tensor.js';
import { type CallOptions, scaleBy } from './common.js';
import { maskOf } from './mask.js';
import { clear, copy, resultOf } from './result.js';

/** Options of `dropBlock2d`. */
export interface DropBlockOptions<X extends Tensor> extends CallOptions<X> {
  /** Height and width of a block, a positive integer. It is clamped to the image. */
  blockSize: number;
  /** 'first' (the default): shape [batch, channels, height, width]. 'last': [batch, height, width, channels]. */
  channels?: Channels;
}

/** The images of a tensor, as outer · height · width · inner elements, and the size of the blocks in them. */
export interface Images {
  readonly outer: number;
  readonly height: number;
  readonly width: number;
  readonly inner: number;
  readonly blockSize: number;
}

/**
 * DropBlock (Ghiasi et al. 2018), as in torchvision: squares of blockSize are dropped in each channel, at a density
 * such that an element is dropped with a probability of about p. Kept elements are divided by the fraction that was
 * kept. The gradient with respect to x is the same call on dy. p = 0 copies x, p = 1 gives zeros.
 *
 * @param x `{ data, shape }` of rank 4, or of rank 3 without the batch axis
 * @returns `out`, or a new tensor like x
 * @throws TypeError or RangeError that names the argument, before anything is written
 * @example
 * import { dropBlock2d, Generator } from 'dropout-wasm';
 *
 * const x = { data: new Float32Array(64).fill(1), shape: [1, 1, 8, 8] };
 * const y = dropBlock2d(x, { p: 0.2, blockSize: 3, key: new Generator(42).next() });
 * console.log(y.data.filter((value) => value === 0).length); // 18
 */
export function dropBlock2d<X extends Tensor>(x: X, options: DropBlockOptions<X>): Result<X> {
  const { p, key, blockSize, channels = 'first', offset = 0, out } = checkOptions(options, OPTIONS);
  const draws = checkDraws(p, key, offset);
  checkPositive(blockSize, 'blockSize');
  const input = open(x);
  const images = imagesOf(requireShape(input), checkChannels(channels), blockSize);
  return resultOf<X>(input, out as never, (target) => dropBlockInto(input.data, target, images, p, draws));
}

const OPTIONS: readonly string[] = ['p', 'key', 'offset', 'blockSize', 'channels', 'out'];

/** @throws RangeError unless the rank is 3 or 4 */
export function imagesOf(shape: readonly number[], channels: Channels, blockSize: number): Images {
  const axes = channels === 'first' ? 'channels, height, width' : 'height, width, channels';
  if (shape.length !== 3 && shape.length !== 4) throw wrongValue('x.shape', `[batch, ${axes}] or [${axes}]`, shape);
  const batch = shape.length === 4 ? shape[0]! : 1;
  const [a, b, c] = shape.slice(-3) as [number, number, number];
  return channels === 'first'
    ? { outer: batch * a, height: b, width: c, inner: 1, blockSize }
    : { outer: batch, height: a, width: b, inner: c, blockSize };
}

/** `dropBlock2d` on checked arguments. */
export function dropBlockInto(x: FloatArray, out: FloatArray, images: Images, p: number, draws: Draws): void {
  if (p === 1) clear(out, x.length);
  else if (p > 0) {
    const mask = blockMask(images, p, draws);
    extras().applyMask(x, mask, false, out, keptAffine(p, mask, false, mask.length));
  } else copy(x, out);
}

/** Scales kept elements by n divided by the number that the mask keeps. */
export function keptAffine(_p: number, mask?: Uint8Array, bits?: boolean, n = 0): Affine {
  let kept = 0;
  // Not by shifts of i, which are modulo 2^32.
  for (let i = 0; i < n; i++) kept += Number(bits ? (mask![Math.floor(i / 8)]! >> (i % 8)) & 1 : mask![i] !== 0);
  return scaleBy(n / kept);
}

/**
 * The mask as bytes. The stream draws the top left corners of the blocks, among the positions where a block lies wholly
 * inside the image, each with probability gamma. Without overlaps, they would cover p of the image.
 */
export function blockMask(
  { outer, height, width, inner, blockSize }: Images,
  p: number,
  { key, offset }: Draws,
): Uint8Array {
  const mask = new Uint8Array(outer * height * width * inner);
  if (p === 1 || mask.length === 0) return mask;
  mask.fill(1);
  const side = Math.min(blockSize, height, width);
  const rows = height - side + 1;
  const columns = width - side + 1;
  const gamma = (p * height * width) / (side ** 2 * rows * columns);
  if (!(gamma > 0)) return mask;
  const count = outer * rows * columns * inner;
  const bits = maskOf(count, 'bits', drawsFor(Math.min(gamma, 1), key, offset));
  for (let byte = 0; byte < bits.length; byte++) {
    // The lowest of the bits that are 0, then the next. Most bytes have none, and those of the last byte may be no draws.
    for (let dropped = ~bits[byte]! & 255; dropped !== 0; dropped &= dropped - 1) {
      const corner = 8 * byte + 31 - Math.clz32(dropped & -dropped);
      if (corner >= count) break;
      const channel = corner % inner;
      const column = Math.floor(corner / inner) % columns;
      const line = Math.floor(corner / (inner * columns));
      const top = Math.floor(line / rows) * height + (line % rows);
      for (let row = top; row < top + side; row++) {
        const at = (row * width + column) * inner + channel;
        for (let i = at; i < at + side * inner; i += inner) mask[i] = 0;
      }
    }
  }
  return mask;
}
