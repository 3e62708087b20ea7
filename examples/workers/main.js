/** The Monte-Carlo run on worker threads of Node. `node examples/workers/main.js --help` */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import cliProgress from 'cli-progress';
import Table from 'cli-table3';
import { runProgram, wholeNumber } from '../program.js';
import { runOnWorkers } from './pool.js';
import { COLUMNS, digestOf, seconds, short, tableOf } from './report.js';

const SCRIPT = fileURLToPath(new URL('worker.js', import.meta.url));

const HELP = `Usage: node examples/workers/main.js [options]

Runs a model with dropout on worker threads and prints its uncertainty.
Every number of workers gives the same digest.

  --workers N   the number of workers, up to 64 (default: 1, 2 and 4, each in
                a run of its own)
  --samples N   the number of samples (default: 200)
  --range N     samples that a worker computes at a time (default: 16)
  --seed N      seed of the masks (default: 42)
  --help        print this help`;

/** @throws {TypeError | RangeError} if an argument is wrong; the message names it */
function readOptions() {
  const { values } = parseArgs({
    options: {
      workers: { type: 'string' },
      samples: { type: 'string', default: '200' },
      range: { type: 'string', default: '16' },
      seed: { type: 'string', default: '42' },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    numbers: values.workers === undefined ? [1, 2, 4] : [wholeNumber('--workers', values.workers, 1, 64)],
    samples: wholeNumber('--samples', values.samples, 1),
    rangeSize: wholeNumber('--range', values.range, 1),
    seed: wholeNumber('--seed', values.seed, 0),
    help: values.help,
  };
}

/** The first column is text, the others are numbers. @param {string[][]} rows */
function toText(rows) {
  const table = new Table({
    style: { head: [], border: [], compact: true },
    colAligns: Array.from(rows[0] ?? [], (_, column) => (column === 0 ? 'left' : 'right')),
  });
  table.push(...rows);
  return table.toString();
}

/** @param {ReturnType<typeof readOptions> & { signal: AbortSignal }} options */
async function main({ numbers, samples, rangeSize, seed, signal }) {
  console.log(`${samples} samples in ranges of ${rangeSize}, seed ${seed}`);
  const runs = [['workers', 'time', 'SHA-256']];
  const digests = new Set();
  let result;
  const bar = new cliProgress.SingleBar({
    format: '{bar} {value}/{total} samples',
    barsize: 32,
    clearOnComplete: true,
  });
  for (const workers of numbers) {
    const started = performance.now();
    bar.start(samples, 0);
    try {
      /** @param {import('./pool.js').Result} partial */
      const onRange = ({ count }) => bar.update(count);
      result = await runOnWorkers(SCRIPT, { workers, samples, seed, rangeSize, signal, onRange });
    } finally {
      bar.stop();
    }
    const time = performance.now() - started;
    const digest = await digestOf(result);
    digests.add(digest);
    runs.push([String(workers), seconds(time), short(digest)]);
  }
  console.log(toText(runs));
  if (digests.size > 1) throw new Error('the digests differ: the model does not give the same numbers every time');
  if (result) console.log(`\n${toText([COLUMNS, ...tableOf(result)])}`);
}

await runProgram(async (signal) => {
  const options = readOptions();
  if (options.help) console.log(HELP);
  else await main({ ...options, signal });
});
