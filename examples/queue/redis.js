/** Starts a Redis for this program: on a free port of this machine, without files, until the program ends. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { guard } from '../guard.js';

const MISSING = [
  'redis-server is not installed: apt-get install redis-server (Debian), brew install redis (macOS)',
  'or docker run --rm -p 6379:6379 redis, and then --redis redis://127.0.0.1:6379',
].join(', ');

/** Attempts to start Redis: another program may take the free port before Redis does. */
const TRIES = 3;

/**
 * @param {() => void} onEnd called when Redis ends before `stop`
 * @returns {Promise<{ url: string, stop: () => Promise<void> }>}
 * @throws {Error} (as a rejection) if it is not installed, or ends at once
 */
export async function startRedis(onEnd) {
  const folder = await mkdtemp(join(tmpdir(), 'redis-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    for (let tries = 1; ; tries++) {
      const port = await freePort();
      const [server, reason] = await start(port, folder);
      if (reason === undefined) {
        server.once('exit', onEnd);
        const stop = async () => {
          server.off('exit', onEnd);
          // Without files to write, it needs no time to end.
          if (server.exitCode === null && server.signalCode === null && server.kill('SIGKILL'))
            await once(server, 'exit');
          await remove();
        };
        return { url: `redis://127.0.0.1:${port}`, stop };
      }
      if (tries === TRIES) throw new Error(`redis-server has ended: ${reason}`);
    }
  } catch (error) {
    await remove();
    throw /** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT' ? new Error(MISSING) : error;
  }
}

/**
 * @param {number} port
 * @param {string} folder
 * @returns {Promise<[server: import('node:child_process').ChildProcess, reason?: string]>} a reason if it has ended
 */
async function start(port, folder) {
  const options = {
    bind: '127.0.0.1',
    port,
    dir: folder,
    save: '',
    appendonly: 'no',
    // A queue that loses keys loses jobs.
    'maxmemory-policy': 'noeviction',
  };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  // Detached, so that Ctrl-C in a terminal does not end it before this program has.
  const server = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  guard(server, folder);
  let log = '';
  const isReady = new Promise((resolve) => {
    server.stdout.on('data', (data) => {
      log += data;
      if (log.includes('Ready to accept connections')) resolve(true);
    });
  });
  const hasEnded = once(server, 'close').then(() => false);
  return (await Promise.race([isReady, hasEnded])) ? [server] : [server, log.trim().split('\n').at(-1) ?? ''];
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  server.close();
  await once(server, 'close');
  return port;
}
