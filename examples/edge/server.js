/** Starts workerd or Deno on loopback, and ends it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { guard } from '../guard.js';

const require = createRequire(import.meta.url);
const folder = fileURLToPath(new URL('.', import.meta.url));

/** The configurations in workerd.capnp. */
const CONFIGS = new Map([
  [1, 'one'],
  [2, 'two'],
  [4, 'four'],
]);

/**
 * @typedef {object} Options
 * @property {'workerd' | 'deno'} runtime
 * @property {number} isolates 1, 2 or 4. In workerd they share the samples of a request; in Deno they are threads, each
 *   of which answers requests of its own
 * @property {number} port 0 for any that is free
 */

/**
 * @param {Options} options
 * @returns {Promise<{ url: string, ended: Promise<string>, stop: () => Promise<unknown> }>} when it listens. `ended`
 *   fulfills with the reason when the server has ended, and `stop` ends it
 * @throws {Error} (as a rejection) if it does not start
 */
export async function startServer({ runtime, isolates, port }) {
  await checkFree(port);
  const server = runtime === 'workerd' ? startWorkerd(isolates, port) : startDeno(isolates, port);
  guard(server);
  /** @type {Promise<string>} */
  const ended = new Promise((resolve) => {
    server.once('error', ({ message }) => resolve(message));
    server.once('close', (code, signal) => resolve(`${runtime} ended with ${signal ?? code}`));
  });
  const stop = () => {
    // At SIGTERM Deno would wait for clients that do not finish their requests.
    server.kill('SIGKILL');
    return ended;
  };
  const lines = createInterface(/** @type {import('node:stream').Readable} */ (server.stdio[3] ?? server.stderr));
  const listening = new Promise((resolve) => {
    lines.on('line', (line) => {
      const found = line.match(/"port":(\d+)|Listening on http:\/\/127\.0\.0\.1:(\d+)/);
      if (found) resolve(found[1] ?? found[2]);
      else console.error(line);
    });
  });
  const failed = ended.then((reason) => Promise.reject(new Error(reason)));
  return { url: `http://127.0.0.1:${await Promise.race([listening, failed])}/`, ended, stop };
}

/** @param {number} isolates @param {number} port */
function startWorkerd(isolates, port) {
  // It reports its port on descriptor 3.
  const args = [`--socket-addr=http=127.0.0.1:${port}`, '--control-fd=3'];
  return spawn(require('workerd').default, ['serve', 'workerd.capnp', `${CONFIGS.get(isolates)}`, ...args], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
  });
}

/** @param {number} isolates @param {number} port */
function startDeno(isolates, port) {
  // Not bin.cjs, which would leave Deno running when it is ended.
  const program = require('deno/install_api.cjs').runInstall();
  const args = [
    '--no-config',
    '--no-lock',
    '--no-prompt',
    '--unstable-no-legacy-abort',
    '--host',
    '127.0.0.1',
    '--port',
    `${port}`,
  ];
  return spawn(program, ['serve', ...args, ...(isolates > 1 ? ['--parallel'] : []), 'build/deno/worker.js'], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'pipe'],
    env: { ...process.env, DENO_JOBS: `${isolates}`, DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' },
  });
}

/**
 * Checks that the port is free: if not, workerd and Deno would print a stack, and two servers of Deno would share it.
 *
 * @param {number} port
 * @throws {Error} (as a rejection) if it is not
 */
async function checkFree(port) {
  const probe = createServer().listen(port, '127.0.0.1');
  try {
    await once(probe, 'listening');
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    const reason = code === 'EADDRINUSE' ? 'is in use' : `cannot be used (${code})`;
    throw new Error(`port ${port} ${reason}: choose another one with --port, or 0 for any that is free`);
  }
  probe.close();
  await once(probe, 'close');
}
