/**
 * The ranges of a Monte-Carlo run, handed out to workers that are free. It knows no kind of worker: main.js starts
 * worker threads of Node, page.js Web Workers.
 */
import { fromBytes, merge } from 'dropout-wasm/monte-carlo';

/** After so many faults of one range, the run fails. */
const MAX_FAULTS = 3;

/**
 * @typedef {{ from: number, samples: number, seed: number }} Range what a worker is sent. It answers with the bytes of
 *   the result
 */

/**
 * Starts a worker. It calls `onBytes` with each answer, and `onFault` if the worker fails or is gone.
 *
 * @callback Spawn
 * @param {(bytes: Uint8Array) => void} onBytes
 * @param {(error: Error) => void} onFault
 * @returns {{ postMessage(range: Range): void, terminate(): unknown }}
 */

/**
 * @typedef {import('dropout-wasm/monte-carlo').ClassResult} Result
 *
 * @typedef {{ range: Range, faults: number }} Job
 *
 * @typedef {object} Options
 * @property {number} workers the number of workers
 * @property {number} samples the number of samples
 * @property {number} seed
 * @property {number} [rangeSize] samples of a range. It bounds what a slow or lost worker costs. A power of 2 makes the
 *   smallest messages, since the sums of such a range are one node of the tree
 * @property {number} [timeLimit] ms after which a worker without an answer counts as lost
 * @property {AbortSignal} [signal] ends the workers
 * @property {(partial: Result) => void} [onRange] called after each range with the result so far
 */

/**
 * Computes samples 0 … samples − 1 on workers and merges them. The result has the same bits for any number of workers
 * and any size of the ranges.
 *
 * A worker that fails, ends or does not answer is replaced, and the new one computes the range again.
 *
 * @param {Spawn} spawn
 * @param {Options} options
 * @returns {Promise<Result>}
 * @throws {Error} (as a rejection) the fault of a range that failed three times, or the reason of `signal`. All workers
 *   have ended then
 */
export async function runOnWorkers(spawn, options) {
  const { workers, samples, seed, rangeSize = 16, timeLimit = 60_000, signal, onRange } = options;
  signal?.throwIfAborted();
  let next = 0;
  /** Ranges whose worker failed. @type {Job[]} */
  const lost = [];
  /** @returns {Job | undefined} */
  const take = () => {
    const from = next;
    if (lost.length > 0 || from >= samples) return lost.pop();
    next += rangeSize;
    return { range: { from, samples: Math.min(rangeSize, samples - from), seed }, faults: 0 };
  };
  /** @type {Set<ReturnType<typeof start>>} */
  const running = new Set();
  /** @type {Result | undefined} */
  let result;
  let isOver = false;

  /** Takes ranges until none is left, one worker after the other. */
  const work = async () => {
    /** @type {ReturnType<typeof start> | undefined} */
    let worker;
    for (let job = take(); job; job = take()) {
      worker ??= start(spawn);
      running.add(worker);
      let part;
      try {
        part = /** @type {Result} */ (fromBytes(await worker.compute(job.range, timeLimit)));
      } catch (error) {
        if (isOver || ++job.faults === MAX_FAULTS) {
          const { from, samples } = job.range;
          const reason = error instanceof Error ? error.message : error;
          throw new Error(`samples ${from} to ${from + samples - 1} failed ${MAX_FAULTS} times: ${reason}`, {
            cause: error,
          });
        }
        running.delete(worker);
        worker.terminate();
        worker = undefined;
        lost.push(job);
        continue;
      }
      if (isOver) return;
      result = result ? merge(result, part) : part;
      onRange?.(result);
    }
  };

  /** @type {() => void} */
  let abort = () => {};
  const aborted = new Promise((_, reject) => {
    abort = () => reject(signal?.reason);
    signal?.addEventListener('abort', abort);
  });
  try {
    await Promise.race([aborted, Promise.all(Array.from({ length: workers }, work))]);
  } finally {
    isOver = true;
    signal?.removeEventListener('abort', abort);
    await Promise.all(Array.from(running, (worker) => worker.terminate()));
  }
  return /** @type {Result} */ (/** @type {unknown} */ (result));
}

/**
 * A worker that computes one range at a time.
 *
 * @param {Spawn} spawn
 */
function start(spawn) {
  /** @type {(bytes: Uint8Array) => void} */
  let resolve = () => {};
  /** @type {(error: Error) => void} */
  let reject = () => {};
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const worker = spawn(
    (bytes) => resolve(bytes),
    (error) => reject(error),
  );
  return {
    /**
     * @param {Range} range
     * @param {number} timeLimit
     * @returns {Promise<Uint8Array>}
     */
    async compute(range, timeLimit) {
      try {
        return await new Promise((...functions) => {
          [resolve, reject] = functions;
          timer = setTimeout(() => reject(new Error(`a worker did not answer within ${timeLimit} ms`)), timeLimit);
          worker.postMessage(range);
        });
      } finally {
        clearTimeout(timer);
      }
    },
    terminate() {
      clearTimeout(timer);
      return worker.terminate();
    },
  };
}
