/** Splits a Monte-Carlo run into ranges, which workers compute: threads in Node, Web Workers in a page. */
import { fromBytes, merge } from 'dropout-wasm/monte-carlo';
import workerpool from 'workerpool';

/** The run fails when one range has failed this many times. */
const MAX_FAULTS = 3;

/**
 * @typedef {{ from: number, samples: number, seed: number }} Range what a worker is sent
 *
 * @typedef {import('dropout-wasm/monte-carlo').ClassResult} Result
 *
 * @typedef {object} Options
 * @property {number} workers the number of workers
 * @property {number} samples the number of samples
 * @property {number} seed
 * @property {number} [rangeSize] samples of a range, default 16. It bounds what a slow or lost worker costs. A power of
 *   2 makes the smallest messages, since the sums of such a range are one node of the tree
 * @property {number} [timeLimit] ms after which a worker without an answer counts as lost, default 60,000
 * @property {AbortSignal} [signal] ends the workers
 * @property {(partial: Result) => void} [onRange] called after each range with the result so far
 */

/**
 * Computes samples 0 … samples − 1 on workers and merges them. The result has the same bits for any number of workers
 * and any size of the ranges.
 *
 * A worker that fails, ends or does not answer is replaced, and the new one computes the range again.
 *
 * @param {string} script path or URL of worker.js
 * @param {Options} options
 * @returns {Promise<Result>}
 * @throws {Error} (as a rejection) a RangeError that names the option; or, when all workers have ended, the fault of a
 *   range that failed three times, or the reason of `signal`
 */
export async function runOnWorkers(script, options) {
  const { workers, samples, seed, rangeSize = 16, timeLimit = 60_000, signal, onRange } = options;
  for (const [name, value] of Object.entries({ workers, samples, rangeSize }))
    if (!Number.isInteger(value) || value < 1) throw new RangeError(`${name} has to be a whole number from 1 up`);
  signal?.throwIfAborted();
  // A pool for each worker, so that one that sends damaged bytes is replaced: a larger pool would keep it.
  const pools = Array.from({ length: workers }, () =>
    workerpool.pool(script, { maxWorkers: 1, workerOpts: { type: 'module' }, workerTerminateTimeout: 1 }),
  );
  const finished = new AbortController();
  const over = AbortSignal.any(signal ? [signal, finished.signal] : [finished.signal]);
  const ended = new Promise((resolve) => {
    over.onabort = () => resolve(Promise.all(pools.map((pool) => pool.terminate(true))));
  });

  /** @param {workerpool.Pool} pool @param {Range} range */
  const compute = async (pool, range) => {
    for (let faults = 1; ; faults++) {
      over.throwIfAborted();
      try {
        return /** @type {Result} */ (fromBytes(await pool.exec('compute', [range]).timeout(timeLimit)));
      } catch (error) {
        over.throwIfAborted();
        if (faults === MAX_FAULTS) {
          const samples = `samples ${range.from} to ${range.from + range.samples - 1}`;
          throw new Error(`${samples} failed ${MAX_FAULTS} times: ${reasonOf(error)}`, { cause: error });
        }
        // The next `exec` starts another worker. If the run ends meanwhile, only the later call of `terminate` settles.
        await Promise.race([pool.terminate(true), ended]);
      }
    }
  };

  // One iterator for all workers: each takes the next range when it is free.
  const ranges = rangesOf(samples, rangeSize, seed);
  /** @type {Result | undefined} */
  let result;
  /** @param {workerpool.Pool} pool */
  const work = async (pool) => {
    for (const range of ranges) {
      const part = await compute(pool, range);
      result = result ? merge(result, part) : part;
      onRange?.(result);
    }
  };
  try {
    await Promise.all(pools.map(work));
  } finally {
    finished.abort();
    await ended;
  }
  return /** @type {Result} */ (/** @type {unknown} */ (result));
}

/**
 * @param {number} samples
 * @param {number} rangeSize
 * @param {number} seed
 * @returns {Generator<Range>}
 */
function* rangesOf(samples, rangeSize, seed) {
  for (let from = 0; from < samples; from += rangeSize)
    yield { from, samples: Math.min(rangeSize, samples - from), seed };
}

/** @param {unknown} error */
function reasonOf(error) {
  // workerpool has no cause for an exit and, in a page, none for an error outside of `compute`.
  const reason =
    error instanceof workerpool.TerminateError ? (error.cause ?? 'a worker ended or was not loaded') : error;
  return reason instanceof Error ? reason.message : reason;
}
