/**
 * 64-bit words for engines that have none: two unsigned 32-bit halves, arithmetic modulo 2^64.
 * BigInt would read better and run about fifty times slower on the way of a call.
 * @module
 */

export interface U64 {
  readonly lo: number;
  readonly hi: number;
}

export const u64 = (hi: number, lo: number): U64 => ({ lo: lo >>> 0, hi: hi >>> 0 });

/** A whole number from 0 to 2^53. */
export const fromNumber = (n: number): U64 => u64(Math.floor(n / 2 ** 32), n);

const bytes = /* @__PURE__ */ new DataView(/* @__PURE__ */ new ArrayBuffer(8));

/** The low 64 bits of a bigint. */
export function fromBigInt(n: bigint): U64 {
  bytes.setBigUint64(0, n);
  return u64(bytes.getUint32(0), bytes.getUint32(4));
}

export function toBigInt(a: U64): bigint {
  bytes.setUint32(0, a.hi);
  bytes.setUint32(4, a.lo);
  return bytes.getBigUint64(0);
}

export function add(a: U64, b: U64): U64 {
  const lo = a.lo + b.lo;
  return u64(a.hi + b.hi + (lo > 0xffffffff ? 1 : 0), lo);
}

export const xor = (a: U64, b: U64): U64 => u64(a.hi ^ b.hi, a.lo ^ b.lo);

/** z ^ z >> n, for n from 1 to 31. */
const xorShiftRight = (z: U64, n: number): U64 =>
  u64(z.hi ^ (z.hi >>> n), z.lo ^ ((z.lo >>> n) | (z.hi << (32 - n))));

export function mul(a: U64, b: U64): U64 {
  // The high half of lo · lo by 16-bit pieces: no product reaches 2^53.
  const a0 = a.lo & 0xffff;
  const a1 = a.lo >>> 16;
  const b0 = b.lo & 0xffff;
  const b1 = b.lo >>> 16;
  const middle = a1 * b0 + ((a0 * b0) >>> 16);
  const carry = a1 * b1 + (middle >>> 16) + ((a0 * b1 + (middle & 0xffff)) >>> 16);
  return u64(carry + Math.imul(a.hi, b.lo) + Math.imul(a.lo, b.hi), Math.imul(a.lo, b.lo));
}

/** The odd constant of SplitMix64: 2^64 divided by the golden ratio. */
export const GAMMA: U64 = { hi: 0x9e3779b9, lo: 0x7f4a7c15 };

const M1: U64 = { hi: 0xbf58476d, lo: 0x1ce4e5b9 };
const M2: U64 = { hi: 0x94d049bb, lo: 0x133111eb };

/** The SplitMix64 finalizer. */
export function mix(z: U64): U64 {
  z = mul(xorShiftRight(z, 30), M1);
  z = mul(xorShiftRight(z, 27), M2);
  return xorShiftRight(z, 31);
}
