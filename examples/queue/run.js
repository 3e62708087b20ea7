/** Starts, watches and ends a run. */
import { setTimeout } from 'node:timers/promises';
import { FlowProducer, Job, Queue, Worker } from 'bullmq';
import { fromBytes } from 'dropout-wasm/monte-carlo';
import { createFlow, createMerger, PARENT, rangesOf } from './flow.js';
import { MODEL } from './model.js';
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
 * @property {number} seed
 * @property {number} workers the number of workers to start. With 0, others have to compute the ranges
 * @property {AbortSignal} [signal] ends the run
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
 *   10 s or has lost the run, another run has this name, or `signal` aborts, with its reason
 */
export async function runOnQueue(options) {
  const { url, run, batch, samples, rangeSize, seed, workers, signal, onRange, onSample } = options;
  signal?.throwIfAborted();
  /** @type {import('./flow.js').Run} */
  const data = { samples, rangeSize, seed, batch: digestOf(batch), model: MODEL };
  const list = rangesOf(data);
  const names = namesOf(run);
  const connection = await connect(url, signal);
  const shared = { connection, prefix: names.prefix };
  const locks = { lockDuration: LOCK, stalledInterval: CHECK, maxStalledCount: MAX_LOST };
  const flows = new FlowProducer(shared);
  const ranges = new Queue(names.ranges, shared);
  const merges = new Queue(names.merge, shared);
  const merger = new Worker(names.merge, createMerger(names, ranges, connection), { ...shared, ...locks });
  // It takes no jobs: it gives the ranges of lost workers to others.
  const checker = new Worker(names.ranges, null, { ...shared, ...locks, autorun: false });
  // `within` notices a Redis that is away, and the state of the parent tells all else.
  for (const emitter of /** @type {import('node:events').EventEmitter[]} */ ([
    flows,
    ranges,
    merges,
    merger,
    checker,
  ])) {
    emitter.on('error', () => {});
  }
  const pool = startWorkers({ count: workers, url, run, onSample });
  let isOwn = false;
  /** @type {Promise<unknown> | undefined} */
  let adding;

  const removeKeys = async () => {
    for (const queue of [merges, ranges]) await queue.obliterate({ force: true });
    await connection.unlink(names.batch, names.result, ...list.map(names.answer));
  };

  /** The parent of the flow: a new one or, if the process of this run has ended before the run, that. */
  const addFlow = async () => {
    const parent = await Job.fromId(merges, PARENT);
    if (parent && JSON.stringify(parent.data) !== JSON.stringify(data)) {
      throw new Error(`another run has the name ${run}: continue it with its own options, or choose another name`);
    }
    isOwn = true;
    // A process that ended while it removed the keys has left some of them, and the queues paused.
    if (!parent) await removeKeys();
    for (const queue of [merges, ranges]) await queue.resume();
    await connection.set(names.batch, Buffer.from(batch), 'EX', KEEP);
    return parent ?? (await flows.add(createFlow(data, names))).job;
  };

  /** Why the parent has failed. */
  const reasonOf = async () => {
    const [failed] = await ranges.getFailed(0, 0);
    if (failed)
      return new Error(`${nameOf(failed.data)} failed ${failed.attemptsStarted} times: ${failed.failedReason}`);
    return new Error((await Job.fromId(merges, PARENT))?.failedReason);
  };

  const compute = async () => {
    await pool.ready;
    const started = performance.now();
    await checker.startStalledCheckTimer();
    const flow = addFlow();
    adding = flow;
    const parent = await within(flow);
    for (;;) {
      const look = Promise.all([parent.getState(), parent.getDependenciesCount({ processed: true })]);
      const [state, { processed = 0 }] = await within(look);
      if (state === 'unknown') throw new Error('Redis has lost the run: it was restarted, or another process ended it');
      if (state === 'failed') throw await within(reasonOf());
      onRange?.(processed, list.length);
      if (state === 'completed') break;
      await setTimeout(POLL);
    }
    const bytes = await within(connection.getBuffer(names.result));
    const time = performance.now() - started;
    const jobs = await within(ranges.getCompleted());
    const repeated = jobs.reduce((sum, { attemptsStarted }) => sum + attemptsStarted - 1, 0);
    const result = /** @type {Result} */ (fromBytes(/** @type {Buffer} */ (bytes)));
    return { result, digest: digestOf(/** @type {Buffer} */ (bytes)), repeated, time };
  };

  const aborted = new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason));
  });
  try {
    return await Promise.race([compute(), pool.failed, /** @type {Promise<never>} */ (aborted)]);
  } finally {
    await pool.end();
    const isAway = connection.status !== 'ready';
    // Without Redis, the keys stay in it if it returns, and the run goes on under its name.
    const close = async () => {
      await Promise.all([merger, checker].map((worker) => worker.close(isAway)));
      await adding?.catch(() => {});
      if (isOwn && !isAway) await removeKeys();
    };
    await within(close(), 2000).catch(() => {});
    await Promise.all([flows, ranges, merges].map((queue) => queue.close()));
    connection.disconnect();
  }
}
