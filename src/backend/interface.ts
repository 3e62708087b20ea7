/**
 * What a backend does. Arguments have been checked: arrays are attached, `out` holds at least as many
 * elements as `x`, and they overlap wholly or not at all.
 *
 * Element i of a call takes place `offset + i` of the stream of `key`; P is the drop probability in
 * units of 2^-32, a whole number from 0 to 2^32.
 * @module
 */
import type { FloatArray } from '../core/tensor.js';
import type { U64 } from '../core/u64.js';

/** Kept → x · scale + shift, dropped → fill, each number rounded to the dtype of x. */
export interface Affine {
  readonly scale: number;
  /** −0 for none, which changes no bit of any product. */
  readonly shift: number;
  readonly fill: number;
}

/**
 * Which elements of x share an element of the noise: the axes of x, outermost first, with those that lie side by
 * side and are alike taken together. Even places count noise elements, odd ones the repeats of what follows; the
 * number of places is even.
 *
 *   [n, 1]         every element has its own            [n, run]       noise element i serves run elements
 *   [1, t, n, 1]   t rows of n, all with one noise      [b, t, n, 1]   the same b times, each time with other noise
 */
export type Nest = readonly number[];

export interface Kernel {
  /** Every element of x, its noise spread as `nest` says, or none spread. */
  dropout(x: FloatArray, out: FloatArray, key: U64, offset: number, P: number, affine: Affine, nest?: Nest): void;
  /** Writes the mask of elements 0 … length − 1, one byte or one bit each, 1 = kept. */
  mask(out: Uint8Array, length: number, bits: boolean, key: U64, offset: number, P: number): void;
}

/** Loaded when it is first asked for (assembly/extras.ts). */
export interface Extras {
  /** Every element of x, kept where the caller's mask is not 0. */
  applyMask(x: FloatArray, mask: Uint8Array, bits: boolean, out: FloatArray, affine: Affine): void;
  /** out = dropout(x + bias) + residual, or without one if that is undefined; bias is a row of x. */
  fused(
    x: FloatArray,
    bias: FloatArray,
    residual: FloatArray | undefined,
    out: FloatArray,
    key: U64,
    offset: number,
    P: number,
    scale: number,
  ): void;
  /** dx = dropout(dy), and dbias = dx summed over its rows of dbias.length elements, in their order. */
  fusedBackward(
    dy: FloatArray,
    dx: FloatArray,
    dbias: FloatArray,
    key: U64,
    offset: number,
    P: number,
    scale: number,
  ): void;
}

/** Loaded when it is first asked for (assembly/gaussian.ts). */
export interface Gaussian {
  /**
   * With z the key's normal noise: out = x · (1 + stddev · z), or, `additive`, x + stddev · z. Rounded to the
   * dtype at each operation; z is an f32.
   */
  noise(x: FloatArray, out: FloatArray, key: U64, offset: number, stddev: number, additive: boolean): void;
}
