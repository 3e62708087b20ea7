/** The vectors of docs/normal-noise.md, the statistics of the noise, and what layers make of it. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { quantile } from '../../src/backend/reference/gaussian.js';
import { packages } from '../support/backends.js';
import { digestOf } from '../support/digest.js';

interface Vectors {
  quantile: { v: string; z: string }[];
  sweep: string;
  noise: { seed: string; position: number; offset: number; length: number; first: string[]; digest: string }[];
}

const vectors: Vectors = JSON.parse(readFileSync(new URL('../../docs/normal-noise-v1.json', import.meta.url), 'utf8'));
const hex = (x: Float32Array) => Array.from(new Uint32Array(x.buffer), (word) => word.toString(16).padStart(8, '0'));
const bytes = (x: Float32Array) => new Uint8Array(x.buffer, x.byteOffset, x.byteLength);

describe('the quantile', () => {
  it.each(vectors.quantile)('of 0x$v has the bits 0x$z', ({ v, z }) => {
    expect(hex(Float32Array.of(quantile(Number.parseInt(v, 16))))).toEqual([z]);
  });

  it('has the digest of the sweep', () => {
    const z = Float32Array.from({ length: 65536 }, (_, k) => quantile((k * 65537) % 2 ** 32));
    expect(digestOf(bytes(z))).toBe(vectors.sweep);
  });
});

describe.each(packages)('normal noise on %s', (_, { Generator, gaussianDropout, gaussianNoise, GaussianNoise }) => {
  const noise = (n: number, key: bigint, offset = 0) => gaussianNoise(new Float32Array(n), { stddev: 1, key, offset });

  it.each(vectors.noise)('of seed $seed, position $position, offset $offset', (vector) => {
    const key = new Generator(BigInt(vector.seed)).keyAt(vector.position);
    const z = noise(vector.length, key, vector.offset);
    // 0 + z is z, but for a −0 that no quantile is.
    expect(hex(z.slice(0, 8))).toEqual(vector.first);
    expect(digestOf(bytes(z))).toBe(vector.digest);
  });

  it('has the moments of N(0, 1), and no correlation between neighbours or keys', () => {
    const generator = new Generator(1);
    const n = 400_000;
    const [z, other] = [noise(n, generator.next()), noise(n, generator.next())];
    const mean = (f: (i: number) => number) => Array.from(z, (_, i) => f(i)).reduce((a, b) => a + b, 0) / n;
    // 5 standard errors each: 1, √2, √15, √96, 1, 1 over √n
    const within = (value: number, expected: number, deviation: number) =>
      expect(Math.abs(value - expected)).toBeLessThan((5 * deviation) / Math.sqrt(n));
    within(
      mean((i) => z[i]!),
      0,
      1,
    );
    within(
      mean((i) => z[i]! ** 2),
      1,
      Math.SQRT2,
    );
    within(
      mean((i) => z[i]! ** 3),
      0,
      Math.sqrt(15),
    );
    within(
      mean((i) => z[i]! ** 4),
      3,
      Math.sqrt(96),
    );
    for (const lag of [1, 2, 16])
      within(
        mean((i) => z[i]! * z[(i + lag) % n]!),
        0,
        1,
      );
    within(
      mean((i) => z[i]! * other[i]!),
      0,
      1,
    );
    for (const [limit, share] of [
      [1, 0.6826895],
      [2, 0.9544997],
      [3, 0.9973002],
    ] as const)
      within(
        mean((i) => Number(Math.abs(z[i]!) < limit)),
        share,
        Math.sqrt(share * (1 - share)),
      );
  });

  it('is the same in pieces, and the same z for f32 and f64, for x · (1 + σz) and x + σz', () => {
    const key = new Generator(3).next();
    const z = noise(5000, key);
    expect(noise(4000, key, 1000)).toEqual(z.slice(1000));
    const wide = gaussianNoise(new Float64Array(5000), { stddev: 1, key });
    expect([...wide]).toEqual([...z]);
    const sigma = Math.fround(Math.sqrt(0.2 / 0.8));
    const x = Float32Array.from({ length: 5000 }, (_, i) => Math.cos(i));
    const { fround } = Math;
    expect([...gaussianDropout(x, { p: 0.2, key })]).toEqual(
      [...x].map((v, i) => fround(v * fround(1 + fround(sigma * z[i]!)))),
    );
  });

  it('keeps NaN and infinities: nothing is dropped', () => {
    const key = new Generator(3).next();
    const x = Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
    expect([...gaussianNoise(x, { stddev: 1, key })]).toEqual([...x]);
    const y = gaussianDropout(x, { p: 0.01, key });
    expect([...y]).toEqual([...x]); // 1 + σz is positive here
  });

  it('copies x for 0 without a key, and gives zeros for p = 1', () => {
    const x = Float32Array.of(1, -0, 3);
    expect(gaussianNoise(x, { stddev: 0, key: undefined })).toEqual(x);
    expect(gaussianDropout(x, { p: 0, key: undefined })).toEqual(x);
    expect([...gaussianDropout(x, { p: 1, key: undefined })]).toEqual([0, 0, 0]);
    expect(() => gaussianNoise(x, { stddev: 1, key: undefined })).toThrow(/^key has to be a bigint/);
    for (const stddev of [-1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => gaussianNoise(x, { stddev, key: 1n })).toThrow(/^stddev has to be a finite number from 0 on/);
    expect(() => new GaussianNoise('1' as never)).toThrow(TypeError);
  });
});
