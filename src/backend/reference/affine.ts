/**
 * The arithmetic of kept and dropped elements.
 * @module
 */
import type { FloatArray } from '../../core/tensor.js';
import type { Affine } from '../interface.js';

/** Rounds to the kernel's precision for x: f64 for a Float64Array, f32 for any other. */
export const rounding = (x: FloatArray): ((value: number) => number) =>
  x.BYTES_PER_ELEMENT === 8 ? (value) => value : Math.fround;

/** Returns a function that writes element i: x · scale + shift if kept, fill if dropped, whatever x is. */
export function affineWriter(x: FloatArray, out: FloatArray, affine: Affine): (i: number, kept: boolean) => void {
  const round = rounding(x);
  const scale = round(affine.scale);
  const shift = round(affine.shift);
  const fill = round(affine.fill);
  return (i, kept) => {
    out[i] = kept ? round(round(x[i]! * scale) + shift) : fill;
  };
}
