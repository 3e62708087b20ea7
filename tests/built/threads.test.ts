/** The built entry dropout-wasm/threads in Node: it starts its workers and lets the process exit. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = (code: string) =>
  promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], { timeout: 60_000 });

const program = (options: string, end: string) => `
  import { Worker } from 'node:worker_threads';
  import { SharedArena } from 'dropout-wasm/threads';
  import { dropout } from 'dropout-wasm';
  const expected = dropout(new Float32Array(2 ** 20).fill(1), { p: 0.5, key: 1n });
  const arena = await SharedArena.create({ bytes: 2 ** 23, threads: 3, timeout: 30_000, ${options} });
  const x = arena.float32(2 ** 20).fill(1);
  const y = dropout(x, { p: 0.5, key: 1n });
  console.log(arena.threads, y.buffer === arena.memory.buffer, y.every((v, i) => v === expected[i]));
  ${end}`;

it.each([
  ["worker: 'url'"],
  ["worker: 'blob'"],
  ["spawn: () => new Worker(new URL(import.meta.resolve('dropout-wasm/threads/worker.js')), { execArgv: [] })"],
])('the process exits, with and without close(): %s', async (options) => {
  expect((await run(program(options, ''))).stdout).toBe('3 true true\n');
  expect((await run(program(options, 'arena.close();'))).stdout).toBe('3 true true\n');
});

it('the package exports the worker and the shared kernel', () => {
  for (const path of ['dropout-wasm/threads/worker.js', 'dropout-wasm/kernel.shared.wasm'])
    expect(import.meta.resolve(path)).toMatch(/dist/);
});
