/**
 * Noise that is broadcast: which elements share a draw.
 * @module
 */

import type { Nest } from '../backend/interface.js';
import { wrongType, wrongValue } from './check.js';

/** As long as the shape of x or shorter, aligned to its end: 1 shares a draw along that axis, null copies the size. */
export type NoiseShape = readonly (number | null)[];

/** @throws TypeError, RangeError unless value is an array of positive whole numbers and null */
export function checkNoiseShape(value: NoiseShape): NoiseShape {
  if (!Array.isArray(value)) throw wrongType('noiseShape', 'an array', value);
  for (const size of value)
    if (size !== null && !(Number.isInteger(size) && size > 0))
      throw (typeof size === 'number' ? wrongValue : wrongType)(
        'noiseShape',
        'of positive whole numbers and null',
        value,
      );
  return value;
}

/**
 * The nest of a noise shape over a shape, or undefined where every element has a draw of its own.
 * @throws TypeError, RangeError unless it can be broadcast to that shape
 */
export function nestOf(noiseShape: NoiseShape, shape: readonly number[]): Nest | undefined {
  const lead = shape.length - checkNoiseShape(noiseShape).length;
  const nest = [1];
  for (let axis = 0; axis < Math.max(shape.length, 1); axis++) {
    const size = shape[axis] ?? 1;
    const noise = axis < lead ? 1 : (noiseShape[axis - lead] ?? size);
    if (lead < 0 || (noise !== 1 && noise !== size))
      throw wrongValue('noiseShape', `one that can be broadcast to [${shape}]`, noiseShape);
    // An axis of one element is of both kinds; any other joins the last place of its kind, or opens the next.
    if (size === 1) continue;
    if ((noise === 1) === (nest.length % 2 === 0)) nest[nest.length - 1]! *= size;
    else nest.push(size);
  }
  if (nest.length % 2) nest.push(1);
  return nest.length === 2 && nest[1] === 1 ? undefined : nest;
}

/** How many elements the noise itself has. */
export const noiseLength = (nest: Nest): number => nest.reduce((n, size, place) => (place % 2 ? n : n * size), 1);

/** A mask of the noise, one byte an element, spread over the elements that it serves. */
export function spreadMask(mask: Uint8Array, nest: Nest): Uint8Array {
  let run = 1;
  for (let place = nest.length - 2; place >= 0; place -= 2) {
    const repeats = nest[place + 1]!;
    if (repeats !== 1) {
      const spread = new Uint8Array(mask.length * repeats);
      for (let from = 0, at = 0; from < mask.length; from += run)
        for (let r = 0; r < repeats; r++, at += run) spread.set(mask.subarray(from, from + run), at);
      mask = spread;
    }
    run *= repeats * nest[place]!;
  }
  return mask;
}
