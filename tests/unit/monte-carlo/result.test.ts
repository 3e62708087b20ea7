/** Results of runs: known values, and agreement with plain f64 sums. */
import { calibration, fromBytes, merge, monteCarlo, type Sample } from 'dropout-wasm/monte-carlo';
import { describe, expect, it } from 'vitest';
import { Random } from '../../runtimes/random.js';

/** A predict that returns these samples, by number. */
const predictOf =
  (samples: readonly Sample[]) =>
  ({ index, generator }: { index: number; generator: { next(): bigint } }): Sample => {
    generator.next();
    return samples[index]!;
  };

const close = (got: ArrayLike<number>, expected: number[]) => {
  expect(got.length).toBe(expected.length);
  expected.forEach((value, i) => {
    expect(got[i]).toBeCloseTo(value, 12);
  });
};

describe('the statistics of values', () => {
  it('are the mean, the variance with count − 1, its root and the standard error', async () => {
    const samples = [Float32Array.of(1, 5), Float32Array.of(2, 5), Float32Array.of(6, 5)];
    const result = await monteCarlo(predictOf(samples), { samples: 3 });
    expect([...result.mean]).toEqual([3, 5]);
    close(result.variance, [7, 0]);
    close(result.std, [Math.sqrt(7), 0]);
    close(result.standardError, [Math.sqrt(7 / 3), 0]);
    expect(result).toMatchObject({ kind: 'values', shape: [2], count: 3, ranges: [[0, 3]] });
    expect(result.kept).toBeUndefined();
    expect('entropy' in result).toBe(false);
    expect(result.mean).toBeInstanceOf(Float64Array);
  });

  it('of one sample are the sample itself, and NaN for its spread', async () => {
    const result = await monteCarlo(predictOf([Float64Array.of(0.1, -3)]), { samples: 1 });
    expect([...result.mean]).toEqual([0.1, -3]);
    for (const name of ['variance', 'std', 'standardError'] as const)
      expect([...result[name]]).toEqual([Number.NaN, Number.NaN]);
  });

  it('keep the shape, also that of a scalar', async () => {
    const tensor = await monteCarlo(
      predictOf([1, 2].map((x) => ({ data: new Float32Array(6).fill(x), shape: [2, 3] }))),
      {
        samples: 2,
      },
    );
    expect([tensor.shape, [...tensor.mean]]).toEqual([[2, 3], Array(6).fill(1.5)]);
    const scalar = await monteCarlo(predictOf([{ data: Float64Array.of(4), shape: [] }]), { samples: 1 });
    expect([scalar.shape, [...scalar.mean]]).toEqual([[], [4]]);
  });

  it('keep the shape that a sample had, when predict changes it later', async () => {
    const sample = { data: Float64Array.of(1, 2), shape: [2, 1] };
    const result = await monteCarlo(predictOf([sample]), { samples: 1 });
    sample.shape.reverse();
    expect([result.shape, fromBytes(result.toBytes()).shape]).toEqual([
      [2, 1],
      [2, 1],
    ]);
  });

  it('of equal samples are their value and variance 0, for any number of samples', async () => {
    for (const n of [2, 3, 7, 21]) {
      const { mean, variance } = await monteCarlo(predictOf(Array(n).fill(Float64Array.of(0.1))), { samples: n });
      expect([mean[0], variance[0]]).toEqual([0.1, 0]);
    }
  });

  it('do not cancel far from 0', async () => {
    const samples = Array.from({ length: 100 }, (_, i) => Float64Array.of(1e9 + (i % 2)));
    const { mean, variance } = await monteCarlo(predictOf(samples), { samples: 100 });
    expect([mean[0], variance[0]]).toEqual([1e9 + 0.5, 25 / 99]);
  });

  it('have a copy of each sample in f64 with keep: true', async () => {
    const buffer = Float32Array.of(0);
    const predict = ({ index, generator }: Parameters<ReturnType<typeof predictOf>>[0]) => {
      generator.next();
      buffer[0] = index + 0.1;
      return buffer;
    };
    const { kept } = await monteCarlo(predict, { samples: 3, keep: true });
    expect(kept).toEqual([0.1, 1.1, 2.1].map((x) => Float64Array.of(Math.fround(x))));
  });
});

describe('the statistics of classes', () => {
  const p = [
    [0.5, 0.5, 1, 0],
    [0.5, 0.5, 0, 1],
    [0.25, 0.75, 1, 0],
    [0.75, 0.25, 1, 0],
  ].map((data) => ({ data: Float64Array.from(data), shape: [2, 2] }));

  it('equal values computed by hand', async () => {
    const result = await monteCarlo(predictOf(p), { samples: 4, kind: 'probabilities' });
    expect([...result.mean]).toEqual([0.5, 0.5, 0.75, 0.25]);
    const quarter = 0.75 * Math.log(4 / 3) + 0.25 * Math.log(4);
    close(result.entropy, [Math.LN2, quarter]);
    close(result.expectedEntropy, [(2 * Math.LN2 + 2 * quarter) / 4, 0]);
    close(result.mutualInformation, [(Math.LN2 - quarter) / 2, quarter]);
    // A tie counts for the first class.
    expect([...result.variationRatio]).toEqual([0.25, 0.25]);
    const { variationRatio } = await monteCarlo(predictOf(p.slice(1)), { samples: 3, kind: 'probabilities' });
    expect([...variationRatio]).toEqual([1 / 3, 1 / 3]);
  });

  it('have one row for a plain array', async () => {
    const { entropy } = await monteCarlo(predictOf([Float32Array.of(0.25, 0.25, 0.5)]), {
      samples: 1,
      kind: 'probabilities',
    });
    close(entropy, [1.5 * Math.LN2]);
  });

  it('have no mutual information below 0', async () => {
    for (const row of [
      [1 / 3, 1 / 3, 1 / 3],
      [0.7, 0.2, 0.1],
      [1, 0, 0],
      [1.0009, 0, 0],
    ]) {
      // For 13 and 15 samples, the mean of the entropies is rounded to more than the entropy.
      for (const n of [7, 13, 15]) {
        const samples = Array(n).fill(Float64Array.from(row));
        const result = await monteCarlo(predictOf(samples), { samples: n, kind: 'probabilities' });
        expect(result.mutualInformation[0]).toBeGreaterThanOrEqual(0);
        expect(result.mutualInformation[0]).toBeLessThan(1e-15);
        expect(result.entropy[0]).toBeGreaterThanOrEqual(0);
      }
    }
  });

  it('of logits are those of their softmax', async () => {
    const logits = [
      [0, Math.log(3), 1000, 0, 0, 0],
      [-800, 0, -1000, -1000, 88, 88 + Math.log(3)],
    ].map((data) => ({ data: Float64Array.from(data), shape: [3, 2] }));
    const result = await monteCarlo(predictOf(logits), { samples: 2, kind: 'logits', keep: true });
    close(result.kept![0]!, [0.25, 0.75, 1, 0, 0.5, 0.5]);
    close(result.kept![1]!, [0, 1, 0.5, 0.5, 0.25, 0.75]);
    close(result.mean, [0.125, 0.875, 0.75, 0.25, 0.375, 0.625]);
    expect(result.kind).toBe('logits');
    const same = await monteCarlo(predictOf(result.kept!.map((data) => ({ data, shape: [3, 2] }))), {
      samples: 2,
      kind: 'probabilities',
    });
    for (const name of [
      'mean',
      'variance',
      'entropy',
      'expectedEntropy',
      'mutualInformation',
      'variationRatio',
    ] as const)
      expect(result[name]).toEqual(same[name]);
  });

  it('accept a softmax in f32 of 50,000 classes', async () => {
    const random = new Random(1);
    const powers = Float32Array.from({ length: 50_000 }, () => Math.exp(-8 * random.unit()));
    const sum = powers.reduce((a, b) => Math.fround(a + b));
    await monteCarlo(predictOf([powers.map((x) => x / sum)]), { samples: 1, kind: 'probabilities' });
  });
});

it('agrees with plain sums in f64, at any number of samples', async () => {
  const random = new Random(7);
  const [rows, classes] = [5, 4];
  const samples = Array.from({ length: 77 }, () => {
    const data = Float64Array.from({ length: rows * classes }, () => random.unit());
    for (let row = 0; row < rows; row++) {
      const part = data.subarray(row * classes, (row + 1) * classes);
      const sum = part.reduce((a, b) => a + b);
      part.forEach((x, i) => {
        part[i] = x / sum;
      });
    }
    return { data, shape: [rows, classes] };
  });
  for (const n of [1, 2, 3, 16, 31, 64, 77]) {
    const used = samples.slice(0, n).map(({ data }) => data);
    const result = await monteCarlo(predictOf(samples), { samples: n, kind: 'probabilities' });
    const mean = Array.from(used[0]!, (_, i) => used.reduce((sum, x) => sum + x[i]!, 0) / n);
    const entropyOf = (p: ArrayLike<number>, row: number) =>
      Array.from({ length: classes }, (_, c) => p[row * classes + c]!).reduce((h, q) => h - q * Math.log(q), 0);
    close(result.mean, mean);
    const variance = mean.map((m, i) => used.reduce((sum, x) => sum + (x[i]! - m) ** 2, 0) / (n - 1));
    if (n > 1) close(result.variance, variance);
    const entropy = Array.from({ length: rows }, (_, row) => entropyOf(mean, row));
    const expected = entropy.map((_, row) => used.reduce((sum, x) => sum + entropyOf(x, row), 0) / n);
    close(result.entropy, entropy);
    close(result.expectedEntropy, expected);
    close(
      result.mutualInformation,
      entropy.map((h, row) => h - expected[row]!),
    );
    const best = (x: Float64Array, row: number) => {
      const part = [...x.subarray(row * classes, (row + 1) * classes)];
      return part.indexOf(Math.max(...part));
    };
    const ratios = entropy.map((_, row) => {
      const votes = Array<number>(classes).fill(0);
      for (const x of used) votes[best(x, row)]!++;
      return 1 - Math.max(...votes) / n;
    });
    close(result.variationRatio, ratios);
  }
});

it('a mean can be passed to calibration', async () => {
  const { mean, shape } = await monteCarlo(predictOf([Float32Array.of(0.75, 0.25)]), {
    samples: 1,
    kind: 'probabilities',
  });
  expect(calibration({ data: mean, shape }, [0]).brierScore).toBe(0.125);
});

it('a change of the arrays of a result changes no other result, and no run that goes on', async () => {
  const samples = [1, 2, 3, 4, 5, 6].map((x) => ({ data: Float64Array.of(x / 7, 1 - x / 7), shape: [1, 2] }));
  const options = { samples: 6, kind: 'probabilities' } as const;
  const spoil = <R extends Awaited<ReturnType<typeof monteCarlo<'probabilities'>>>>(result: R): R => {
    for (const value of Object.values(result)) if (value instanceof Float64Array) value.fill(7);
    (result.shape as number[]).push(9);
    (result.ranges as unknown as number[][])[0]![0] = 99;
    return result;
  };
  const whole = await monteCarlo(predictOf(samples), options);
  const bytes = whole.toBytes();
  for await (const partial of monteCarlo.stream(predictOf(samples), options))
    if (partial.count === 6) expect(partial).toEqual(whole);
    else spoil(partial);
  const parts = [await monteCarlo(predictOf(samples), { ...options, samples: 3 })];
  parts.push(await monteCarlo(predictOf(samples), { ...options, samples: 3, from: 3 }));
  spoil(merge(...parts));
  spoil(fromBytes(bytes) as (typeof parts)[0])
    .toBytes()
    .fill(0);
  expect(merge(...parts.map(spoil)).toBytes()).toEqual(bytes);
  expect(spoil(whole).toBytes()).toEqual(bytes);
});

it('a result can be sent by postMessage, and the copy merged', async () => {
  const parts = await Promise.all(
    [0, 2].map((from) => monteCarlo(predictOf([1, 2, 3, 4].map((x) => Float32Array.of(x))), { samples: 2, from })),
  );
  expect([...merge(...structuredClone(parts)).mean]).toEqual([2.5]);
});
