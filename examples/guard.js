/**
 * Ends a server when the program that started it has ended without doing so, as after `kill -9`.
 *
 * This file is also the program that waits for that: `node guard.js PID [FOLDER]`. Its stdin is a pipe, which the
 * system closes when the other end is gone.
 */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FILE = fileURLToPath(import.meta.url);

/**
 * @param {import('node:child_process').ChildProcess} server
 * @param {string} [folder] is deleted then
 */
export function guard(server, folder) {
  if (server.pid === undefined) return;
  const args = [FILE, `${server.pid}`, ...(folder === undefined ? [] : [folder])];
  // Detached, so that Ctrl-C in a terminal does not end it.
  const waiting = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  waiting.unref();
  // The number of a process that has ended may become that of another.
  server.once('exit', () => waiting.kill());
}

if (process.argv[1] === FILE) {
  const [pid, folder] = process.argv.slice(2);
  process.stdin.resume().once('close', () => {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It has ended.
    }
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });
}
