/** Every entry of the test vectors, on the kernel and on the reference. */
import { describe, expect, it } from 'vitest';
import type { Kernel } from '../../src/backend/interface.js';
import { fromBigInt, toBigInt, type U64 } from '../../src/core/u64.js';
import { kernels, packages } from '../support/backends.js';
import { digestOf } from '../support/digest.js';
import { vectors } from '../support/vectors.js';

describe.each(packages)('mask stream, version 1, on %s', (_, { Generator, mask, dropout }) => {
  it.each(vectors.keys)('hands out the keys of seed $seed', ({ seed, keys }) => {
    const generator = new Generator(BigInt(seed));
    expect(keys.map((_, c) => generator.keyAt(c))).toEqual(keys.map(BigInt));
    expect(keys.map(() => generator.next())).toEqual(keys.map(BigInt));
  });

  it.each(vectors.forks)('forks seed $seed by "$label"', ({ seed, label, childSeed, firstKey }) => {
    const parent = new Generator(BigInt(seed), 5);
    const child = parent.fork(label);
    expect([child.seed, child.position, child.keyAt(0)]).toEqual([BigInt(childSeed), 0, BigInt(firstKey)]);
    expect(parent.position).toBe(5);
  });

  it.each(vectors.masks)(
    'masks seed $seed at $position, p $p, offset $offset',
    ({ seed, position, p, offset, bits, digests }) => {
      const key = new Generator(BigInt(seed), position).next();
      const options = { p, key, offset };
      expect([...mask(bits.length, options)].join('')).toBe(bits);
      for (const [n, expected] of Object.entries(digests)) {
        const kept = mask(Number(n), { ...options, format: 'bits' });
        expect(digestOf(kept)).toBe(expected);
        for (const Floats of [Float32Array, Float64Array]) {
          const y = dropout(new Floats(Number(n)).fill(1), options);
          const scale = Floats === Float32Array ? Math.fround(1 / (1 - p)) : 1 / (1 - p);
          expect(y.every((v, i) => v === ((kept[i >> 3]! >> (i & 7)) & 1 ? scale : 0))).toBe(true);
        }
      }
    },
  );
});

describe.each(kernels)('lanes on %s', (_, kernel) => {
  it.each(vectors.blocks)('of key $key, block $block', ({ key, block, roundingWord, laneOutputs, lastLaneOutput }) => {
    const at = block * 4096;
    const rounding = Number(BigInt(roundingWord) >> 48n);
    const first = pieces(kernel, fromBigInt(BigInt(key)), at, 4 * laneOutputs.length, rounding);
    expect(laneOutputs.map((_, lane) => word(first.slice(4 * lane)))).toEqual(laneOutputs.map(BigInt));
    expect(word(pieces(kernel, fromBigInt(BigInt(key)), at + 4092, 4, rounding))).toBe(BigInt(lastLaneOutput));
  });
});

/** A lane's output of its four 16-bit pieces. */
const word = ([a, b, c, d]: number[]) => BigInt(a!) | (BigInt(b!) << 16n) | (BigInt(c!) << 32n) | (BigInt(d!) << 48n);

/**
 * The 16-bit pieces that serve n elements from `offset` on, read from outside by bisection: with
 * P = T·2^16 − rounding the block's threshold is T exactly, and the mask tells which pieces lie below it.
 */
function pieces(kernel: Kernel, key: U64, offset: number, n: number, rounding: number): number[] {
  const low = new Array<number>(n).fill(0);
  const kept = new Uint8Array(n);
  for (let bit = 2 ** 15; bit >= 1; bit /= 2)
    for (const T of new Set(low.map((v) => v + bit))) {
      kernel.mask(kept, n, false, { key, offset, P: T * 65536 - rounding });
      low.forEach((v, i) => {
        if (v + bit === T && kept[i]) low[i] = T;
      });
    }
  return low.map((v) => v ^ 0x8000);
}

it('keeps words whole between bigint and halves', () => {
  for (const word of [0n, 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 63n, 2n ** 64n - 1n])
    expect(toBigInt(fromBigInt(word))).toBe(word);
});
