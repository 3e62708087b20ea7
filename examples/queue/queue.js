/** What the program and its workers agree on: names of queues and keys, times, and the connection to Redis. */
import { setTimeout } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { MODEL } from './model.js';

/**
 * ms after which a silent worker loses its range. A live worker renews its lock every half of this time, so it has to
 * be longer than one sample takes. BullMQ's default is 30,000.
 */
export const LOCK = 3000;

/** ms between two searches for ranges whose worker is silent. */
export const CHECK = 1000;

/** How often a range may lose its worker. BullMQ's default is 1. */
export const MAX_LOST = 10;

/** The run fails when one range has failed this many times. */
export const ATTEMPTS = 3;

/** ms that Redis may take to answer, and to return after a restart. */
export const PATIENCE = 10_000;

/** Seconds after which Redis removes batches and answers that no program has removed. */
export const KEEP = 24 * 60 * 60;

/**
 * A range of samples: the data of a job.
 *
 * @typedef {{ from: number, to: number, seed: string, batch: string }} Range without `to`; `batch` is a digest
 */

/**
 * The names of a run. All keys start with `prefix`.
 *
 * @param {string} run
 */
export function namesOf(run) {
  const prefix = `dropout-wasm:${run}`;
  return {
    prefix,
    ranges: `ranges-${MODEL}`,
    merge: 'merge',
    batch: `${prefix}:batch`,
    result: `${prefix}:result`,
    owner: `${prefix}:owner`,
    /** @param {{ from: number, to: number }} range */
    answer: ({ from, to }) => `${prefix}:answer:${from}-${to}`,
  };
}

/** @param {{ from: number, to: number }} range */
export const nameOf = ({ from, to }) => (to - from === 1 ? `sample ${from}` : `samples ${from} to ${to - 1}`);

/**
 * @param {string} url
 * @param {AbortSignal} [signal]
 * @returns {Promise<Redis>} a connection that reconnects whenever it is lost
 * @throws {Error} (as a rejection) if no Redis answers there, or if it may evict keys; or the reason of `signal`
 */
export async function connect(url, signal) {
  const shown = checkUrl(url);
  let isReady = false;
  const connection = new Redis(url, {
    lazyConnect: true,
    // As BullMQ demands: its workers wait for a Redis that is away.
    maxRetriesPerRequest: null,
    retryStrategy: (times) => (isReady ? Math.min(100 * times, 1000) : null),
  });
  /** @type {NodeJS.ErrnoException | undefined} */
  let reason;
  connection.on('error', (error) => {
    reason = error;
  });
  const stop = () => connection.disconnect();
  signal?.addEventListener('abort', stop);
  try {
    await within(connection.connect());
    const policy = /maxmemory_policy:(\S+)/.exec(await within(connection.info('memory')))?.[1];
    if (policy && policy !== 'noeviction') {
      throw new Error(`it may evict jobs. Remedy: redis-cli config set maxmemory-policy noeviction (now ${policy})`);
    }
  } catch (error) {
    connection.disconnect();
    signal?.throwIfAborted();
    const { message, code } = reason ?? /** @type {NodeJS.ErrnoException} */ (error);
    throw new Error(`Redis at ${shown}: ${message || code}`);
  } finally {
    signal?.removeEventListener('abort', stop);
  }
  isReady = true;
  return connection;
}

/**
 * @param {string} url
 * @returns {string} the URL without its password
 */
function checkUrl(url) {
  const shown = URL.canParse(url) ? new URL(url) : undefined;
  if (!shown || !/^rediss?:$/.test(shown.protocol) || !shown.hostname) {
    throw new RangeError('--redis or REDIS_URL takes a URL such as redis://127.0.0.1:6379');
  }
  shown.password = '';
  return String(shown);
}

/**
 * @template T
 * @param {Promise<T>} answer
 * @param {number} [patience] ms
 * @returns {Promise<T>}
 * @throws {Error} (as a rejection) if the answer takes longer
 */
export async function within(answer, patience = PATIENCE) {
  const controller = new AbortController();
  const { signal } = controller;
  const tooLate = setTimeout(patience, undefined, { signal }).then(() => {
    throw new Error(`no answer from Redis for ${patience / 1000} s`);
  });
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    tooLate.catch(() => {});
    controller.abort();
  }
}

/**
 * The name of a run, which is part of the names of its keys.
 *
 * @param {string} text
 */
export function runName(text) {
  if (!/^[\w-]{1,64}$/.test(text)) {
    throw new RangeError(`--run takes up to 64 letters, digits, _ and -, but got "${text}"`);
  }
  return text;
}
