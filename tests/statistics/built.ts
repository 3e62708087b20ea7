/** Draws from the built package, not from the source, and known defects to plant in them. */
import type * as MonteCarlo from '../../src/monte-carlo/index.js';
import type { Package } from '../support/layers.js';
import { mix } from '../support/splitmix.js';

const dist = (path: string): string => new URL(`../../dist/${path}`, import.meta.url).href;

export const built: Package = await import(dist('index.js'));
export const { monteCarlo }: typeof MonteCarlo = await import(dist('monte-carlo/index.js'));

export const generator: Package['Generator']['prototype'] = new built.Generator(20240229);

/** The elements that are dropped, one bit each. n is a multiple of 32. */
export function dropped(n: number, p: number, key: bigint, offset = 0): Uint32Array {
  const bits = built.mask(n, { p, key, offset, format: 'bits' });
  return new Uint32Array(bits.buffer).map((word) => ~word);
}

/** The normal noise of n elements. */
export const noise = (n: number, key: bigint, offset = 0): Float32Array =>
  built.gaussianNoise(new Float32Array(n), { stddev: 1, key, offset });

/** Several arrays in a row. */
export function concat(parts: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Bits that are 1 with this probability, to choose by. Their key belongs to no test. */
const chosen = (words: number, probability: number) => dropped(32 * words, probability, 0x5eed5eed5eed5eedn);

/** Takes one bit of `from` in place of that of `bits` with this probability. */
export function blend(bits: Uint32Array, from: Uint32Array, probability: number): Uint32Array {
  const choice = chosen(bits.length, probability);
  return bits.map((word, i) => (word & ~choice[i]!) | (from[i]! & choice[i]!));
}

/** Bits `lag` later. The first ones are 0. */
export function delay(bits: Uint32Array, lag: number): Uint32Array {
  const [skip, shift] = [lag >>> 5, lag & 31];
  const at = (i: number) => bits[i] ?? 0;
  return bits.map((_, i) => (at(i - skip) << shift) | (shift ? at(i - skip - 1) >>> (32 - shift) : 0));
}

/** Drops this share of the kept elements too. */
export function dropMore(bits: Uint32Array, share: number): Uint32Array {
  const choice = chosen(bits.length, share);
  return bits.map((word, i) => word | choice[i]!);
}

const WORD = 2n ** 64n - 1n;
const GAMMA = 0x9e3779b97f4a7c15n;

/** Word j of a block. Words 0 to 15 are the states of the lanes; the top 16 bits of word 16 round p. */
export const wordOf = (key: bigint, block: number, j: number): bigint =>
  mix((key + BigInt(17 * block + j + 1) * GAMMA) & WORD);

/** The 16 bits that round p in a block. */
export const roundingOf = (key: bigint, block: number): number => Number(wordOf(key, block, 16) >> 48n);
