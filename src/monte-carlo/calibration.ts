/**
 * How well probabilities agree with what happens.
 * @module
 */
import type { Tensor } from 'dropout-wasm';
import { checkProbabilities, classesOf, largest } from './classes.js';
import { log } from './numerics.js';
import { checkLength, checkOptions, checkPositive, checkWhole, open, settle, wrongType } from './shared.js';

/** Options of `calibration`. */
export interface CalibrationOptions {
  /** The number of bins, of equal width, over the confidences from 0 to 1. From 1 to 65,536, default 15. */
  bins?: number;
}

/** The rows whose confidence is above `from` and at most `to`. */
export interface CalibrationBin {
  from: number;
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
  /** The mean over rows of the sum over classes of (p − y)², where y is 1 for the label and 0 elsewhere. From 0 to 2. */
  brierScore: number;
  /** The mean of −ln p of the label, in nats. Infinity if the probability of a label is 0. */
  negativeLogLikelihood: number;
  /** The bins in ascending order: `accuracy` over `confidence` is the reliability plot. */
  bins: CalibrationBin[];
}

/**
 * Computes calibration errors (Guo et al. 2017) and proper scores of class probabilities.
 *
 * @param probabilities rows of class probabilities, the classes on the last axis; a plain array is one row
 * @param labels the right class of each row, from 0
 * @throws TypeError, RangeError for probabilities below 0 or whose sum is not from 0.999 to 1.001, for other labels and
 *   for another number of labels than of rows
 * @example
 * const { mean, shape } = await monteCarlo(predict, { samples: 50, kind: 'probabilities', layers });
 * const { expectedCalibrationError, bins } = calibration({ data: mean, shape }, labels);
 */
export function calibration(
  probabilities: Float32Array | Float64Array | Tensor,
  labels: ArrayLike<number>,
  options: CalibrationOptions = {},
): Calibration {
  const { bins: binCount = 15 } = checkOptions(options, ['bins']);
  const { data, shape = [data.length] } = open(probabilities, 'probabilities');
  checkPositive(binCount, 'bins', 65536);
  const classes = classesOf(shape, 'probabilities');
  settle(data);
  const p = Float64Array.from(data);
  checkProbabilities(p, p.length, classes, 'probabilities');
  const rows = p.length / classes;
  if (!Array.isArray(labels) && !ArrayBuffer.isView(labels)) throw wrongType('labels', 'an array of classes', labels);
  checkLength(labels, rows, 'labels');
  for (let row = 0; row < rows; row++) checkWhole(labels[row]!, `labels[${row}]`, classes - 1);

  const bins = Array.from({ length: binCount }, (_, i) => ({
    from: i / binCount,
    to: (i + 1) / binCount,
    count: 0,
    confidence: 0,
    accuracy: 0,
  }));
  const total = { right: 0, squares: 0, logs: 0 };
  for (let row = 0; row < rows; row++) {
    const label = labels[row]!;
    const at = row * classes;
    const predicted = largest(p, at, at + classes);
    const confidence = p[predicted]!;
    const isRight = predicted === at + label;
    for (let i = at; i < at + classes; i++) {
      const error = p[i]! - (i === at + label ? 1 : 0);
      total.squares += error * error;
    }
    total.logs -= log(p[at + label]!);
    if (isRight) total.right++;
    // A sum of 1.001 may have a confidence past 1. The product may be rounded across a limit.
    let i = Math.min(binCount - 1, Math.floor(confidence * binCount));
    if (confidence <= bins[i]!.from && i > 0) i--;
    else if (confidence > bins[i]!.to && i < binCount - 1) i++;
    const bin = bins[i]!;
    bin.count++;
    bin.confidence += confidence;
    if (isRight) bin.accuracy++;
  }
  let expected = 0;
  let maximum = 0;
  for (const bin of bins) {
    bin.confidence /= bin.count;
    bin.accuracy /= bin.count;
    if (bin.count === 0) continue;
    const gap = Math.abs(bin.accuracy - bin.confidence);
    expected += (gap * bin.count) / rows;
    if (gap > maximum) maximum = gap;
  }
  return {
    accuracy: total.right / rows,
    expectedCalibrationError: expected,
    maximumCalibrationError: maximum,
    brierScore: total.squares / rows,
    negativeLogLikelihood: total.logs / rows,
    bins,
  };
}
