/**
 * `npm start`: runs the seed experiment, trains a digit classifier without and with dropout, prints a table of each
 * and writes report/digits.html.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { getBackend, setBackend } from '@tensorflow/tfjs-core';
import cliProgress from 'cli-progress';
import { loadDigits } from './data.js';
import { renderReport } from './report/page.js';
import { P, runSeedExperiment, SHAPE } from './report/seed-experiment.js';
import { resultsTable, seedTable, toText } from './report/tables.js';
import { train } from './train.js';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

const HELP = `Usage: node examples/digits/main.js [options]

Trains a digit classifier without and with dropout and writes an HTML report.

  --seeds LIST   for each seed, one run without and one with dropout
                 (default: 1,2,3)
  --epochs N     passes over the training images in each run (default: 16)
  --out FILE     report file (default: report/digits.html in the project)
  --help         print this help`;

/**
 * @typedef {object} Options
 * @property {number[]} seeds
 * @property {number} epochs
 * @property {string} out absolute path
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
      out: { type: 'string', default: resolve(PROJECT, 'report/digits.html') },
      help: { type: 'boolean', default: false },
    },
  });
  const seeds = values.seeds.split(',').map((text) => wholeNumber('--seeds', text, 0));
  if (new Set(seeds).size < seeds.length) throw new RangeError(`--seeds has to be different numbers, but got ${seeds}`);
  return { seeds, epochs: wholeNumber('--epochs', values.epochs, 1), out: resolve(values.out), help: values.help };
}

/**
 * @param {string} name
 * @param {string} text
 * @param {number} min
 */
function wholeNumber(name, text, min) {
  const number = Number(text);
  if (!/^\s*\d+\s*$/.test(text) || !Number.isSafeInteger(number) || number < min) {
    throw new RangeError(`${name} takes whole numbers from ${min} up, but got "${text}"`);
  }
  return number;
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
async function trainAll(digits, { seeds, epochs }) {
  /** @type {import('./train.js').Histories} */
  const histories = { without: [], with: [] };
  const bar = new cliProgress.SingleBar({
    format: '{bar} {percentage} % | {value}/{total} epochs | {eta_formatted} left',
    barsize: 32,
    etaBuffer: 20,
    noTTYOutput: true,
    notTTYSchedule: 10_000,
  });
  const onEpoch = async () => {
    bar.increment();
    // Training runs in microtasks only. Yielding to the event loop lets timers fire and Ctrl-C stop the program.
    await setImmediate();
  };
  bar.start(2 * seeds.length * epochs, 0);
  try {
    for (const seed of seeds) {
      histories.without.push(await train(digits, { seed, epochs, dropout: false, onEpoch }));
      histories.with.push(await train(digits, { seed, epochs, dropout: true, onEpoch }));
    }
  } finally {
    bar.stop();
  }
  return histories;
}

/** @param {string} path */
function displayPath(path) {
  const inside = relative(PROJECT, path);
  return inside.startsWith('..') || isAbsolute(inside) ? path : inside;
}

/** @param {Options} options */
async function main(options) {
  await useWasmBackend();
  console.log(`Seed experiment: ones(${SHAPE.join(', ')}), p = ${P}`);
  const seedMeasurements = runSeedExperiment();
  console.log(toText(seedTable(seedMeasurements)));

  const digits = loadDigits();
  const { seeds, epochs } = options;
  console.log(
    `\nTraining on ${digits.train.labels.length} MNIST digits, testing on ${digits.test.labels.length} others`,
  );
  const histories = await trainAll(digits, options);
  const scores = seeds.length === 1 ? `seed ${seeds[0]}` : `mean ± standard deviation over seeds ${seeds.join(', ')}`;
  console.log(`\nAfter ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}, ${scores}`);
  console.log(toText(resultsTable(histories)));

  mkdirSync(dirname(options.out), { recursive: true });
  writeFileSync(options.out, renderReport({ seedMeasurements, digits, histories, seeds, epochs }));
  console.log(`\nReport: ${displayPath(options.out)}`);
}

try {
  const options = readOptions();
  if (options.help) console.log(HELP);
  else await main(options);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
