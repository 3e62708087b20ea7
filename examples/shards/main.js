/** Trains the network on 1, 2 and 4 processes, and on 4 of which some are killed. `node examples/shards/main.js --help` */
import { existsSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import cliProgress from 'cli-progress';
import Table from 'cli-table3';
import { tryLock } from 'fs-native-extensions';
import { runProgram, wholeNumber } from '../program.js';
import { train } from './coordinator.js';
import { loadData, TRAIN_COUNT, take } from './data.js';
import { evaluate } from './network.js';
import { bytesOf, digestOf } from './state.js';
import { stepsOf } from './training.js';

const HELP = `Usage: npm run shards -- [options]

Trains a network with dropout on several processes, each with a part of every
batch. Every number of processes gives the same weights, also if processes are
killed, and if the run is stopped and resumed.

  --processes N   the number of processes, up to 64 (default: 1, 2, 4, and 4
                  of which two are killed, each in a run of its own)
  --kill N@STEP   kills process N, from 0, in this step; may be repeated
  --epochs N      passes over the training digits (default: 8)
  --batch N       rows of a batch, up to ${TRAIN_COUNT} (default: 256)
  --seed N        seed of initial weights, batches and masks (default: 42)
  --store N       steps between two stored states (default: 10)
  --state DIR     folder of the stored states, for one command at a time
                  (default: examples/shards/state)
  --resume        continues from the stored states, which are deleted otherwise
  --help          print this help`;

/** @typedef {{ rank: number, step: number }} Kill */

/** @throws {TypeError | RangeError} if an argument is wrong; the message names it */
function readOptions() {
  const { values } = parseArgs({
    options: {
      processes: { type: 'string' },
      kill: { type: 'string', multiple: true },
      epochs: { type: 'string', default: '8' },
      batch: { type: 'string', default: '256' },
      seed: { type: 'string', default: '42' },
      store: { type: 'string', default: '10' },
      state: { type: 'string', default: fileURLToPath(new URL('state', import.meta.url)) },
      resume: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const settings = {
    seed: wholeNumber('--seed', values.seed, 0),
    batch: wholeNumber('--batch', values.batch, 1, TRAIN_COUNT),
    epochs: wholeNumber('--epochs', values.epochs, 1, 1000),
  };
  const numbers = values.processes === undefined ? [1, 2, 4, 4] : [wholeNumber('--processes', values.processes, 1, 64)];
  const steps = stepsOf(TRAIN_COUNT, settings);
  const processes = /** @type {number} */ (numbers.at(-1));
  let kills = values.kill?.map((text) => readKill(text, processes, steps)) ?? [];
  if (!values.processes && !values.kill) {
    // Process 0 is the one that stores the state.
    kills = [
      { rank: 2, step: Math.floor(0.36 * steps) },
      { rank: 0, step: Math.floor(0.92 * steps) },
    ];
  }
  return {
    settings,
    steps,
    // The processes of the last run are killed.
    runs: numbers.map((processes, i) => ({ processes, kills: i === numbers.length - 1 ? kills : [] })),
    storeEvery: wholeNumber('--store', values.store, 1),
    folder: values.state,
    resume: values.resume,
    help: values.help,
  };
}

/** @param {string} text @param {number} processes @param {number} steps @returns {Kill} */
function readKill(text, processes, steps) {
  const [rank = '', step = '', ...rest] = text.split('@');
  if (rest.length > 0) throw new RangeError(`--kill takes N@STEP, but got "${text}"`);
  return {
    rank: wholeNumber(`--kill ${text}: N`, rank, 0, processes - 1),
    step: wholeNumber(`--kill ${text}: STEP`, step, 0, steps - 1),
  };
}

/**
 * Reserves a folder until this process ends. The lock is one of the operating system: a process that is killed does not
 * leave it behind. The pid in a file would be left, and might be that of another process by then.
 *
 * @param {string} folder is created if it does not exist
 * @throws {Error} if another process has reserved it
 */
function lockFolder(folder) {
  mkdirSync(folder, { recursive: true });
  // Never deleted: two processes could lock two files of this name.
  if (!tryLock(openSync(join(folder, 'lock'), 'a'))) {
    throw new Error(`another run uses ${folder}: end it, or give this run another folder with --state DIR`);
  }
}

/** Deletes the states of all runs, also what was killed while it was written. @param {string} folder */
function removeStates(folder) {
  for (const name of readdirSync(folder)) {
    if (/^run-\d+\.state(\.\d+)?$/.test(name)) rmSync(join(folder, name), { force: true });
  }
}

/** @param {string[][]} rows */
function toText(rows) {
  const table = new Table({
    style: { head: [], border: [], compact: true },
    colAligns: Array.from(rows[0] ?? [], (_, column) => (column === 0 ? 'left' : 'right')),
  });
  table.push(...rows);
  return table.toString();
}

/** @param {ReturnType<typeof readOptions> & { signal: AbortSignal }} options */
async function main({ settings, steps, runs, storeEvery, folder, resume, signal }) {
  const files = runs.map((_, i) => join(folder, `run-${i + 1}.state`));
  if (resume && !files.some((file) => existsSync(file))) {
    throw new Error(`--resume found no stored state in ${folder}: start without it, or give another --state DIR`);
  }
  lockFolder(folder);
  // All of them, or a later --resume would take the state of an older run for that of this one.
  if (!resume) removeStates(folder);
  const data = await loadData();
  const test = take(data.test, Array.from(data.test.labels.keys()));
  console.log(
    `${steps} steps on ${TRAIN_COUNT} MNIST digits, tested on ${test.labels.length} others, seed ${settings.seed}`,
  );
  const rows = [['processes', 'restarts', 'time', 'loss', 'accuracy', 'SHA-256']];
  const notes = [];
  const digests = new Set();
  const bar = new cliProgress.SingleBar({ format: '{bar} {value}/{total} steps', barsize: 32, clearOnComplete: true });
  for (const [i, { processes, kills }] of runs.entries()) {
    let started = 0;
    bar.start(steps, 0);
    /** @param {number} step @param {(rank: number) => void} kill */
    const onStep = (step, kill) => {
      started ||= performance.now();
      bar.update(step);
      for (const { rank } of kills.filter((planned) => planned.step === step)) kill(rank);
    };
    const file = /** @type {string} */ (files[i]);
    const options = { processes, digits: data.train, settings, file, storeEvery, resume, signal, onStep };
    const { weights, from, restarts } = await train(options).finally(() => bar.stop());
    const time = `${((performance.now() - started) / 1000).toFixed(2)} s`;
    const hadEnded = from === steps;
    const { loss, accuracy } = evaluate(weights, test);
    const digest = digestOf(bytesOf(weights)).toString('hex');
    digests.add(digest);
    rows.push([
      String(processes),
      hadEnded ? '–' : String(restarts.length),
      hadEnded ? '–' : time,
      loss.toFixed(3),
      `${(100 * accuracy).toFixed(2)} %`,
      digest.slice(0, 16),
    ]);
    if (hadEnded) notes.push(`Run ${i + 1} had ended before.`);
    else if (from > 0) notes.push(`Run ${i + 1} continued from the state of step ${from}.`);
    for (const { rank, from, step } of restarts) {
      notes.push(`Process ${rank} died in step ${step}, and started again from the state of step ${from}.`);
    }
  }
  console.log([toText(rows), ...notes].join('\n'));
  if (digests.size > 1) throw new Error('the digests differ: the network does not give the same numbers every time');
}

await runProgram(async (signal) => {
  const options = readOptions();
  if (options.help) console.log(HELP);
  else await main({ ...options, signal });
}, '; --resume continues');
