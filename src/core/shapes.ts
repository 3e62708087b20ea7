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
  const strides = [...shape];
  let fits = lead >= 0;
  let draws = 1;
  for (let axis = strides.length - 1; axis >= 0; axis--) {
    const size = strides[axis]!;
    const noise = axis < lead ? 1 : (noiseShape?.[axis - lead] ?? size);
    if (noise !== 1 && noise !== size) fits = false;
    strides[axis] = noise === 1 ? 0 : draws;
    draws *= noise;
  }
  if (!fits) throw wrongValue('noiseShape', `one that can be broadcast to [${shape}]`, noiseShape);
  return strides;
}

/** Merges axes with these strides. Undefined if the draws of all elements are consecutive. */
export function mergeAxes(shape: readonly number[], drawStrides: readonly number[]): Broadcast | undefined {
  const sizes = [1];
  const strides = [0];
  const push = (size: number, stride: number) => {
    sizes.push(size);
    strides.push(stride);
  };
  for (let axis = 0; axis < shape.length; axis++) {
    const size = shape[axis]!;
    const stride = drawStrides[axis]!;
    const last = sizes.length - 1;
    // An axis of one element is of either kind.
    if (size === 1) continue;
    if (stride === 0) {
      if (last % 2) sizes[last]! *= size;
      else push(size, 0);
    } else if (last % 2 === 0 && (sizes[last] === 1 || strides[last] === size * stride)) {
      sizes[last]! *= size;
      strides[last] = stride;
    } else {
      if (last % 2 === 0) push(1, 0);
      push(size, stride);
    }
  }
  // The innermost draws are consecutive, and the last axis is a run.
  if (sizes.length % 2) push(1, 0);
  if (strides.at(-2)! > 1) {
    const run = sizes.pop()!;
    sizes.push(1, 1, run);
    strides.push(1, 0);
  }
  return sizes.length === 2 && sizes[1] === 1 ? undefined : { sizes, strides };
}
