/** A Monte-Carlo run as a flow of BullMQ: ranges of samples are the children, and the parent merges their answers. */
import { Job, UnrecoverableError, WaitingChildrenError } from 'bullmq';
import { fromBytes, merge } from 'dropout-wasm/monte-carlo';
import { ATTEMPTS, KEEP, nameOf } from './queue.js';

/**
 * @typedef {import('dropout-wasm/monte-carlo').ClassResult} Result
 *
 * @typedef {{ samples: number, rangeSize: number, seed: string, batch: string, model: string }} Run the data of the
 *   parent. `batch` and `model` are digests, `seed` is text because JSON has no bigint
 *
 * @typedef {import('./queue.js').Range} Range the data of a child
 *
 * @typedef {ReturnType<typeof import('./queue.js').namesOf>} Names
 */

/** The id of the parent. */
export const PARENT = 'parent';

/** Redis adds a flow in one step, and does nothing else meanwhile. */
export const MAX_RANGES = 10_000;

/** @param {Omit<Run, 'model'>} run @returns {Range[]} */
export function rangesOf({ samples, rangeSize, seed, batch }) {
  return Array.from({ length: Math.ceil(samples / rangeSize) }, (_, i) => {
    const from = i * rangeSize;
    return { from, to: Math.min(from + rangeSize, samples), seed, batch };
  });
}

/** The id of a child. @param {Range} range */
const idOf = ({ from, to }) => `samples-${from}-${to}`;

/**
 * @param {Run} run
 * @param {Names} names
 * @returns {import('bullmq').FlowJob}
 */
export function createFlow(run, names) {
  return {
    name: 'merge',
    queueName: names.merge,
    data: run,
    opts: { jobId: PARENT },
    children: rangesOf(run).map((range) => ({
      name: nameOf(range),
      queueName: names.ranges,
      data: range,
      opts: { jobId: idOf(range), attempts: ATTEMPTS, failParentOnFailure: true },
    })),
  };
}

/**
 * @param {Names} names
 * @param {import('bullmq').Queue} ranges
 * @param {import('ioredis').Redis} connection
 */
export function createMerger(names, ranges, connection) {
  /** @param {Range} range @returns {Promise<Result>} */
  const readAnswer = async (range) => {
    const bytes = await connection.getBuffer(names.answer(range));
    if (!bytes) throw new Error('its answer is not in Redis');
    const part = fromBytes(bytes);
    if (String(part.ranges) !== `${range.from},${range.to}`) throw new Error('its answer is of other samples');
    return /** @type {Result} */ (part);
  };

  /** @param {Range} range @param {unknown} error */
  const repeat = async (range, error) => {
    const child = await Job.fromId(ranges, idOf(range));
    if (!child || child.attemptsMade >= ATTEMPTS) {
      const reason = error instanceof Error ? error.message : error;
      throw new UnrecoverableError(`${nameOf(range)} failed ${ATTEMPTS} times: ${reason}`);
    }
    await child.retry('completed');
  };

  /**
   * The processor of the parent. It reads one answer for each range, no matter which worker computed it, or how often.
   * Ranges whose answer is missing or damaged are computed again.
   *
   * @param {Job<Run>} job
   * @param {string} [token]
   */
  return async (job, token) => {
    for (;;) {
      /** @type {Result | undefined} */
      let result;
      let damaged = 0;
      for (const range of rangesOf(job.data)) {
        try {
          const part = await readAnswer(range);
          result = result ? merge(result, part) : part;
        } catch (error) {
          await repeat(range, error);
          damaged++;
        }
      }
      if (result && !damaged) {
        await connection.set(names.result, Buffer.from(result.toBytes()), 'EX', KEEP);
        return;
      }
      if (await job.moveToWaitingChildren(token ?? '')) throw new WaitingChildrenError();
    }
  };
}
