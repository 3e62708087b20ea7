/** SplitMix64 in BigInt, for tests that compute keys and words by themselves. */
const WORD = 2n ** 64n - 1n;

/** The finalizer of SplitMix64, as docs/SPEC.md states it. */
export function mix(z: bigint): bigint {
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & WORD;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & WORD;
  return z ^ (z >> 31n);
}
