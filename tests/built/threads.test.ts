/** The built entry dropout-wasm/threads in Node: it starts its workers and lets the process exit. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { Script } from 'node:vm';
import { expect, it } from 'vitest';
import { workerSource } from '../../src/threads/inlined.js';

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

it('worker.js and its inlined source run as classic scripts too', () => {
  const file = readFileSync(new URL('../../dist/threads/worker.js', import.meta.url), 'utf8');
  for (const source of [file, workerSource]) {
    expect(() => new Script(source)).not.toThrow();
    expect(source).not.toMatch(/\b(import|importScripts|require)\b *[('"{*]/);
  }
});

it('the class keeps its name in the bundle', async () => {
  const { stdout } = await run(`
    import { SharedArena } from 'dropout-wasm/threads';
    const arena = await SharedArena.create({ bytes: 64, threads: 1 });
    console.log(SharedArena.name, arena.constructor.name, String(arena));`);
  expect(stdout).toBe('SharedArena SharedArena SharedArena(64 bytes, 64 free, threads=1)\n');
});

it('calls give the right bits after Ctrl-C in the REPL, which terminates a call without running `finally`', async () => {
  // Another thread sends the signal, since this one is busy. The REPL runs its lines with breakOnSigint.
  const { stdout } = await run(`
    import { Worker } from 'node:worker_threads';
    import { runInThisContext } from 'node:vm';
    import { SharedArena } from 'dropout-wasm/threads';
    import { dropout } from 'dropout-wasm';
    const n = 2 ** 22;
    const arena = await SharedArena.create({ bytes: 2 ** 26, threads: 3, timeout: 30_000 });
    const x = arena.float32(n).fill(1);
    const out = arena.float32(n);
    const expected = dropout(new Float32Array(n).fill(1), { p: 0.5, key: 1n });
    globalThis.call = () => dropout(x, { p: 0.5, key: 1n, out });
    let interrupted = 0;
    let wrong = 0;
    for (let round = 0; round < 10; round++) {
      const code = 'setTimeout(() => process.kill(process.pid, "SIGINT"), ' + (30 + 3 * round) + ')';
      new Worker(code, { eval: true });
      try {
        runInThisContext('for (;;) call();', { breakOnSigint: true });
      } catch (error) {
        if (error.code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED') interrupted++;
      }
      for (let i = 0; i < 5; i++) {
        out.fill(9);
        call();
        if (Buffer.compare(Buffer.from(out.buffer, out.byteOffset, 4 * n), Buffer.from(expected.buffer)) !== 0) wrong++;
      }
    }
    console.log(interrupted, wrong, arena.threads);`);
  expect(stdout).toBe('10 0 3\n');
});
