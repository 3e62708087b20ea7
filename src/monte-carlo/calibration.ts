/**
 * How well probabilities agree with what happens.
 * @module
 */
import type { Input } from 'dropout-wasm';
import { log } from './numerics.js';
import { readRow } from './rows.js';
import { checkOptions, checkPositive, checkWhole, read, wrong } from './shared.js';
import { sumsFor } from './sums.js';

/** Options of `calibration`. */
export interface CalibrationOptions {
  /** The number of bins, of equal width, over the confidences from 0 to 1. From 1 to 1,000, default 15. */
  bins?: number;
}

/** The rows whose confidence is above `from` and at most `to`. */
export interface CalibrationBin {
  /** The lower limit of the confidence. */
  from: number;
  /** The upper limit of the confidence. */
  to: number;
  /** The number of rows. */
  count: number;
  /** The mean confidence: the probability of the most probable class. NaN for no rows. */
  confidence: number;
  /** The share of rows whose most probable class is the label. NaN for no rows. */
  accuracy: number;
}

/** What `calibration` returns. */
export interface Calibration {
  /** The share of rows whose most probable class is the label. */
  accuracy: number;
  /** The mean of |accuracy − confidence| over the bins, weighted by their rows. From 0, perfect, to 1. */
  expectedCalibrationError: number;
  /** The largest |accuracy − confidence| of a bin with rows. */
  maximumCalibrationError: number;
  /** The mean over rows of Σ (p − y)² over the classes, where y is 1 for the label and 0 elsewhere. From 0 to 2. */
  brierScore: number;
  /** The mean of −ln p of the label, in nats. Infinity if the probability of a label is 0. */
  negativeLogLikelihood: number;
  /** The bins in ascending order: `accuracy` over `confidence` is the reliability plot. */
  bins: CalibrationBin[];
}

/**
 * Computes calibration errors (Guo et al. 2017) and proper scores of class probabilities.
 *
 * @param probabilities rows of class probabilities, the classes on the last axis; an array without a shape is one row
 * @param labels the right class of each row: whole numbers from 0, in any array
 * @throws TypeError unless probabilities are an array or `{ data, shape }` and labels have a length; RangeError for a
 *   probability below 0, a row whose sum is not from 0.999 to 1.001, a label that is no class, another number of labels
 *   than of rows, and other `bins`
 * @example
 * import { calibration } from 'dropout-wasm/monte-carlo';
 *
 * const probabilities = { data: Float32Array.of(0.9, 0.1, 0.2, 0.8, 0.7, 0.3), shape: [3, 2] };
 * const { expectedCalibrationError } = calibration(probabilities, [0, 1, 1]);
 * console.log(expectedCalibrationError.toFixed(3)); // 0.333
 */
export function calibration(
  probabilities: Input,
  labels: ArrayLike<number>,
  options: CalibrationOptions = {},
): Calibration {
  const { bins: binCount = 15 } = checkOptions(options, ['bins']);
  checkPositive(binCount, 'bins', 1000);
  const { data, shape } = read(probabilities, 'probabilities');
  const { rows, classes } = sumsFor('probabilities', shape, 'probabilities');
  // The last element takes the entropies that readRow writes, which are not used.
  const p = new Float64Array(data.length + 1);
  const { length } = Object(labels);
  if (length !== rows) throw wrong('number', 'labels.length', `${rows}`, length);

  const bins: CalibrationBin[] = [];
  for (let i = 0; i < binCount; )
    bins.push({ from: i / binCount, to: ++i / binCount, count: 0, confidence: 0, accuracy: 0 });
  let [accuracy, squares, logs, expected, maximum] = [0, 0, 0, 0, 0];
  for (let row = 0; row < rows; row++) {
    const at = row * classes;
    const right = at + checkWhole(labels[row]!, `labels[${row}]`, classes - 1);
    const predicted = readRow(data, at, classes, p, data.length, 'probabilities');
    const confidence = p[predicted]!;
    // A confidence may exceed 1, since the sum of a row may.
    const bin = bins.find(({ to }) => confidence <= to) ?? bins[binCount - 1]!;
    bin.count++;
    bin.confidence += confidence;
    bin.accuracy += Number(predicted === right);
    logs -= log(p[right]!);
    for (let i = at; i < at + classes; i++) squares += (p[i]! - Number(i === right)) ** 2;
  }
  for (const bin of bins) {
    accuracy += bin.accuracy;
    bin.confidence /= bin.count;
    bin.accuracy /= bin.count;
    // A bin without rows has NaN.
    const gap = Math.abs(bin.accuracy - bin.confidence) || 0;
    expected += gap * bin.count;
    maximum = Math.max(maximum, gap);
  }
  return {
    accuracy: accuracy / rows,
    expectedCalibrationError: expected / rows,
    maximumCalibrationError: maximum,
    brierScore: squares / rows,
    negativeLogLikelihood: logs / rows,
    bins,
  };
}
