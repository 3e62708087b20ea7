/** The section of the report on uncertainty. */
import { score } from '../scores.js';
import { chartFigure, legend } from './html.js';
import { RELIABILITY_CURVES, reliabilityPlot } from './reliability-plot.js';
import { meanAndStd } from './stats.js';
import { toHtml, uncertaintyTable } from './tables.js';
import { uncertainDigits } from './uncertain-digits.js';

/** @typedef {import('../predict.js').Predictions} Predictions */

/**
 * @param {object} measured
 * @param {import('../data.js').Digits} measured.digits
 * @param {Predictions[]} measured.predictions of these digits, by the model of each seed
 * @param {number[]} measured.seeds
 * @returns {string} HTML
 */
export function uncertaintySection({ digits, predictions, seeds }) {
  const [first] = /** @type {[Predictions]} */ (predictions);
  const { labels } = digits;
  const model = seeds.length > 1 ? ` of seed ${seeds[0]}` : '';
  return `<h2>Uncertainty</h2>
<p>The models with dropout classify the test images in two ways: with dropout off, and by Monte-Carlo dropout, as the
mean of ${first.monteCarlo.count} samples with dropout on. Confidence is the probability of the predicted digit. The
surest images are those of the highest confidence. The calibration error is the expected one, the mean distance between
confidence and accuracy over 15 bins. The log-likelihood is in nats.</p>
<div class="wide">${toHtml(uncertaintyTable(predictions, labels))}</div>
<p>${conclusion(predictions, labels)}</p>

<h3>Reliability</h3>
<p>Calibrated predictions lie on the diagonal. Above it, the model${model} is right more often than its confidence says.
The area of a dot grows with the number of images.</p>
${legend(RELIABILITY_CURVES)}
<div class="curves reliability">
${chartFigure(
  reliabilityPlot(first, labels),
  describe(first, labels),
  `<b>Accuracy over confidence.</b> Try <code>npm start -- --epochs 2</code>: the network is
underconfident with dropout off, too.`,
)}
</div>

${uncertainDigits(digits, first.monteCarlo, model)}`;
}

/** @param {Predictions[]} predictions @param {Uint8Array} labels */
function conclusion(predictions, labels) {
  const changes = predictions.map(({ off, monteCarlo }) => {
    return score(monteCarlo.mean, labels).calibrationError - score(off, labels).calibrationError;
  });
  const [verb, amount] = meanAndStd(changes).mean > 0 ? ['raises', 'less'] : ['lowers', 'more'];
  return `Monte-Carlo ${verb} the calibration error here: trust its probabilities ${amount} than those with dropout
off.`;
}

/** @param {Predictions} predictions @param {Uint8Array} labels */
function describe({ off, monteCarlo }, labels) {
  /** @param {Float32Array | Float64Array} probabilities */
  const summary = (probabilities) => {
    const { confidence, accuracies } = score(probabilities, labels);
    const [meanConfidence, accuracy] = [confidence, accuracies.at(-1) ?? 0].map((share) => (100 * share).toFixed(2));
    return `mean confidence ${meanConfidence} %, accuracy ${accuracy} %`;
  };
  return `Dropout off: ${summary(off)}. Monte-Carlo: ${summary(monteCarlo.mean)}.`;
}
