/**
 * What is exact in the masks of the built package, rather than likely: the thresholds of p, in steps of 2^-32, and what
 * the rounding of p does to the elements of a block together.
 */
import { describe, expect, it } from 'vitest';
import { firstDifference } from '../support/bits.js';
import { lanes } from '../support/lanes.js';
import { count } from './bits.js';
import { built, dropped, generator, roundingOf, wordOf } from './built.js';

const BLOCK = 4096;
const WORDS = BLOCK / 32;
const key = generator.keyAt(0);

/** The dropped elements of a block at P / 2^32. */
const atP = (P: number, block = 0) => dropped(BLOCK, P / 2 ** 32, key, block * BLOCK);

describe('all thresholds of a block', () => {
  /** The threshold from which on each element is dropped. At a multiple of 2^16, P is not rounded. */
  const from = new Uint32Array(BLOCK);
  let isNested = true;
  let last: Uint32Array = new Uint32Array(WORDS);
  for (let T = 1; T <= 65536; T++) {
    const bits = atP(T * 65536);
    for (let i = 0; i < WORDS; i++) {
      if (last[i]! & ~bits[i]!) isNested = false;
      for (let word = bits[i]! & ~last[i]!; word !== 0; word &= word - 1)
        from[32 * i + 31 - Math.clz32(word & -word)] = T;
    }
    last = bits;
  }

  it('drop a superset for a larger p', () => {
    expect(isNested).toBe(true);
    expect(count(last)).toBe(BLOCK);
  });

  it('are the 16-bit pieces of the outputs of xorshift128+, with the top bit flipped', () => {
    const WORD = 2n ** 64n - 1n;
    const expected = new Uint32Array(BLOCK);
    for (let lane = 0; lane < 8; lane++) {
      let [s0, s1] = [wordOf(key, 0, lane), wordOf(key, 0, 8 + lane)];
      for (let step = 0; step < 128; step++) {
        const t = s0 ^ ((s0 << 23n) & WORD);
        [s0, s1] = [s1, t ^ s1 ^ (t >> 18n) ^ (s1 >> 5n)];
        const out = (s0 + s1) & WORD;
        for (let q = 0; q < 4; q++)
          expected[32 * step + 4 * lane + q] = (Number((out >> BigInt(16 * q)) & 0xffffn) ^ 0x8000) + 1;
      }
    }
    expect(from).toEqual(expected);
  });
});

describe('a step of p by 2^-32', () => {
  /** A threshold of a block from which its mask differs one below and one above. */
  function thresholdOf(block: number): number {
    const differs = (T: number) => firstDifference(atP(T * 65536, block), atP((T - 1) * 65536, block)) >= 0;
    let T = 21845; // near p = 1/3
    while (!(differs(T) && differs(T + 1))) T++;
    return T;
  }

  it.each([0, 1, 2, 3, 4, 5, 6, 7])('changes block %d at one P in 65,536, and there by one threshold', (block) => {
    const T = thresholdOf(block);
    const first = T * 65536 - roundingOf(key, block);
    const expected = atP(T * 65536, block);
    for (const P of [first, first + 1, first + 2, first + 32768, first + 65534, first + 65535])
      expect(atP(P, block)).toEqual(expected);
    expect(atP(first - 1, block)).toEqual(atP((T - 1) * 65536, block));
    expect(atP(first + 65536, block)).toEqual(atP((T + 1) * 65536, block));
  });

  it('is taken from the nearest multiple of 2^-32, where half a step is rounded up', () => {
    const block = 3;
    const T = thresholdOf(block);
    const P = T * 65536 - roundingOf(key, block);
    expect(atP(P - 0.5, block)).toEqual(atP(T * 65536, block));
    expect(atP(P - 0.5 - 2 ** -10, block)).toEqual(atP((T - 1) * 65536, block));
  });
});

describe('the rounding of p', () => {
  it.each([
    [2 ** -17, 2 ** 14, 2],
    [2 ** -24, 2 ** 16, 256],
  ])(
    'is shared by a block: at p = %d of %d blocks, one in %d drops with 2^-16 and the others nothing',
    (p, blocks, share) => {
      const expected = dropped(blocks * BLOCK, 2 ** -16, key);
      for (let block = 0; block < blocks; block++)
        if (roundingOf(key, block) < 65536 - 65536 / share) expected.fill(0, block * WORDS, (block + 1) * WORDS);
      expect(count(expected)).toBeGreaterThan(8);
      expect(firstDifference(dropped(blocks * BLOCK, p, key), expected)).toBe(-1);
    },
  );

  it.each([0x55555555, 0x80000000, 4295, 1, 65535, 2 ** 32 - 4295])(
    'is exact for one element, and by at most 2^-34 for two of a block: P = %d',
    (P) => {
      // Over all roundings, which the tests above tie to the package.
      let sum = 0n;
      let squares = 0n;
      for (let rounding = 0; rounding < 65536; rounding++) {
        const T = BigInt(Math.floor((P + rounding) / 65536));
        sum += T;
        squares += T * T;
      }
      expect(sum).toBe(BigInt(P)); // the mean of T / 2^16 is P / 2^32
      // Two elements of a block are both dropped with p² + f(1 − f)·2^-32, where f is the part of P below 2^16.
      const f = BigInt(P % 65536);
      expect(squares * 65536n - BigInt(P) * BigInt(P)).toBe(f * (65536n - f));
    },
  );
});

describe('keys that differ by GAMMA', () => {
  const GAMMA = 0x9e3779b97f4a7c15n;
  const shifted = (words: bigint) => (key + words * GAMMA) & (2n ** 64n - 1n);

  it('by 17 GAMMA share their blocks, one apart', () => {
    expect(dropped(BLOCK, 0.5, shifted(17n))).toEqual(dropped(BLOCK, 0.5, key, BLOCK));
  });

  it('by m GAMMA share 8 − m lanes of a block, for m = 1 … 7', () => {
    const own = dropped(BLOCK, 0.5, key);
    for (let m = 1; m < 8; m++) {
      const keep = 0xffffffff >>> (4 * m);
      expect(dropped(BLOCK, 0.5, shifted(BigInt(m))).map((word) => word & keep)).toEqual(
        own.map((word) => (word >>> (4 * m)) & keep),
      );
    }
    const other = dropped(BLOCK, 0.5, shifted(8n));
    for (let lane = 0; lane < 8; lane++)
      for (let from = 0; from < 8; from++)
        expect(other.map((word) => (word >>> (4 * lane)) & 15)).not.toEqual(
          own.map((word) => (word >>> (4 * from)) & 15),
        );
  });
});

describe('bit 0 of the outputs of a lane, over GF(2),', () => {
  /** A linear form of the 128 bits of a state: the set of bits whose sum over GF(2) it is. */
  type Form = bigint;

  /** Bit 0 of each of n outputs as a form of the state, s0 in forms 0 to 63 and s1 in 64 to 127. */
  function formsOf(n: number): Form[] {
    let s0: Form[] = Array.from({ length: 64 }, (_, i) => 1n << BigInt(i));
    let s1: Form[] = Array.from({ length: 64 }, (_, i) => 1n << BigInt(64 + i));
    const left = (word: Form[], by: number) => word.map((_, i) => word[i - by] ?? 0n);
    const right = (word: Form[], by: number) => word.map((_, i) => word[i + by] ?? 0n);
    const xor = (...words: Form[][]) => words[0]!.map((_, i) => words.reduce((sum, word) => sum ^ word[i]!, 0n));
    return Array.from({ length: n }, () => {
      const t = xor(s0, left(s0, 23));
      [s0, s1] = [s1, xor(t, s1, right(t, 18), right(s1, 5))];
      // A sum has no carry into bit 0.
      return s0[0]! ^ s1[0]!;
    });
  }

  /** The rank over GF(2), by elimination. */
  function rankOf(forms: readonly Form[]): number {
    const basis = new Map<number, Form>();
    for (let form of forms) {
      for (let lead = degree(form); lead >= 0; lead = degree(form)) {
        const own = basis.get(lead);
        if (own === undefined) {
          basis.set(lead, form);
          break;
        }
        form ^= own;
      }
    }
    return basis.size;
  }
  const degree = (form: Form) => (form === 0n ? -1 : form.toString(2).length - 1);

  it('are linearly independent in the 128 steps of a block: rank 128', () => {
    expect(rankOf(formsOf(128))).toBe(128);
  });

  it('would have a first linear relation at 129 steps', () => {
    for (const n of [1, 64, 127]) expect(rankOf(formsOf(n))).toBe(n);
    expect(rankOf(formsOf(129))).toBe(128);
  });

  it('are those of the built package', () => {
    const state = Array.from({ length: 8 }, (_, lane) => wordOf(key, 0, lane) | (wordOf(key, 0, 8 + lane) << 64n));
    const parity = (bits: bigint) => bits.toString(2).replaceAll('0', '').length % 2;
    const drawn = lanes(1024, roundingOf(key, 0), (P) => built.mask(BLOCK, { p: P / 2 ** 32, key }));
    const expected = formsOf(128).flatMap((form) => state.map((bits) => BigInt(parity(form & bits))));
    expect(drawn.map((out) => out & 1n)).toEqual(expected);
  });
});
