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
 * Which elements of x share a draw: the axes of x, outermost first, with neighbors of one kind merged. Axes at even
 * indices have a draw for each element, axes at odd indices repeat the draws of the inner axes. The number of axes is
 * even.
 *
 *   [n, 1]         every element has its own draw       [n, run]       draw i serves run elements
 *   [1, t, n, 1]   t rows of n share their n draws      [b, t, n, 1]   the same b times, each time with new draws
 */
export type Broadcast = readonly number[];

/**
 * Resolves a noise shape against the shape of x; undefined if every element has a draw of its own.
 * @throws TypeError, RangeError unless the noise shape can be broadcast to that shape
 */
export function broadcastOf(noiseShape: NoiseShape, shape: readonly number[]): Broadcast | undefined {
  const lead = shape.length - checkNoiseShape(noiseShape).length;
  const axes = [1];
  for (let axis = 0; axis < Math.max(shape.length, 1); axis++) {
    const size = shape[axis] ?? 1;
    const noise = axis < lead ? 1 : (noiseShape[axis - lead] ?? size);
    if (lead < 0 || (noise !== 1 && noise !== size))
      throw wrongValue('noiseShape', `one that can be broadcast to [${shape}]`, noiseShape);
    // An axis of one element is of either kind. Any other merges into the last axis if their kinds match.
    if (size === 1) continue;
    if ((noise === 1) === (axes.length % 2 === 0)) axes[axes.length - 1]! *= size;
    else axes.push(size);
  }
  if (axes.length % 2) axes.push(1);
  return axes.length === 2 && axes[1] === 1 ? undefined : axes;
}
