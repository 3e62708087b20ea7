/** What the section shows of the samples. */
import type { ClassResult } from 'dropout-wasm/monte-carlo';
import type { Ensemble, Pace } from '../network/ensemble.js';

/** The measures of uncertainty: their names, and the largest value that two classes allow. */
export const MEASURES = {
  std: { title: 'Standard deviation', most: 0.5 },
  entropy: { title: 'Entropy', most: Math.LN2 },
  mutualInformation: { title: 'Mutual information', most: Math.LN2 },
};
export type Measure = keyof typeof MEASURES;

/** The measure for each row. The standard deviation is that of the probability of class 1. */
export const measured = (result: ClassResult, measure: Measure): Float64Array =>
  measure === 'std' ? result.std.filter((_, i) => i % 2 === 1) : result[measure];

/** The numbers of one point after some samples. */
export interface PointStatistics extends Record<Measure, number> {
  readonly count: number;
  /** The mean probability of class 1, and its standard error. */
  readonly mean: number;
  readonly error: number;
}

/** Yields the numbers of a point after about 50 different numbers of samples, the last with all. */
export async function* pointStatistics(
  ensemble: Ensemble,
  point: readonly [x: number, y: number],
  samples: number,
  pace: Pace = {},
): AsyncGenerator<PointStatistics, void> {
  const options = { samples, every: Math.max(2, Math.round(samples / 50)), ...pace };
  for await (const result of ensemble.stream(Float32Array.from(point), options)) {
    yield {
      count: result.count,
      mean: result.mean[1]!,
      error: result.standardError[1]!,
      std: result.std[1]!,
      entropy: result.entropy[0]!,
      mutualInformation: result.mutualInformation[0]!,
    };
  }
}
