/** Every test vector: of the mask stream and the normal noise on the kernel and the reference, of Monte-Carlo sums. */
import * as pkg from 'dropout-wasm';
import * as monteCarlo from 'dropout-wasm/monte-carlo';
import { describe, expect, it } from 'vitest';
import { quantile } from '../../src/backend/reference/gaussian.js';
import { fromBigInt, toBigInt } from '../../src/core/u64.js';
import { monteCarloTests } from '../runtimes/monte-carlo.js';
import { Recorder } from '../runtimes/recorder.js';
import { backends, packages } from '../support/backends.js';
import { bitAt, bitsOf, hexOf } from '../support/bits.js';
import { digestOf } from '../support/digest.js';
import { expectSameBits } from '../support/expect.js';
import { lanes } from '../support/lanes.js';
import { monteCarloVectors, noiseVectors, streamVectors } from '../support/vectors.js';

it('the files are complete', () => {
  const { keys, forks, blocks, masks } = streamVectors;
  expect({ keys: keys.length, forks: forks.length, blocks: blocks.length, masks: masks.length }).toEqual({
    keys: 5,
    forks: 15,
    blocks: 6,
    masks: 25,
  });
  for (const { keys } of streamVectors.keys) expect(keys).toHaveLength(4);
  for (const { laneOutputs } of blocks) expect(laneOutputs).toHaveLength(16);
  const lengths = masks.map(({ digests }) => Object.keys(digests).join());
  expect(new Set(lengths)).toEqual(new Set(['1,31,33,4096,4097,100000', '4096']));
  expect(noiseVectors.quantile).toHaveLength(64);
  expect(noiseVectors.noise).toHaveLength(5);
  const { log, exp, runs } = monteCarloVectors;
  expect([log.length, exp.length, runs.length]).toEqual([61, 60, 5]);
});

describe.each(packages)('mask stream, version 1, on %s', (_, { Generator, mask, dropout }) => {
  it.each(streamVectors.keys)('keys of seed $seed', ({ seed, keys }) => {
    const generator = new Generator(BigInt(seed));
    expect(keys.map((_, c) => generator.keyAt(c))).toEqual(keys.map(BigInt));
    expect(keys.map(() => generator.next())).toEqual(keys.map(BigInt));
  });

  it.each(streamVectors.forks)('fork of seed $seed by "$label"', ({ seed, label, childSeed, firstKey }) => {
    const parent = new Generator(BigInt(seed), 5);
    const child = parent.fork(label);
    expect([child.seed, child.position, child.keyAt(0)]).toEqual([BigInt(childSeed), 0, BigInt(firstKey)]);
    expect(parent.position).toBe(5);
  });

  it.each(streamVectors.masks)(
    'mask of seed $seed at position $position, p = $p, offset $offset',
    ({ seed, position, p, offset, bits, digests }) => {
      const key = new Generator(BigInt(seed), position).next();
      const options = { p, key, offset };
      expect([...mask(bits.length, options)].join('')).toBe(bits);
      for (const [n, digest] of Object.entries(digests)) {
        const kept = mask(Number(n), { ...options, format: 'bits' });
        expect(digestOf(kept)).toBe(digest);
        for (const ones of [new Float32Array(Number(n)).fill(1), new Float64Array(Number(n)).fill(1)])
          expectSameBits(
            dropout(ones, options),
            ones.map((_, i) => (bitAt(kept, i) ? 1 / (1 - p) : 0)),
          );
      }
    },
  );
});

describe.each(backends)('lanes on %s', (_, backend) => {
  it.each(streamVectors.blocks)(
    'key $key, block $block',
    ({ key, block, roundingWord, laneOutputs, lastLaneOutput }) => {
      const rounding = Number(BigInt(roundingWord) >> 48n);
      const from = (offset: number, n: number) =>
        lanes(n, rounding, (P) => {
          const kept = new Uint8Array(4 * n);
          backend.mask(kept, 4 * n, false, { key: fromBigInt(BigInt(key)), offset: 4096 * block + offset, P });
          return kept;
        });
      expect(from(0, laneOutputs.length)).toEqual(laneOutputs.map(BigInt));
      expect(from(4092, 1)).toEqual([BigInt(lastLaneOutput)]);
    },
  );
});

describe('the normal quantile', () => {
  it.each(noiseVectors.quantile)('of 0x$v has the bits 0x$z', ({ v, z }) => {
    expect(hexOf(Float32Array.of(quantile(Number.parseInt(v, 16))))).toEqual([z]);
  });

  it('has the digest of the sweep', () => {
    const z = Float32Array.from({ length: 65536 }, (_, k) => quantile((k * 65537) % 2 ** 32));
    expect(digestOf(bitsOf(z))).toBe(noiseVectors.sweep);
  });
});

describe.each(packages)('normal noise, version 1, on %s', (_, { Generator, gaussianNoise }) => {
  it.each(noiseVectors.noise)(
    'noise of seed $seed at position $position, offset $offset',
    ({ seed, position, offset, length, first, digest }) => {
      const key = new Generator(BigInt(seed)).keyAt(position);
      // 0 + z has the bits of z, since no quantile is −0.
      const z = gaussianNoise(new Float32Array(length), { stddev: 1, key, offset });
      expect(first).toHaveLength(8);
      expect(hexOf(z.slice(0, 8))).toEqual(first);
      expect(digestOf(bitsOf(z))).toBe(digest);
    },
  );
});

describe('Monte-Carlo sums, version 1', () => {
  it.each(monteCarloTests(monteCarlo).filter(([name]) => name.startsWith('vectors')))('%s', async (_, test) => {
    const recorder = new Recorder();
    await test(pkg, recorder);
    expect(recorder.cases.length).toBeGreaterThan(4);
  });
});

it('64-bit words survive conversion to halves and back', () => {
  for (const word of [0n, 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 63n, 2n ** 64n - 1n])
    expect(toBigInt(fromBigInt(word))).toBe(word);
});
