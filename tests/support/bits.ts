/** Results compared and shown by their bits. It imports neither Node nor vitest. */
import { digestOf } from './digest.js';

/** The memory of an array, not a copy. */
export const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** A copy of the bytes of an array, treating all NaNs as equal: engines choose their sign and payload. */
export function bitsOf(x: Float32Array | Float64Array | Uint8Array): Uint8Array {
  const copy = x.slice();
  const bytes = bytesOf(copy);
  if (copy instanceof Uint8Array) return bytes;
  const size = copy.BYTES_PER_ELEMENT;
  // Written as bytes, since a NaN written as a number need not have these bits either.
  const nan = size === 4 ? [0, 0, 0xc0, 0x7f] : [0, 0, 0, 0, 0, 0, 0xf8, 0x7f];
  for (let i = 0; i < copy.length; i++) if (Number.isNaN(copy[i])) bytes.set(nan, i * size);
  return bytes;
}

/** A short string for the bits of a tensor. */
export const tensorDigest = ({ data }: { data: unknown }): string =>
  digestOf(bitsOf(data as Float32Array | Float64Array));

/** The first index at which two arrays differ, or −1. NaN equals NaN, and −0 differs from 0. */
export function firstDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const n = Math.max(a.length, b.length);
  for (let i = 0; i < n; i++) if (!Object.is(a[i], b[i])) return i;
  return -1;
}

/** Each f32 as eight hex digits, as the vectors state them. */
export const hexOf = (x: Float32Array): string[] =>
  Array.from(new Uint32Array(x.slice().buffer), (word) => word.toString(16).padStart(8, '0'));

/** Whether element i is kept by a mask of bits. */
export const bitAt = (bits: Uint8Array, i: number): number => (bits[i >> 3]! >> (i & 7)) & 1;
