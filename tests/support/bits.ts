/** Results compared and shown by their bits. It imports neither Node nor vitest. */
import { digestOf } from './digest.js';

/** The memory of an array, not a copy. */
export const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** False on machines that store the high byte of a number first, such as s390x. */
const LITTLE_ENDIAN = bytesOf(Uint16Array.of(1))[0] === 1;

/**
 * A copy of the bytes of an array, the same on every machine: the low byte of each element comes first, and all NaNs
 * are equal, since engines choose their sign and payload.
 */
export function bitsOf(x: Float16Array | Float32Array | Float64Array | Uint8Array): Uint8Array {
  const bytes = bytesOf(x.slice());
  if (x instanceof Uint8Array) return bytes;
  const size = x.BYTES_PER_ELEMENT;
  if (!LITTLE_ENDIAN) for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
  // Written as bytes, since a NaN written as a number need not have these bits either.
  const nan = size === 2 ? [0, 0x7e] : size === 4 ? [0, 0, 0xc0, 0x7f] : [0, 0, 0, 0, 0, 0, 0xf8, 0x7f];
  for (let i = 0; i < x.length; i++) if (Number.isNaN(x[i])) bytes.set(nan, i * size);
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
