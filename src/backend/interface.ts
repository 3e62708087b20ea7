/**
 * The interface of a backend. Arguments have been checked: arrays are attached, `out` has at least as many elements as
 * `x`, and the two are the same elements or do not overlap.
 * @module
 */
import type { Draws, StreamStart } from '../core/draws.js';
import type { Broadcast } from '../core/shapes.js';
import type { FloatArray } from '../core/tensor.js';

/** Kept elements become x · scale + shift, dropped ones become fill. Each is rounded to f32 unless x is f64. */
export interface Affine {
  readonly scale: number;
  /** −0 for no shift: adding −0 changes no bit of any product. */
  readonly shift: number;
  readonly fill: number;
  /** The part of the backend that computes it. Required for a shift or a fill. Default: the kernel. */
  readonly part?: () => Dropping;
}

/** A part of the backend that drops elements. */
export interface Dropping {
  /** Drops and maps every element of x. With `broadcast`, draw d of the call is draw `offset + d` of the stream. */
  dropout(x: FloatArray, out: FloatArray, draws: Draws, affine: Affine, broadcast?: Broadcast): void;
}

/** Its dropout ignores shift and fill. */
export interface Kernel extends Dropping {
  /**
   * Writes the mask of elements 0 … length − 1 as bytes, or as bits if `bits`; 1 = kept. With `broadcast`, no
   * elements share their draw, and the rows of bits begin and end with a byte.
   */
  mask(out: Uint8Array, length: number, bits: boolean, draws: Draws, broadcast?: Broadcast): void;
}

/** Loaded on first use (assembly/extras.ts). */
export interface Extras extends Dropping {
  /** Keeps the elements of x whose mask byte or bit is not 0. */
  applyMask(x: FloatArray, mask: Uint8Array, bits: boolean, out: FloatArray, affine: Affine): void;
}

/** Loaded on first use (assembly/fused.ts). */
export interface Fused {
  /** out = dropout(x + bias) + residual. The residual may be undefined; bias is added to every row of x. */
  fused(
    x: FloatArray,
    bias: FloatArray,
    residual: FloatArray | undefined,
    out: FloatArray,
    draws: Draws,
    scale: number,
  ): void;
  /** dx = dropout(dy), and dbias = dx summed over its rows of dbias.length elements, in their order. */
  fusedBackward(dy: FloatArray, dx: FloatArray, dbias: FloatArray, draws: Draws, scale: number): void;
}

/** Loaded on first use (assembly/gaussian.ts). */
export interface Gaussian {
  /**
   * With z the key's normal noise, an f32: out = x · (1 + stddev · z), or x + stddev · z if `additive`. Each operation
   * is rounded to f32 unless x is f64. No elements share their noise.
   */
  noise(
    x: FloatArray,
    out: FloatArray,
    start: StreamStart,
    stddev: number,
    additive: boolean,
    broadcast?: Broadcast,
  ): void;
}
