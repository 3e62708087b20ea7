/** Accuracy and calibration of predictions. */
import { calibration } from 'dropout-wasm/monte-carlo';
import { CLASSES } from './data.js';

/** Shares of the digits, from the surest on, of which the accuracy is measured. */
export const SHARES = [0.5, 0.8, 1];

/** @typedef {{ predicted: number, confidence: number, isRight: boolean }} Decision confidence: that of `predicted` */

/**
 * @typedef {object} Scores
 * @property {number[]} accuracies one for each of SHARES
 * @property {number} confidence the mean
 * @property {number} calibrationError expected calibration error
 * @property {number} negativeLogLikelihood in nats
 */

/**
 * @param {Float32Array | Float64Array} probabilities a row for each digit
 * @param {Uint8Array} labels
 * @returns {Scores}
 */
export function score(probabilities, labels) {
  const decisions = decide(probabilities, labels);
  const { expectedCalibrationError, negativeLogLikelihood } = calibrate(probabilities, labels);
  return {
    accuracies: SHARES.map((share) => accuracyOfSurest(decisions, share)),
    confidence: decisions.reduce((sum, { confidence }) => sum + confidence, 0) / decisions.length,
    calibrationError: expectedCalibrationError,
    negativeLogLikelihood,
  };
}

/** @param {Float32Array | Float64Array} probabilities a row for each digit @param {Uint8Array} labels */
export function calibrate(probabilities, labels) {
  return calibration({ data: probabilities, shape: [labels.length, CLASSES] }, labels);
}

/**
 * Predicts the most probable class of each digit.
 *
 * @param {Float32Array | Float64Array} probabilities a row for each digit
 * @param {Uint8Array} labels
 * @returns {Decision[]}
 */
export function decide(probabilities, labels) {
  return Array.from(labels, (label, i) => {
    const row = Array.from({ length: CLASSES }, (_, digit) => probabilities[i * CLASSES + digit] ?? Number.NaN);
    const confidence = Math.max(...row);
    const predicted = row.indexOf(confidence);
    return { predicted, confidence, isRight: predicted === label };
  });
}

/**
 * The accuracy of the share of decisions with the highest confidence. If the probabilities are true, no other order
 * leaves fewer errors (Chow 1970). Decisions with the lowest confidence of the share count in equal parts, so that the
 * order of the digits does not matter.
 *
 * @param {Pick<Decision, 'confidence' | 'isRight'>[]} decisions
 * @param {number} share above 0, at most 1; the number of decisions is rounded, to at least 1
 */
export function accuracyOfSurest(decisions, share) {
  const count = Math.max(1, Math.round(share * decisions.length));
  const limit = decisions.map(({ confidence }) => confidence).sort((a, b) => b - a)[count - 1] ?? Number.NaN;
  const surer = decisions.filter(({ confidence }) => confidence > limit);
  const tied = decisions.filter(({ confidence }) => confidence === limit);
  return (countRight(surer) + countRight(tied) * ((count - surer.length) / tied.length)) / count;
}

/** @param {Pick<Decision, 'isRight'>[]} decisions */
function countRight(decisions) {
  return decisions.filter(({ isRight }) => isRight).length;
}
