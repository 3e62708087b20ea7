/**
 * Shapes: where the channels are, which elements of a tensor share a draw, and how a mask is broadcast.
 * @module
 */
import { checkWord, wrongType, wrongValue } from './check.js';

/** Position of the channel axis: right after the batch axis, as in PyTorch, or last, as in TF.js and Keras. */
export type Channels = 'first' | 'last';

/** @throws TypeError, RangeError unless value is 'first' or 'last' */
export const checkChannels = (value: Channels): Channels => checkWord(value, 'channels', ['first', 'last']);

/**
 * The shape of the draws, which are broadcast to the shape of x: 1 shares a draw along that axis, null copies the size
 * of x. It has as many axes as x, or fewer, aligned to the last axis.
 */
export type NoiseShape = readonly (number | null)[];

/** @throws TypeError, RangeError unless value is an array of positive integers and nulls */
export function checkNoiseShape(value: NoiseShape): NoiseShape {
  // Not `every`, which skips holes.
  for (const size of Array.isArray(value) ? value : [undefined])
    if (size !== null && !(Number.isInteger(size) && size > 0))
      throw (typeof size === 'number' ? wrongValue : wrongType)(
        'noiseShape',
        'an array of positive whole numbers and null',
        value,
      );
  return value;
}

/**
 * Which draw each element of x takes. The axes of x, outermost first, with neighbors of one kind merged: along axes at
 * even indices every element has its own draw, axes at odd indices share the draws of the inner axes. The number of
 * axes is even.
 *
 *   sizes          strides        draws
 *   [n, run]       [1, 0]         draw i serves run elements
 *   [1, t, n, 1]   [0, 0, 1, 0]   t rows of n share their n draws
 *   [b, t, n, 1]   [n, 0, 1, 0]   the same b times, each time with new draws
 *   [b, 1, n, 1]   [m, 0, 1, 0]   b rows of n, a slice of rows of m: the draws between them are left out
 */
export interface Broadcast {
  readonly sizes: readonly number[];
  /** The number of draws from one index of an axis to the next. */
  readonly strides: readonly number[];
}

/**
 * Resolves a noise shape against the shape of x; undefined if every element has a draw of its own.
 * @throws TypeError, RangeError unless the noise shape can be broadcast to that shape
 */
export const broadcastOf = (noiseShape: NoiseShape, shape: readonly number[]): Broadcast | undefined =>
  mergeAxes(shape, drawStrides(shape, noiseShape));

/**
 * The number of draws from one index of each axis to the next; 0 along axes that share a draw.
 * @throws TypeError, RangeError like `broadcastOf`
 */
export function drawStrides(shape: readonly number[], noiseShape?: NoiseShape | null): number[] {
  const lead = noiseShape == null ? 0 : shape.length - checkNoiseShape(noiseShape).length;
  const noise = shape.map((size, axis) => (axis < lead ? 1 : (noiseShape?.[axis - lead] ?? size)));
  if (lead < 0 || noise.some((n, axis) => n !== 1 && n !== shape[axis]))
    throw wrongValue('noiseShape', `one that can be broadcast to [${shape}]`, noiseShape);
  let draws = 1;
  for (let axis = noise.length - 1; axis >= 0; axis--) {
    const n = noise[axis]!;
    noise[axis] = n === 1 ? 0 : draws;
    draws *= n;
  }
  return noise;
}

/** Merges axes with these strides. Undefined if the draws of all elements are consecutive. */
export function mergeAxes(shape: readonly number[], drawStrides: readonly number[]): Broadcast | undefined {
  // From the inside out.
  const sizes = [1, 1];
  const strides = [0, 1];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis]!;
    const stride = drawStrides[axis]!;
    const last = sizes.length - 1;
    const isShared = last % 2 === 0;
    // An axis of one element is of either kind.
    if (size === 1) continue;
    if (stride === 0 && last === 1 && sizes[1] === 1) sizes[0]! *= size;
    else if (isShared ? stride === 0 : stride === sizes[last]! * strides[last]!) sizes[last]! *= size;
    else {
      if (stride > 0 && !isShared) {
        sizes.push(1);
        strides.push(0);
      }
      sizes.push(size);
      strides.push(stride);
    }
  }
  if (sizes.length % 2) {
    sizes.push(1);
    strides.push(0);
  }
  const isPlain = sizes.length === 2 && sizes[0] === 1;
  return isPlain ? undefined : { sizes: sizes.reverse(), strides: strides.reverse() };
}
