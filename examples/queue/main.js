/** A Monte-Carlo run on worker processes, by BullMQ and Redis. `node examples/queue/main.js --help` */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import cliProgress from 'cli-progress';
import { loadDigits } from '../digits/data.js';
import { runProgram, seedOf, wholeNumber } from '../program.js';
import { MAX_RANGES } from './flow.js';
import { batchOf } from './model.js';
import { connect, nameOf, runName } from './queue.js';
import { startRedis } from './redis.js';
import { counted, mostUncertain, seconds, short, toText } from './report.js';
import { runOnQueue } from './run.js';

const HELP = `Usage: npm run queue -- [options]

Runs a digit classifier with dropout on worker processes, which take ranges of
samples from a queue, and prints its uncertainty. Every number of workers gives
the same digest, also if one is killed.

  --redis URL   the Redis to use (default: REDIS_URL of the environment or, if
                there is none, one that is started and ended)
  --workers N   the number of workers to start, up to 64 (default: runs with 1,
                3 and 7, and one with 3 of which one is killed)
  --samples N   the number of samples (default: 200)
  --range N     samples that a worker computes at a time (default: 16)
  --digits N    digits of the batch, up to 2000 (default: 100)
  --seed N      seed of the masks, up to 2^64 - 1 (default: 42)
  --run NAME    a name, by which workers on other machines find the run, and by
                which it goes on if this program was killed. Needs --redis and
                --workers, which may be 0
  --help        print this help`;

/** @throws {TypeError | RangeError} if an argument is wrong; the message names it */
function readOptions() {
  const { values } = parseArgs({
    options: {
      redis: { type: 'string', default: process.env.REDIS_URL ?? '' },
      workers: { type: 'string' },
      samples: { type: 'string', default: '200' },
      range: { type: 'string', default: '16' },
      digits: { type: 'string', default: '100' },
      seed: { type: 'string', default: '42' },
      run: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const isNamed = values.run !== undefined;
  if (isNamed && (!values.redis || values.workers === undefined))
    throw new TypeError('--run needs --redis and --workers');
  const samples = wholeNumber('--samples', values.samples, 1);
  const rangeSize = wholeNumber('--range', values.range, 1);
  const least = Math.ceil(samples / MAX_RANGES);
  if (rangeSize < least) {
    const reason = `since a run has at most ${MAX_RANGES} ranges`;
    throw new RangeError(
      `--range takes at least ${least} for ${samples} samples, ${reason}, but got "${values.range}"`,
    );
  }
  return {
    url: values.redis,
    runs:
      values.workers === undefined
        ? RUNS
        : [{ workers: wholeNumber('--workers', values.workers, isNamed ? 0 : 1, 64) }],
    samples,
    rangeSize,
    digits: wholeNumber('--digits', values.digits, 1, 2000),
    seed: seedOf('--seed', values.seed),
    name: isNamed ? runName(values.run ?? '') : undefined,
    help: values.help,
  };
}

/** @type {{ workers: number, killsOne?: boolean }[]} */
const RUNS = [{ workers: 1 }, { workers: 3 }, { workers: 7 }, { workers: 3, killsOne: true }];

/**
 * Progress bars: one for the run, and one for each worker's range. Without a terminal, they print nothing.
 *
 * @param {number} workers
 */
function showProgress(workers) {
  const bars = new cliProgress.MultiBar({
    format: '{bar} {value}/{total} {name}',
    barsize: 32,
    clearOnComplete: true,
    stream: process.stdout,
  });
  const all = bars.create(1, 0, { name: 'ranges' });
  const own = Array.from({ length: workers }, () => bars.create(1, 0, { name: 'samples' }));
  return {
    /** @param {number} time */
    onWait: (time) => {
      const text = `waits ${Math.ceil(time / 1000)} s, in case its owner was killed`;
      if (process.stdout.isTTY) all.update(0, { name: text });
      else console.log(text);
    },
    /** @param {number} done @param {number} ranges */
    onRange: (done, ranges) => {
      all.setTotal(ranges);
      all.update(done, { name: 'ranges' });
    },
    /** @param {import('./processes.js').Progress} progress */
    onSample: ({ worker, from, to, done }) => {
      own[worker]?.setTotal(to - from);
      own[worker]?.update(done, { name: nameOf({ from, to }) });
    },
    stop: () => bars.stop(),
  };
}

/** @param {ReturnType<typeof readOptions> & { signal: AbortSignal }} options */
async function main({ url, runs, samples, rangeSize, digits, seed, name, signal }) {
  const { images, labels } = loadDigits(1000, digits).test;
  const batch = batchOf(images);
  (await connect(url, signal)).disconnect();
  console.log(`${counted(digits, 'digit')}, ${counted(samples, 'sample')} in ranges of ${rangeSize}, seed ${seed}`);
  const table = [['workers', 'time', 'repeated', 'SHA-256']];
  const digests = new Set();
  let last;
  for (const { workers, killsOne = false } of runs) {
    const run = name ?? randomBytes(6).toString('hex');
    if (workers === 0) console.log(`on each machine: node examples/queue/worker.js --redis URL --run ${run}`);
    const progress = showProgress(workers);
    let kills = killsOne ? 1 : 0;
    /** @param {import('./processes.js').Progress} sample */
    const onSample = (sample) => {
      progress.onSample(sample);
      if (kills > 0 && sample.done < sample.to - sample.from) {
        kills--;
        process.kill(sample.pid, 'SIGKILL');
      }
    };
    try {
      const { onWait, onRange } = progress;
      const size = { batch, samples, rangeSize, seed, workers };
      last = await runOnQueue({ url, run, ...size, signal, onWait, onRange, onSample });
    } finally {
      progress.stop();
    }
    digests.add(last.digest);
    const title = killsOne ? `${workers}, one killed` : `${workers}`;
    table.push([title, seconds(last.time), `${last.repeated}`, short(last.digest)]);
  }
  console.log(toText(table));
  if (digests.size > 1) throw new Error('the digests differ: the model does not give the same numbers every time');
  if (last) console.log(`\n${toText(mostUncertain(last.result, labels))}`);
}

await runProgram(async (signal) => {
  const options = readOptions();
  if (options.help) return console.log(HELP);
  const ended = new AbortController();
  const redis = options.url ? undefined : await startRedis(() => ended.abort(new Error('Redis has ended')));
  try {
    await main({ ...options, url: redis?.url ?? options.url, signal: AbortSignal.any([signal, ended.signal]) });
  } finally {
    await redis?.stop();
  }
});
// Connections to a Redis that has ceased to answer can stay open for minutes.
setTimeout(() => process.exit(), 1000).unref();
