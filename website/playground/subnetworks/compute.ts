/** What the section shows: class probabilities over the plane, and how good they are. */
import { calibration } from 'dropout-wasm/monte-carlo';
import type { Data } from '../network/data.js';
import { GRID } from '../network/plane.js';
import { grouped, three } from '../text.js';

export interface Opinion {
  /** The probabilities of both classes at each node of the grid. */
  readonly plane: Float64Array;
  /** On the test points: the mean cross-entropy, in nats, and the share of points that are right. */
  readonly loss: number;
  readonly accuracy: number;
}

/** @param rows class probabilities at the nodes of the grid, then at the test points */
export function opinionOf(rows: Float64Array, test: Data): Opinion {
  const data = rows.subarray(GRID.length);
  const { accuracy, negativeLogLikelihood } = calibration({ data, shape: [test.labels.length, 2] }, test.labels);
  return { plane: rows.subarray(0, GRID.length), loss: negativeLogLikelihood, accuracy };
}

export const largestDifference = (a: Opinion, b: Opinion): number =>
  a.plane.reduce((most, value, i) => Math.max(most, Math.abs(value - b.plane[i]!)), 0);

/** How the test loss of the mean of some sub-networks compares with that of evaluation mode. */
export function meanVerdict(mean: Opinion, evaluation: Opinion, count: number): string {
  const difference = three(Math.abs(mean.loss - evaluation.loss));
  const of = `Here the mean of ${grouped(count)} has`;
  if (Number(difference) === 0) return `${of} the test loss of evaluation mode.`;
  const than = mean.loss < evaluation.loss ? 'lower' : 'higher';
  return `${of} a test loss ${than} by ${difference} than evaluation mode.`;
}
