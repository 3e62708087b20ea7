/**
 * 64-bit words as two 32-bit halves, with arithmetic modulo 2^64, so that calls never touch BigInt. The halves are
 * signed because engines keep signed 32-bit numbers unboxed.
 * @module
 */
export interface U64 {
  readonly lo: number;
  readonly hi: number;
}

/**
 * Takes each half modulo 2^32. Halves are integers below 2^53 in magnitude; a positive one may have a fraction, which
 * is cut off.
 */
export const u64 = (hi: number, lo: number): U64 => ({ lo: lo | 0, hi: hi | 0 });

/** Converts an integer from 0 to 2^53. */
export const fromNumber = (n: number): U64 => u64(n / 2 ** 32, n);

const bytes = /* @__PURE__ */ new DataView(/* @__PURE__ */ new ArrayBuffer(8));

/** Takes the low 64 bits of a bigint. */
export function fromBigInt(n: bigint): U64 {
  // Shifts of n would take 30 ns more.
  bytes.setBigUint64(0, n);
  return u64(bytes.getInt32(0), bytes.getInt32(4));
}

export const toBigInt = ({ hi, lo }: U64): bigint => (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);

/** Hex digits with the prefix 0x, as JSON stores seeds and keys. */
export const toHex = (a: U64): string => `0x${toBigInt(a).toString(16)}`;

export function add(a: U64, b: U64): U64 {
  const lo = (a.lo >>> 0) + (b.lo >>> 0);
  return u64(a.hi + b.hi + (lo > 0xffffffff ? 1 : 0), lo);
}

export const xor = (a: U64, b: U64): U64 => u64(a.hi ^ b.hi, a.lo ^ b.lo);

/** The high half of a 32-bit product. It multiplies by half of b at a time, so that every intermediate is exact. */
const mulHigh = (a: number, b: number): number =>
  (((a >>> 0) * (b >>> 16) + ((((a >>> 0) * (b & 0xffff)) / 65536) >>> 0)) / 65536) | 0;

export const mul = (a: U64, b: U64): U64 =>
  u64(mulHigh(a.lo, b.lo) + Math.imul(a.hi, b.lo) + Math.imul(a.lo, b.hi), Math.imul(a.lo, b.lo));

/** The odd constant of SplitMix64: 2^64 divided by the golden ratio. */
export const GAMMA: U64 = { hi: 0x9e3779b9 | 0, lo: 0x7f4a7c15 };

/** z ^ (z >> n), for n below 32. */
const xorShift = ({ hi, lo }: U64, n: number): U64 => u64(hi ^ (hi >>> n), lo ^ ((lo >>> n) | (hi << (32 - n))));

/** The SplitMix64 finalizer. */
export function mix(z: U64): U64 {
  z = mul(xorShift(z, 30), { hi: 0xbf58476d | 0, lo: 0x1ce4e5b9 });
  z = mul(xorShift(z, 27), { hi: 0x94d049bb | 0, lo: 0x133111eb });
  return xorShift(z, 31);
}
