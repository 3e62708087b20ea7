/**
 * What a backend does. Arguments have been checked: arrays are attached, `out` holds at least as many
 * elements as `x`, and they overlap wholly or not at all.
 * @module
 */
import type { Draw } from '../reference/stream.js';
import type { FloatArray } from '../tensor.js';

export interface Kernel {
  readonly name: 'wasm-simd' | 'reference';
  /** out[i] = kept ? x[i] · scale : +0, for every element of x. */
  dropout(x: FloatArray, out: FloatArray, draw: Draw, scale: number): void;
  /** Writes the mask of elements 0 … length − 1, one byte or one bit each, 1 = kept. */
  mask(out: Uint8Array, length: number, bits: boolean, draw: Draw): void;
  /** out[i] = mask[i] ? x[i] · scale : +0, for every element of x. */
  applyMask(x: FloatArray, mask: Uint8Array, bits: boolean, out: FloatArray, scale: number): void;
}
