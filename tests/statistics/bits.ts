/** Sets of dropped elements as bits, in words of 32: a word is one step of the eight lanes. */

/** How many of the bits of a word are 1. */
export function ones(word: number): number {
  word -= (word >>> 1) & 0x55555555;
  word = (word & 0x33333333) + ((word >>> 2) & 0x33333333);
  return Math.imul((word + (word >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** How many of the bits at and after `from` and before `to` are 1. */
export function count(bits: Uint32Array, from = 0, to = 32 * bits.length): number {
  let sum = 0;
  for (let i = from >>> 5; i < to >>> 5; i++) sum += ones(bits[i]!);
  const below = (i: number) => (i & 31 ? ones(bits[i >>> 5]! & ((1 << (i & 31)) - 1)) : 0);
  return sum - below(from) + below(to);
}

/** How many i have bit i of a and bit i of b, among the bits of the shorter. */
export function countBoth(a: Uint32Array, b: Uint32Array): number {
  const words = Math.min(a.length, b.length);
  let sum = 0;
  for (let i = 0; i < words; i++) sum += ones(a[i]! & b[i]!);
  return sum;
}

/**
 * For each lag, the covariance of bits and the bits `lag` later, in units of its standard deviation where all bits are
 * independent and 1 with probability p.
 */
export function covariances(bits: Uint32Array, lags: readonly number[], p: number): number[] {
  const total = count(bits);
  return lags.map((lag) => {
    const [skip, shift] = [lag >>> 5, lag & 31];
    const words = bits.length - skip - (shift ? 1 : 0);
    let both = 0;
    if (shift === 0) for (let i = 0; i < words; i++) both += ones(bits[i]! & bits[i + skip]!);
    else
      for (let i = 0, low = bits[skip]!; i < words; i++) {
        const high = bits[i + skip + 1]!;
        both += ones(bits[i]! & ((low >>> shift) | (high << (32 - shift))));
        low = high;
      }
    const n = 32 * words;
    const later = total - count(bits, 0, lag) - count(bits, lag + n);
    return centered(both, total - count(bits, n), later, n, p);
  });
}

/** The same covariance for two sequences of n bits of which `both`, `a` and `b` are 1. */
export const centered = (both: number, a: number, b: number, n: number, p: number): number =>
  (both - p * (a + b) + n * p * p) / (Math.sqrt(n) * p * (1 - p));

/** Bit `column` of each word, as bits of their own. The number of words has to be a multiple of 32. */
export function columnOf(bits: Uint32Array, column: number): Uint32Array {
  const own = new Uint32Array(bits.length / 32);
  for (let i = 0; i < bits.length; i++) own[i >>> 5]! |= ((bits[i]! >>> column) & 1) << (i & 31);
  return own;
}

/** The lengths of the runs of equal bits: how many runs of 1 and of 0 have each length, up to 64, and longer ones. */
export function runLengths(bits: Uint32Array): { ofOnes: number[]; ofZeros: number[] } {
  const lengths = [new Array<number>(66).fill(0), new Array<number>(66).fill(0)] as const;
  let length = 0;
  let last = bits[0]! & 1;
  for (const word of bits)
    for (let i = 0; i < 32; i++) {
      const bit = (word >>> i) & 1;
      if (bit === last) {
        length++;
        continue;
      }
      lengths[last as 0 | 1][Math.min(length, 65)]!++;
      last = bit;
      length = 1;
    }
  return { ofOnes: lengths[1], ofZeros: lengths[0] };
}
