/**
 * Whether the masks and the normal noise of the built package look random. Every test also has to find a defect that is
 * planted in the stream. tests/statistics/family.ts says how the p-values are judged. `npm run test:statistics` draws 16
 * times as much as the short form in `npm test`.
 */
import { describe, vi } from 'vitest';
import { centered, columnOf, count, countBoth, covariances, ones, runLengths } from './bits.js';
import { blend, built, concat, delay, dropMore, dropped, generator, monteCarlo, noise, roundingOf } from './built.js';
import { closeFamily, isLong, randomness } from './family.js';
import { binomial, normalCdf, ofCounts, ofNormal, ofNormals, ofSample } from './p-values.js';

if (isLong) vi.setConfig({ testTimeout: 3_600_000 });

const BLOCK = 4096;

/** The mean and the variance of the number of dropped elements of a block, whose p is rounded once. */
function momentsOf(p: number): { mean: number; variance: number } {
  const P = Math.floor(p * 2 ** 32 + 0.5);
  const up = (P % 65536) / 65536;
  const [low, high] = [Math.floor(P / 65536) / 65536, (Math.floor(P / 65536) + 1) / 65536];
  const inside = BLOCK * ((1 - up) * low * (1 - low) + up * high * (1 - high));
  return { mean: (BLOCK * P) / 2 ** 32, variance: inside + (BLOCK * (high - low)) ** 2 * up * (1 - up) };
}

/** The number of dropped elements of whole blocks, in standard deviations. */
function zOfCount(sum: number, blocks: number, p: number): number {
  const { mean, variance } = momentsOf(p);
  return (sum - blocks * mean) / Math.sqrt(blocks * variance);
}

describe('kept fraction', () => {
  const draw = (p: number, scale: number) => dropped(scale * 2 ** 24, p, generator.keyAt(0));
  for (const p of [0.5, 0.1, 0.2, 0.9])
    randomness(`kept fraction at p = ${p}`, {
      draw: (scale) => draw(p, scale),
      pValues: (bits) => [ofNormal(zOfCount(count(bits), (32 * bits.length) / BLOCK, p))],
      damage: 'p that is off by 0.001',
      damaged: () => dropMore(draw(p, 1), 0.001 / (1 - p)),
    });

  randomness('kept fraction at each position of a block', {
    draw: (scale) => dropped(scale * 2 ** 24, 0.5, generator.keyAt(1)),
    pValues: (bits) => {
      const blocks = (32 * bits.length) / BLOCK;
      const counts = new Float64Array(BLOCK);
      for (let i = 0; i < BLOCK / 32; i++)
        for (let block = 0; block < blocks; block++) {
          let word = bits[block * (BLOCK / 32) + i]!;
          for (; word !== 0; word &= word - 1) counts[32 * i + 31 - Math.clz32(word & -word)]!++;
        }
      return ofNormals(Array.from(counts, (sum) => (sum - blocks / 2) / Math.sqrt(blocks / 4)));
    },
    damage: 'the last element of every block dropped in 6 of 10 blocks',
    damaged: () =>
      dropped(2 ** 24, 0.5, generator.keyAt(1)).map((word, i) =>
        i % 128 === 127 && Math.floor(i / 128) % 5 === 0 ? word | (1 << 31) : word,
      ),
  });
});

describe('p at its extremes', () => {
  const CALL = 2 ** 26;
  const sums = (p: number, scale: number) => {
    let sum = 0;
    for (let call = 0; call < scale; call++) sum += count(dropped(CALL, p, generator.keyAt(2), call * CALL));
    return { sum, blocks: (scale * CALL) / BLOCK };
  };
  for (const [name, p] of Object.entries({ '1e-6': 1e-6, '1/3': 1 / 3, '0.999999': 0.999999, '2^-17': 2 ** -17 }))
    randomness(
      `kept fraction at p = ${name}`,
      {
        draw: (scale) => sums(p, scale),
        pValues: ({ sum, blocks }) => [ofNormal(zOfCount(sum, blocks, p))],
        damage: 'p that is rounded to 8 bits',
        damaged: () => sums(Math.round(p * 2 ** 8) / 2 ** 8, 1),
      },
      64,
    );
});

describe('runs', () => {
  for (const p of [0.5, 0.1, 0.9])
    randomness(`lengths of runs at p = ${p}`, {
      draw: (scale) => dropped(scale * 2 ** 20, p, generator.keyAt(3)),
      pValues: (bits) => {
        const { ofOnes, ofZeros } = runLengths(bits);
        return [
          { lengths: ofOnes, again: p },
          { lengths: ofZeros, again: 1 - p },
        ].map(({ lengths, again }) => {
          const runs = lengths.reduce((sum, n) => sum + n, 0);
          // A run of length k, and the last cell for all that are longer than 64.
          const expected = lengths.map((_, k) =>
            k === 0 ? 0 : runs * again ** (k - 1) * (k === lengths.length - 1 ? 1 : 1 - again),
          );
          return ofCounts(lengths, expected);
        });
      },
      damage: 'an element in 20 that repeats the one before',
      damaged: () => {
        const bits = dropped(2 ** 20, p, generator.keyAt(3));
        return blend(bits, delay(bits, 1), 0.05);
      },
    });
});

describe('autocorrelation', () => {
  const LAGS = Array.from({ length: BLOCK }, (_, i) => i + 1);
  for (const p of [0.5, 0.1])
    randomness(`autocorrelation to lag 4096 at p = ${p}`, {
      draw: (scale) => dropped(scale * 2 ** 20, p, generator.keyAt(4)),
      pValues: (bits) => ofNormals(covariances(bits, LAGS, p)),
      damage: 'an element in 100 that repeats the one 1,000 before',
      damaged: () => {
        const bits = dropped(2 ** 20, p, generator.keyAt(4));
        return blend(bits, delay(bits, 1000), 0.01);
      },
    });
});

describe('lanes', () => {
  /** The covariance of each pair of the 32 elements of a step, and of each with each of the next step. */
  const pairsOf = (bits: Uint32Array) => {
    const p = 0.5;
    const columns = Array.from({ length: 32 }, (_, column) => columnOf(bits, column));
    const later = columns.map((column) => delay(column, 1));
    const n = bits.length;
    const z = (a: Uint32Array, b: Uint32Array) => centered(countBoth(a, b), count(a), count(b), n, p);
    const same = columns.flatMap((a, i) => columns.slice(i + 1).map((b) => z(a, b)));
    return [same, columns.flatMap((a) => later.map((b) => z(a, b)))];
  };
  randomness('pairs of elements across lanes', {
    draw: (scale) => dropped(scale * 2 ** 22, 0.5, generator.keyAt(5)),
    pValues: (bits) => pairsOf(bits).flatMap(ofNormals),
    damage: 'a lane that repeats another in one step of 16',
    damaged: () => {
      const bits = dropped(2 ** 22, 0.5, generator.keyAt(5));
      return bits.map((word, i) => (i % 16 === 0 ? (word & ~0xf00) | ((word >>> 12) & 0xf00) : word));
    },
  });

  /** Blocks that are drawn at once. */
  const CHUNK = 1024;
  /** Bit 4L of a word for each lane L: the elements that a lane takes from one 16-bit piece. */
  const PIECE = 0x11111111;
  const PIECES = [0, 1, 2, 3];

  /**
   * Covariances of the elements of a lane. Every one of the four pieces of an output is compared with every piece of the
   * output 1, 2 and 3 steps later, and with all pairs of pieces of the two outputs that follow. Each product is of
   * deviations from p, so that products of different elements are uncorrelated and their variance is exact.
   */
  function alongLanes(chunks: Iterable<Uint32Array>, p: number): { pairs: number[]; triples: number[]; hits: number } {
    const pairs = new Float64Array(3 * 16);
    const triples = new Float64Array(64);
    // Per combination of pieces: sums over the first, second and third element, and over pairs of them.
    const [one, two] = [new Float64Array(12), new Float64Array(48)];
    const counts = { pairs: [0, 0, 0], triples: 0 };
    const both = new Float64Array(48);
    const all = new Float64Array(64);
    const [head, tail] = [new Float64Array(12), new Float64Array(12)];
    for (const bits of chunks)
      for (let start = 0; start < bits.length; start += 128) {
        for (let t = 0; t < 128; t++) {
          const word = bits[start + t]!;
          for (const q of PIECES) {
            const own = ones((word >>> q) & PIECE);
            if (own === 0) continue;
            for (let lag = 1; lag <= 3; lag++) {
              if (t < 128 - lag) head[4 * (lag - 1) + q]! += own;
              if (t >= lag) tail[4 * (lag - 1) + q]! += own;
            }
            for (let k = 0; k < 3; k++) if (t >= k && t < 126 + k) one[4 * k + q]! += own;
          }
        }
        for (let lag = 1; lag <= 3; lag++) {
          counts.pairs[lag - 1]! += 8 * (128 - lag);
          for (let t = 0; t < 128 - lag; t++) {
            const [a, b] = [bits[start + t]!, bits[start + t + lag]!];
            if (a === 0 || b === 0) continue;
            for (const q of PIECES)
              for (const r of PIECES) {
                const joint = ones((a >>> q) & (b >>> r) & PIECE);
                both[16 * (lag - 1) + 4 * q + r]! += joint;
              }
          }
        }
        counts.triples += 8 * 126;
        for (let t = 0; t < 126; t++) {
          const [a, b, c] = [bits[start + t]!, bits[start + t + 1]!, bits[start + t + 2]!];
          for (const q of PIECES)
            for (const r of PIECES) {
              const ab = (a >>> q) & (b >>> r) & PIECE;
              two[4 * q + r]! += ones(ab);
              two[16 + 4 * q + r]! += ones((a >>> q) & (c >>> r) & PIECE);
              two[32 + 4 * q + r]! += ones((b >>> q) & (c >>> r) & PIECE);
              if (ab !== 0) for (const s of PIECES) all[16 * q + 4 * r + s]! += ones(ab & (c >>> s));
            }
        }
      }
    for (let lag = 0; lag < 3; lag++)
      for (const q of PIECES)
        for (const r of PIECES) {
          const i = 16 * lag + 4 * q + r;
          pairs[i] = centered(both[i]!, head[4 * lag + q]!, tail[4 * lag + r]!, counts.pairs[lag]!, p);
        }
    const n = counts.triples;
    for (const q of PIECES)
      for (const r of PIECES)
        for (const s of PIECES) {
          const i = 16 * q + 4 * r + s;
          const inPairs = two[4 * q + r]! + two[16 + 4 * q + s]! + two[32 + 4 * r + s]!;
          const single = one[q]! + one[4 + r]! + one[8 + s]!;
          const sum = all[i]! - p * inPairs + p * p * single - n * p ** 3;
          triples[i] = sum / Math.sqrt(n * (p * (1 - p)) ** 3);
        }
    return { pairs: [...pairs], triples: [...triples], hits: n * p ** 3 };
  }

  function* chunksOf(p: number, scale: number) {
    for (let chunk = 0; chunk < scale; chunk++)
      yield dropped(CHUNK * BLOCK, p, generator.keyAt(6), chunk * CHUNK * BLOCK);
  }

  for (let k = 1; k <= 8; k++) {
    const p = 2 ** -k;
    randomness(
      `pairs and triples along a lane at p = 2^-${k}`,
      {
        draw: (scale): Iterable<Uint32Array> => chunksOf(p, scale),
        pValues: (chunks) => {
          const { pairs, triples, hits } = alongLanes(chunks, p);
          // With few hits a single combination is far from normal, but the sum of all 64 is not.
          const sum = triples.reduce((total, z) => total + z, 0) / 8;
          return [...ofNormals(pairs), ofNormal(sum), ...(hits > 50 ? ofNormals(triples) : [])];
        },
        damage: 'an element that is dropped after two dropped ones',
        damaged: () =>
          [...chunksOf(p, 1)].map((bits) =>
            bits.map((word, i) => (i % 128 >= 2 ? word | (bits[i - 1]! & bits[i - 2]! & 0x77777777) : word)),
          ),
      },
      64,
    );
  }
});

describe('neighbors', () => {
  const N = 16384;
  const from = (keys: (i: number) => bigint) => (calls: number, n: number) =>
    Array.from({ length: calls }, (_, i) => dropped(n, 0.5, keys(i)));
  const { keyAt, fork } = { keyAt: (i: number) => generator.keyAt(i), fork: (label: string) => generator.fork(label) };
  /** What is drawn one after another, and the elements of each. */
  const KINDS: [name: string, n: number, draw: (calls: number, n: number) => Uint32Array[] | Promise<Uint32Array[]>][] =
    [
      ['keys of a seed', N, from((i) => keyAt(i))],
      ['keys 0, 1, 2, …', N, from((i) => BigInt(i))],
      ['keys one or two bits apart', N, from((i) => keyAt(0) ^ (1n << BigInt(i % 64)) ^ BigInt(i >> 6))],
      ['seeds 0, 1, 2, …', N, from((i) => new built.Generator(i).keyAt(0))],
      ['forks by label', N, from((i) => fork(`layer ${i}`).keyAt(0))],
      [
        'spawned children',
        N,
        (calls, n) => {
          const parent = new built.Generator(7);
          return Array.from({ length: calls }, () => dropped(n, 0.5, parent.spawn().keyAt(0)));
        },
      ],
      ['Monte-Carlo samples', N, samples],
      [
        'blocks of a key',
        BLOCK,
        (calls, n) => Array.from({ length: calls }, (_, i) => dropped(n, 0.5, keyAt(7), i * n)),
      ],
      ['calls of 64 elements', 64, from((i) => keyAt(i))],
    ];

  async function samples(calls: number, n: number): Promise<Uint32Array[]> {
    const layer = new built.Dropout(0.5, { seed: 42 });
    const x = new Float32Array(n).fill(1);
    const masks: Uint32Array[] = [];
    const predict = () => {
      layer.forward(x, x.slice());
      masks.push(new Uint32Array(layer.mask('bits').buffer).map((word) => ~word));
      return new Float32Array(1);
    };
    await monteCarlo(predict, { samples: calls, layers: [layer] });
    return masks;
  }

  for (const [name, n, draw] of KINDS) {
    const calls = 2 ** 20 / n;
    randomness(`cross-correlation of ${name}`, {
      draw: (scale) => draw(scale * calls, n),
      pValues: (masks) => {
        const bits = concat(masks);
        // Up to 31 elements apart, in calls whose numbers differ by up to 4 or by a power of two.
        const apart = [1, 2, 3, 4, 8, 16, 32].flatMap((calls) =>
          Array.from({ length: 63 }, (_, i) => calls * n + i - 31),
        );
        return [
          ...ofNormals(covariances(bits, apart, 0.5)),
          ofNormal(zOfCount(count(bits), (32 * bits.length) / BLOCK, 0.5)),
        ];
      },
      damage: 'an element in 100 that repeats the same of the call before',
      damaged: async () => {
        const masks = await draw(calls, n);
        const bits = concat(masks);
        return [blend(bits, delay(bits, n), 0.01)];
      },
    });
  }
});

describe('blocks', () => {
  /** The number of dropped elements of each block. */
  const countsOf = (bits: Uint32Array): number[] =>
    Array.from({ length: bits.length / 128 }, (_, block) => count(bits, block * BLOCK, (block + 1) * BLOCK));

  for (const [name, p] of Object.entries({ '0.5': 0.5, '0.1': 0.1, '1/3': 1 / 3, '2^-17': 2 ** -17 }))
    randomness(`counts of blocks at p = ${name}`, {
      draw: (scale) => dropped(scale * 2 ** 23, p, generator.keyAt(8)),
      pValues: (bits) => {
        const counts = new Array<number>(BLOCK + 1).fill(0);
        for (const k of countsOf(bits)) counts[k]!++;
        const blocks = bits.length / 128;
        const P = Math.floor(p * 2 ** 32 + 0.5);
        const [T, up] = [Math.floor(P / 65536), (P % 65536) / 65536];
        const chance = (k: number, T: number) => (T === 0 ? Number(k === 0) : binomial(k, BLOCK, T / 65536));
        const expected = counts.map((_, k) => blocks * ((1 - up) * chance(k, T) + up * chance(k, T + 1)));
        return [ofCounts(counts, expected)];
      },
      damage: 'a block in four whose second half repeats the first, and p that is never rounded down',
      damaged: () =>
        dropped(2 ** 23, Math.ceil(p * 65536) / 65536, generator.keyAt(8)).map((word, i, bits) =>
          i % 512 >= 64 && i % 512 < 128 ? bits[i - 64]! : word,
        ),
    });

  randomness('the rounding of p and the block that it rounds', {
    draw: (scale) => {
      const key = generator.keyAt(9);
      const counts = countsOf(dropped(scale * 2 ** 24, 0.5, key));
      return counts.map((dropped, block) => ({ dropped, rounding: roundingOf(key, block) }));
    },
    pValues: (blocks) => {
      const cells = new Array<number>(256).fill(0);
      let sum = 0;
      for (const { dropped, rounding } of blocks) {
        cells[rounding >> 8]!++;
        sum +=
          ((dropped - BLOCK / 2) / Math.sqrt(BLOCK / 4)) * ((rounding - 32767.5) / Math.sqrt((65536 ** 2 - 1) / 12));
      }
      return [
        ofNormal(sum / Math.sqrt(blocks.length)),
        ofCounts(
          cells,
          cells.map(() => blocks.length / 256),
        ),
      ];
    },
    damage: 'blocks that drop 16 elements more where p is rounded up more',
    damaged: () => {
      const key = generator.keyAt(9);
      return countsOf(dropped(2 ** 24, 0.5, key)).map((dropped, block) => {
        const rounding = roundingOf(key, block);
        return { dropped: rounding < 32768 ? dropped : dropped + 16, rounding };
      });
    },
  });
});

describe('normal noise', () => {
  const draw = (scale: number) => noise(scale * 2 ** 20, generator.keyAt(10));
  const drawFew = (scale: number) => noise(scale * 2 ** 18, generator.keyAt(10));

  randomness('moments of the normal noise', {
    draw,
    pValues: (z) => {
      const sums = [0, 0, 0, 0];
      for (const x of z) for (let k = 0; k < 4; k++) sums[k]! += x ** (k + 1);
      const n = z.length;
      // The moments of a normal variable, and the variances of its powers.
      return [
        [0, 1],
        [1, 2],
        [0, 15],
        [3, 96],
      ].map(([mean, variance], k) => ofNormal((sums[k]! - n * mean!) / Math.sqrt(n * variance!)));
    },
    damage: 'a mean of 0.01',
    damaged: () => draw(1).map((x) => x + 0.01),
  });

  randomness('Kolmogorov–Smirnov test of the normal noise', {
    draw,
    pValues: (z) => [ofSample(z.slice().sort(), normalCdf)],
    damage: 'a standard deviation of 1.01',
    damaged: () => draw(1).map((x) => 1.01 * x),
  });

  randomness('tails of the normal noise', {
    draw,
    pValues: (z) => {
      const borders = [2, 2.5, 3, 3.5, 4];
      return borders.flatMap((border) =>
        [1, -1].map((sign) => {
          const chance = normalCdf(-border);
          const beyond = z.reduce((sum, x) => sum + Number(sign * x > border), 0);
          return ofNormal((beyond - z.length * chance) / Math.sqrt(z.length * chance * (1 - chance)));
        }),
      );
    },
    damage: 'noise that is cut at 3',
    damaged: () => draw(1).map((x) => Math.max(-3, Math.min(3, x))),
  });

  /** The elements of a block of noise. */
  const NOISE_BLOCK = 2048;
  randomness('autocorrelation of the normal noise and of its squares', {
    draw: drawFew,
    pValues: (z) => {
      const lags = [0, 1, 2, 4].flatMap((blocks) =>
        Array.from({ length: 64 }, (_, i) => blocks * NOISE_BLOCK + i + (blocks === 0 ? 1 : 0)),
      );
      const squares = z.map((x) => (x * x - 1) / Math.SQRT2);
      return [z, squares].flatMap((values) =>
        ofNormals(
          lags.map((lag) => {
            let sum = 0;
            for (let i = lag; i < values.length; i++) sum += values[i]! * values[i - lag]!;
            return sum / Math.sqrt(values.length - lag);
          }),
        ),
      );
    },
    damage: 'noise with 3 % of the value 16 elements before',
    damaged: () => drawFew(1).map((x, i, z) => Math.sqrt(1 - 0.03 ** 2) * x + 0.03 * (z[i - 16] ?? 0)),
  });
});

closeFamily();
