/** The worker processes of main.js. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('worker.js', import.meta.url));

/**
 * @typedef {object} Progress of the range that a worker computes
 * @property {number} worker its index, from 0
 * @property {number} pid of its process
 * @property {number} from
 * @property {number} to
 * @property {number} done samples
 */

/**
 * Starts workers, and another one for each that ends.
 *
 * @param {object} options
 * @param {number} options.count
 * @param {string} options.url of Redis
 * @param {string} options.run
 * @param {((progress: Progress) => void) | undefined} options.onSample
 * @returns {{ ready: Promise<unknown>, failed: Promise<never>, end: () => Promise<void> }} `ready` fulfills when all
 *   workers wait for ranges, `failed` rejects if one cannot start
 */
export function startWorkers({ count, url, run, onSample }) {
  /** @type {Set<import('node:child_process').ChildProcess>} */
  const children = new Set();
  let isOver = false;
  /** @type {(reason: Error) => void} */
  let fail;
  const failed = /** @type {Promise<never>} */ (
    new Promise((_, reject) => {
      fail = reject;
    })
  );
  failed.catch(() => {});

  /** @param {number} worker @param {() => void} [onReady] */
  const start = (worker, onReady) => {
    const child = fork(SCRIPT, ['--run', run], {
      // The URL may contain a password, and everybody can read the arguments of a process.
      env: { ...process.env, REDIS_URL: url },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    children.add(child);
    let isReady = false;
    let errors = '';
    child.stderr?.on('data', (data) => {
      errors = `${errors}${data}`.slice(-1000);
    });
    child.on('message', (message) => {
      if (message === 'ready') {
        isReady = true;
        onReady?.();
      } else onSample?.({ worker, pid: child.pid, .../** @type {any} */ (message) });
    });
    child.on('error', fail);
    child.on('close', (code, signal) => {
      children.delete(child);
      if (isOver) return;
      if (isReady) start(worker);
      else fail(new Error(`a worker did not start: ${errors.trim().split('\n').at(-1) || (signal ?? `code ${code}`)}`));
    });
  };

  const ready = Array.from({ length: count }, (_, worker) => new Promise((resolve) => start(worker, () => resolve(0))));
  const end = async () => {
    isOver = true;
    await Promise.all(
      Array.from(children, async (child) => {
        // Nobody waits for the range that it computes.
        if (child.kill('SIGKILL')) await once(child, 'close');
      }),
    );
  };
  return { ready: Promise.all(ready), failed, end };
}
