/**
 * `npm start`: trains a digit classifier without and with dropout, measures the uncertainty of the models with dropout,
 * runs the seed experiment, prints a table of each and writes report/digits.html, and the weights of a model.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { getBackend, setBackend } from '@tensorflow/tfjs-core';
import { printErrors, wholeNumber } from '../program.js';
import { loadDigits } from './data.js';
import { weightsFile } from './model.js';
import { predictBothWays } from './predict.js';
import { withProgress } from './progress.js';
import { renderReport } from './report/page.js';
import { runPyTorch } from './report/pytorch.js';
import { P, runSeedExperiment, SHAPE } from './report/seed-experiment.js';
import { resultsTable, seedTable, toText, uncertaintyTable } from './report/tables.js';
import { train } from './train.js';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

const HELP = `Usage: node examples/digits/main.js [options]

Trains a digit classifier without and with dropout and writes an HTML report.

  --seeds LIST   for each seed, one run without and one with dropout
                 (default: 1,2,3)
  --epochs N     passes over the training images in each run (default: 16)
  --samples N    Monte-Carlo samples of each test image (default: 100)
  --out FILE     report file (default: report/digits.html in the project)
  --weights FILE the weights of the first model with dropout
                 (default: report/weights.bin in the project)
  --help         print this help`;

/**
 * @typedef {object} Options
 * @property {number[]} seeds
 * @property {number} epochs
 * @property {number} samples
 * @property {string} out absolute path
 * @property {string} weights absolute path
 * @property {boolean} help
 */

/**
 * @returns {Options}
 * @throws {TypeError | RangeError} if an argument is wrong; the message names it
 */
function readOptions() {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1,2,3' },
      epochs: { type: 'string', default: '16' },
      samples: { type: 'string', default: '100' },
      out: { type: 'string', default: resolve(PROJECT, 'report/digits.html') },
      weights: { type: 'string', default: resolve(PROJECT, 'report/weights.bin') },
      help: { type: 'boolean', default: false },
    },
  });
  const seeds = values.seeds.split(',').map((text) => wholeNumber('--seeds', text, 0));
  if (new Set(seeds).size < seeds.length) throw new RangeError(`--seeds has to be different numbers, but got ${seeds}`);
  return {
    seeds,
    epochs: wholeNumber('--epochs', values.epochs, 1),
    // At least two, for the standard deviation.
    samples: wholeNumber('--samples', values.samples, 2),
    out: resolve(values.out),
    weights: resolve(values.weights),
    help: values.help,
  };
}

/**
 * TensorFlow.js would otherwise silently fall back to a slower backend.
 *
 * @throws {Error} if TensorFlow.js cannot start its wasm backend
 */
async function useWasmBackend() {
  const folder = fileURLToPath(new URL('.', import.meta.resolve('@tensorflow/tfjs-backend-wasm')));
  setWasmPaths(folder);
  const started = await setBackend('wasm');
  if (!started || getBackend() !== 'wasm') {
    throw new Error(`TensorFlow.js did not start its wasm backend from ${folder}`);
  }
}

/**
 * @param {ReturnType<typeof loadDigits>} digits
 * @param {Options} options
 */
function trainAll(digits, { seeds, epochs }) {
  return withProgress(2 * seeds.length * epochs, 'epochs', async (onEpoch) => {
    /** @type {import('./train.js').Histories} */
    const histories = { without: [], with: [] };
    /** The models with dropout, one for each seed. */
    const models = [];
    for (const seed of seeds) {
      const without = await train(digits, { seed, epochs, dropout: false, onEpoch });
      without.model.dispose();
      histories.without.push(without.history);
      const { model, history } = await train(digits, { seed, epochs, dropout: true, onEpoch });
      models.push(model);
      histories.with.push(history);
    }
    return { histories, models };
  });
}

/**
 * @param {import('./train.js').Sequential[]} models are disposed of
 * @param {import('./data.js').Digits} digits
 * @param {Options} options
 */
function predictAll(models, digits, { samples }) {
  return withProgress(models.length * samples, 'samples', async (onSample) => {
    const predictions = [];
    for (const model of models) {
      predictions.push(await predictBothWays(model, digits, { samples, onSample }));
      model.dispose();
    }
    return predictions;
  });
}

/** @param {string} path */
function displayPath(path) {
  const inside = relative(PROJECT, path);
  return inside.startsWith('..') || isAbsolute(inside) ? path : inside;
}

/** @param {string} path @param {string | Uint8Array} content */
function writeFile(path, content) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

/** @param {Options} options */
async function main(options) {
  await useWasmBackend();
  // Another process, which imports torch during training.
  const pytorch = runPyTorch();
  const digits = loadDigits();
  const { seeds, epochs, samples, weights, out } = options;
  const testCount = digits.test.labels.length;
  console.log(`Training on ${digits.train.labels.length} MNIST digits, testing on ${testCount} others`);
  const { histories, models } = await trainAll(digits, options);
  const scores = seeds.length === 1 ? `seed ${seeds[0]}` : `mean ± standard deviation over seeds ${seeds.join(', ')}`;
  console.log(`\nAfter ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}, ${scores}`);
  console.log(toText(resultsTable(histories)));

  writeFile(weights, weightsFile(/** @type {import('./train.js').Sequential} */ (models[0])));

  console.log(`\nUncertainty with dropout: ${samples} Monte-Carlo samples of each test image`);
  const predictions = await predictAll(models, digits.test, options);
  console.log(toText(uncertaintyTable(predictions, digits.test.labels)));

  const { measurements, note, failures } = await pytorch;
  const seedMeasurements = [...runSeedExperiment(), ...measurements];
  console.log(`\nSeed experiment: ones(${SHAPE.join(', ')}), p = ${P}`);
  console.log(toText(seedTable(seedMeasurements)));
  for (const line of [...failures, note]) console.log(line);

  const seedExperiment = { measurements: seedMeasurements, note };
  writeFile(out, renderReport({ seedExperiment, digits, histories, predictions, seeds, epochs }));
  console.log(`\nReport: ${displayPath(out)}`);
  console.log(`Weights: ${displayPath(weights)}`);
}

await printErrors(async () => {
  const options = readOptions();
  if (options.help) console.log(HELP);
  else await main(options);
});
