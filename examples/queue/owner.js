/** A run has one owner: the process whose token is in Redis. The token expires unless its process renews it. */
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { PATIENCE, within } from './queue.js';

/** ms after which a run whose process was killed has no owner. A live owner ends its run if Redis is away longer. */
const LEASE = PATIENCE;

/** ms between two renewals. */
const RENEW = 1000;

/** ms between two looks at the token of another process. */
const POLL = 50;

/** Stores the token if there is none or it is the same one. Otherwise, how long the other one lasts, in ms. */
const HOLD = `
  local owner = redis.call('GET', KEYS[1])
  if owner and owner ~= ARGV[1] then return redis.call('PTTL', KEYS[1]) end
  return redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])`;

export class Owner {
  /** @private */
  token = randomUUID();
  /** @private @type {NodeJS.Timeout | undefined} */
  timer;
  /** @private @type {(reason: Error) => void} */
  fail = () => {};

  /**
   * @param {import('ioredis').Redis} connection
   * @param {string} run
   * @param {string} key
   */
  constructor(connection, run, key) {
    this.connection = connection;
    this.run = run;
    this.key = key;
    /** Rejects if another process has become the owner, for example while this one was suspended. */
    this.lost = /** @type {Promise<never>} */ (
      new Promise((_, reject) => {
        this.fail = reject;
      })
    );
    this.lost.catch(() => {});
  }

  /**
   * Becomes the owner, once the token of a process that was killed has expired.
   *
   * @param {AbortSignal} [signal]
   * @param {(time: number) => void} [onWait] called if there is another token, with the ms that it lasts
   * @throws {Error} (as a rejection) if another process renews its token, or if `signal` aborts
   */
  async take(signal, onWait) {
    let last = Number.POSITIVE_INFINITY;
    for (;;) {
      const left = await within(this.hold());
      signal?.throwIfAborted();
      if (left === 0) break;
      if (left > last) {
        throw new Error(`the run ${this.run} has an owner, which lives: wait for its end, or choose another name`);
      }
      if (last === Number.POSITIVE_INFINITY) onWait?.(left);
      last = left;
      await setTimeout(POLL, undefined, { signal });
    }
    this.timer = setInterval(async () => {
      // `within` of the run notices a Redis that is away.
      const left = await this.hold().catch(() => 0);
      if (left > 0) this.fail(new Error(`another process has taken over the run ${this.run}`));
    }, RENEW);
  }

  /** @returns {Promise<number>} 0 if this process is the owner, otherwise the ms that the token of another one lasts */
  async hold() {
    const answer = await this.connection.eval(HOLD, 1, this.key, this.token, LEASE);
    return answer === 'OK' ? 0 : Math.max(1, Number(answer));
  }

  /** Ends the renewal. @param {() => Promise<unknown>} [work] done before the token is removed, if it is still there */
  async release(work) {
    clearInterval(this.timer);
    if ((await this.hold()) > 0) return;
    await work?.();
    await this.connection.unlink(this.key);
  }
}
