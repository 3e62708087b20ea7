/**
 * What a backend does. Arguments have been checked: arrays are attached, `out` holds at least as many
 * elements as `x`, and they overlap wholly or not at all.
 * @module
 */
import type { FloatArray } from '../tensor.js';
import type { U64 } from '../u64.js';

/**
 * Element i of a call takes place `offset + i` of the stream of `key`; P is the drop probability in
 * units of 2^-32, a whole number from 0 to 2^32.
 */
export interface Kernel {
  /** out[i] = kept ? x[i] · scale : +0, for every element of x. */
  dropout(x: FloatArray, out: FloatArray, key: U64, offset: number, P: number, scale: number): void;
  /** Writes the mask of elements 0 … length − 1, one byte or one bit each, 1 = kept. */
  mask(out: Uint8Array, length: number, bits: boolean, key: U64, offset: number, P: number): void;
  /** out[i] = mask[i] ? x[i] · scale : +0, for every element of x. */
  applyMask(x: FloatArray, mask: Uint8Array, bits: boolean, out: FloatArray, scale: number): void;
}
