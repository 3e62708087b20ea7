/** Starts, watches and ends a run. */
import { setTimeout } from 'node:timers/promises';
import { FlowProducer, Job, Queue, Worker } from 'bullmq';
import { fromBytes } from 'dropout-wasm/monte-carlo';
import { createFlow, createMerger, PARENT, rangesOf } from './flow.js';
import { MODEL } from './model.js';
import { Owner } from './owner.js';
import { startWorkers } from './processes.js';
import { CHECK, connect, KEEP, LOCK, MAX_LOST, nameOf, namesOf, within } from './queue.js';
import { digestOf } from './report.js';

/** ms between two looks at the state of the run. */
const POLL = 50;

/**
 * @typedef {import('dropout-wasm/monte-carlo').ClassResult} Result
 *
 * @typedef {object} Options
 * @property {string} url of Redis
 * @property {string} run the name. A run of this name that another process has left unfinished goes on
 * @property {Uint8Array} batch the inputs, for `createModel`
 * @property {number} samples the number of samples
 * @property {number} rangeSize samples of a range. It bounds what a lost worker costs. A power of 2 makes the smallest
 *   answers, since the sums of such a range are one node of the tree
 * @property {number | bigint} seed
 * @property {number} workers the number of workers to start. With 0, others have to compute the ranges
 * @property {AbortSignal} [signal] ends the run
 * @property {(time: number) => void} [onWait] called if the run may have an owner that lives, with the ms until its
 *   token expires
 * @property {(done: number, ranges: number) => void} [onRange] called with the number of ranges that are done
 * @property {(progress: import('./processes.js').Progress) => void} [onSample]
 */

/**
 * Computes samples 0 … samples − 1 on workers and merges them. The result has the same bits for any number of workers
 * and any size of the ranges, and whichever workers are lost. At the end, no key of the run is left in Redis.
 *
 * @param {Options} options
 * @returns {Promise<{ result: Result, digest: string, repeated: number, time: number }>} `repeated` is how often ranges
 *   were started again. `time` is in ms, without the start of the workers
 * @throws {Error} (as a rejection) if a range has failed three times, a worker cannot start, Redis does not answer for
 *   10 s or has lost the run, another run has this name, another process is the owner of the run, or `signal` aborts,
 *   with its reason
 */
export async function runOnQueue(options) {
  const { url, run, batch, samples, rangeSize, seed, workers: count, signal } = options;
  const { onWait, onRange, onSample } = options;
  signal?.throwIfAborted();
  /** @type {import('./flow.js').Run} */
  const data = { samples, rangeSize, seed: `${seed}`, batch: digestOf(batch), model: MODEL };
  const list = rangesOf(data);
  const names = namesOf(run);
  const connection = await connect(url, signal);
  const owner = new Owner(connection, run, names.owner);
  const shared = { connection, prefix: names.prefix };
  const ranges = new Queue(names.ranges, shared);
  const merges = new Queue(names.merge, shared);
  const flows = new FlowProducer(shared);
  /** @type {Worker[]} */
  const workers = [];
  /** @type {ReturnType<typeof startWorkers> | undefined} */
  let pool;
  /** @type {Promise<unknown> | undefined} */
  let adding;

  const removeKeys = async () => {
    // Without its children, the parent waits for the merger, where obliterate finds it.
    for (const queue of [ranges, merges]) await queue.obliterate({ force: true });
    await connection.unlink(names.batch, names.result, ...list.map(names.answer));
  };

  /** @returns {Promise<Job | undefined>} the parent of a run of this name whose process has ended */
  const findFlow = async () => {
    const parent = await Job.fromId(merges, PARENT);
    if (parent && JSON.stringify(parent.data) !== JSON.stringify(data)) {
      throw new Error(`another run has the name ${run}: continue it with its own options, or choose another name`);
    }
    const children = Object.values(await ranges.getJobCounts()).reduce((a, b) => a + b, 0);
    // With fewer children, the process ended while it removed the keys.
    return children === list.length ? parent : undefined;
  };

  /** @param {Job | undefined} found */
  const addFlow = async (found) => {
    if (!found) await removeKeys();
    await connection.set(names.batch, Buffer.from(batch), 'EX', KEEP);
    for (const queue of [ranges, merges]) await queue.resume();
    return found ?? (await flows.add(createFlow(data, names))).job;
  };

  const startMerging = async () => {
    const locks = { lockDuration: LOCK, stalledInterval: CHECK, maxStalledCount: MAX_LOST };
    const merger = new Worker(names.merge, createMerger(names, ranges, connection), { ...shared, ...locks });
    // It takes no jobs: it gives the ranges of lost workers to others.
    const checker = new Worker(names.ranges, null, { ...shared, ...locks, autorun: false });
    workers.push(merger, checker);
    for (const worker of workers) worker.on('error', ignore);
    await checker.startStalledCheckTimer();
  };

  /** Why the parent has failed. */
  const reasonOf = async () => {
    const [failed] = await ranges.getFailed(0, 0);
    if (!failed) return (await Job.fromId(merges, PARENT))?.failedReason;
    return `${nameOf(failed.data)} failed ${failed.attemptsStarted} times: ${failed.failedReason}`;
  };

  const compute = async () => {
    await owner.take(signal, onWait);
    const found = await within(findFlow());
    // After an abort, nothing may be started.
    signal?.throwIfAborted();
    pool = startWorkers({ count, url, run, onSample });
    await Promise.race([pool.ready, pool.failed]);
    const started = performance.now();
    const flow = addFlow(found);
    adding = flow;
    const parent = await within(flow);
    signal?.throwIfAborted();
    await within(startMerging());
    for (;;) {
      const look = Promise.all([parent.getState(), parent.getDependenciesCount({ processed: true })]);
      const [state, { processed = 0 }] = await within(look);
      if (state === 'unknown') throw new Error('Redis has lost the run: it was restarted, or another process ended it');
      if (state === 'failed') throw new Error(await within(reasonOf()));
      onRange?.(processed, list.length);
      if (state === 'completed') break;
      await Promise.race([setTimeout(POLL), pool.failed]);
    }
    const bytes = await within(connection.getBuffer(names.result));
    const time = performance.now() - started;
    if (!bytes) throw new Error('Redis has lost the result');
    const jobs = await within(ranges.getCompleted());
    const repeated = jobs.reduce((sum, { attemptsStarted }) => sum + attemptsStarted - 1, 0);
    return { result: /** @type {Result} */ (fromBytes(bytes)), digest: digestOf(bytes), repeated, time };
  };

  const aborted = new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason));
  });
  // `within` notices a Redis that is away.
  for (const queue of [ranges, merges]) queue.on('error', ignore);
  flows.on('error', ignore);
  try {
    return await Promise.race([compute(), owner.lost, /** @type {Promise<never>} */ (aborted)]);
  } finally {
    await pool?.end();
    // Without Redis, the keys stay in it, and the run can go on by its name.
    const isAway = connection.status !== 'ready';
    const close = async () => {
      await adding?.catch(ignore);
      await Promise.all(workers.map((worker) => worker.close(isAway)));
      if (!isAway) await owner.release(pool && removeKeys);
      await Promise.all([flows, ranges, merges].map((queue) => queue.close()));
    };
    await within(close(), 2000).catch(ignore);
    connection.disconnect();
  }
}

function ignore() {}
