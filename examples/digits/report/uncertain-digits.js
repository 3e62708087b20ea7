/** The digits that a model is least sure of. */
import { CLASSES, PIXELS } from '../data.js';
import { decide } from '../scores.js';
import { figure } from './html.js';
import { digitPng } from './pictures.js';

const COUNT = 10;

/** @typedef {import('dropout-wasm/monte-carlo').ClassResult} Result */

/**
 * @param {import('../data.js').Digits} digits
 * @param {Result} result of these digits
 * @param {string} model text after "the model" that says which one
 * @returns {string} HTML
 */
export function uncertainDigits(digits, result, model) {
  const predicted = decide(result.mean, digits.labels).map((decision) => decision.predicted);
  const entries = mostUncertain(result.entropy).map((index) => {
    return entry(digits, index, predicted[index] ?? Number.NaN, result);
  });
  return `<h3>The ${COUNT} most uncertain digits</h3>
<p>For these test images, the Monte-Carlo mean of the model${model} has the highest entropy; the largest possible one is
ln ${CLASSES} = ${Math.log(CLASSES).toFixed(2)} nats. The mutual information is the part of the entropy that the samples
disagree about. The probability is that of the predicted digit, with its standard deviation over the samples.</p>
${figure(
  `<ol class="digits">
${entries.join('\n')}
</ol>`,
  `<b>Uncertain digits.</b> Try <code>npm start -- --seeds 4</code>: which of them are uncertain
to another model, too?`,
)}
`;
}

/**
 * @param {Float64Array} entropy of each digit
 * @returns {number[]} the numbers of the digits, the most uncertain first
 */
function mostUncertain(entropy) {
  return Array.from(entropy, (nats, index) => ({ nats, index }))
    .sort((a, b) => b.nats - a.nats)
    .slice(0, COUNT)
    .map(({ index }) => index);
}

/**
 * @param {import('../data.js').Digits} digits
 * @param {number} index of the digit
 * @param {number} predicted
 * @param {Result} result
 */
function entry({ images, labels }, index, predicted, { mean, std, entropy, mutualInformation }) {
  const src = digitPng(images.subarray(index * PIXELS, (index + 1) * PIXELS));
  const at = index * CLASSES + predicted;
  return `<li><img src="${src}" alt="handwritten ${labels[index]}, test image ${index}">
<b>${labels[index]}, predicted ${predicted}</b>
<span>probability ${format(mean[at])} ± ${format(std[at])}</span>
<span>entropy ${format(entropy[index])}</span>
<span>mutual information ${format(mutualInformation[index])}</span></li>`;
}

/** @param {number | undefined} value */
function format(value = Number.NaN) {
  return value.toFixed(2);
}
