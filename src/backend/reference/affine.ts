/**
 * What happens to the numbers of a kept and of a dropped element.
 * @module
 */

import type { FloatArray } from '../../core/tensor.js';
import type { Affine } from '../interface.js';

/** Rounds to what the kernel computes in: f64 for a Float64Array, f32 for all others. */
export const rounding = (x: FloatArray): ((value: number) => number) =>
  x.BYTES_PER_ELEMENT === 8 ? (value) => value : Math.fround;

/** Writes kept → x · scale + shift, dropped → fill, whatever x was. */
export function affine(x: FloatArray, out: FloatArray, numbers: Affine): (i: number, kept: boolean) => void {
  const round = rounding(x);
  const scale = round(numbers.scale);
  const shift = round(numbers.shift);
  const fill = round(numbers.fill);
  return (i, kept) => {
    out[i] = kept ? round(round(x[i]! * scale) + shift) : fill;
  };
}
