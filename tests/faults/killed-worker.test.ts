/**
 * A worker that ends at every step of its program: while it starts, while it joins a job, at its piece, when it has done
 * it, and while it spins or sleeps. The step itself ends the worker. One that holds a piece is missed
 * when the arena's timeout has passed.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Dropout, dropout } from 'dropout-wasm';
import { SharedArena } from 'dropout-wasm/threads';
import { afterEach, describe, expect, it } from 'vitest';
import { workerSource } from '../../src/threads/inlined.js';
import { END, JOB, NEXT, State } from '../../src/threads/queue.js';
import { expectSameBits } from '../support/expect.js';

/** Stands before the program of a worker, and ends the thread before or after the n-th time that it is at a step. */
const ENDING = `
  const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads');
  const { when, step, nth, words, states, armed } = workerData;
  const { load } = Atomics;
  let left = nth;
  const at = (name, call) => {
    const isStep = name === step && load(armed, 0) && --left === 0;
    if (isStep && when === 'before') process.exit(9);
    const result = call();
    if (isStep) process.exit(9);
    return result;
  };
  for (const name of ['load', 'add', 'store', 'compareExchange', 'notify', 'wait']) {
    const real = Atomics[name];
    Atomics[name] = (array, index, ...rest) => {
      const which = name === 'store' ? states[rest[0]] : (words[index] ?? 'STATE');
      return at(name + ' ' + which, () => real(array, index, ...rest));
    };
  }
  for (const name of ['Module', 'Instance']) {
    const Real = WebAssembly[name];
    WebAssembly[name] = function (...args) {
      const made = at(name, () => new Real(...args));
      if (name === 'Module') return made;
      const calls = Object.entries(made.exports).map(([name, call]) => [name, (...args) => at('kernel', () => call(...args))]);
      return { exports: Object.fromEntries(calls) };
    };
  }
  const post = parentPort.postMessage.bind(parentPort);
  parentPort.postMessage = (answer) => at('answer', () => post(answer));
  post('loaded');
`;

const WORDS = { [JOB]: 'JOB', [NEXT]: 'NEXT', [END]: 'END' };
const BOTH = ['before', 'after'] as const;

/** Steps of the start, of which none lets the worker answer. */
const STARTING: [when: string, step: string, nth: number][] = [
  ...[1, 2, 3, 4].flatMap((nth) =>
    ['Module', 'Instance'].map((step): [string, string, number] => ['before', step, nth]),
  ),
  ['after', 'Instance', 4],
  ...BOTH.map((when): [string, string, number] => [when, 'compareExchange STATE', 1]),
  ['before', 'answer', 1],
];

/** Steps in which the worker waits for a job, takes part in one, and leaves it. */
const WORKING: [when: string, step: string, nth: number][] = [
  ...['store Asleep', 'wait JOB', 'store Awake', 'store AtWork', 'add NEXT', 'kernel', 'notify STATE'].flatMap((step) =>
    BOTH.map((when): [string, string, number] => [when, step, 1]),
  ),
  ['before', 'kernel', 3],
];

const n = 2 ** 20;
const arenas: SharedArena[] = [];
const running = new Set<Worker>();

function startWorker(program: string, workerData?: unknown): Worker {
  const url = new URL(`data:text/javascript,${encodeURIComponent(program)}`);
  const worker = new Worker(url, { execArgv: [], workerData });
  running.add(worker.on('exit', () => running.delete(worker)));
  return worker;
}

/** An arena with two workers, of which one may end. */
async function create(ending?: Worker): Promise<SharedArena> {
  const loaded = `process.getBuiltinModule('node:worker_threads').parentPort.postMessage('loaded');`;
  const start = () => startWorker(`${loaded}\n${workerSource}`);
  const workers = [ending ?? start(), start()];
  // The timeout limits the start too, so that workers are handed over only when they run.
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const arena = await SharedArena.create({ bytes: 8 * n, threads: 3, spawn: () => workers.pop()!, timeout: 2000 });
  arenas.push(arena);
  return arena;
}

/** @param armed 1 once the steps count */
const startEnding = (armed: Int32Array, when: string, step: string, nth: number): Worker =>
  startWorker(`${ENDING}\n${workerSource}`, { when, step, nth, words: WORDS, states: { ...State }, armed });

const flag = (value: number) => new Int32Array(new SharedArrayBuffer(4)).fill(value);

const exited = (worker: Worker): Promise<unknown[]> => once(worker, 'exit');

const expected = (position: number) =>
  dropout(new Float32Array(n).fill(1), { p: 0.5, key: new Dropout(0.5, { seed: 42 }).generator.keyAt(position) });

afterEach(async () => {
  for (const arena of arenas.splice(0)) arena.close();
  await Promise.all([...running].map((worker) => worker.terminate()));
});

describe('create rejects, and the next one is right, if a worker ends', () => {
  it.each(STARTING)('%s %s, number %i', async (...step) => {
    const ending = startEnding(flag(1), ...step);
    const exit = exited(ending);
    await expect(create(ending)).rejects.toThrow(/did not start: it exited with code 9/);
    expect(await exit).toEqual([9]);
    const arena = await create();
    const x = arena.float32(n).fill(1);
    expectSameBits(dropout(x, { p: 0.5, key: new Dropout(0.5, { seed: 42 }).generator.keyAt(0), out: x }), expected(0));
    expect(arena.threads).toBe(3);
  });
});

describe('one call throws, and all others are right, if a worker ends', () => {
  it.each(WORKING)('%s %s, number %i', async (...step) => {
    const armed = flag(0);
    const ending = startEnding(armed, ...step);
    const exit = exited(ending);
    let code: unknown;
    exit.then(([value]) => {
      code = value;
    });
    const arena = await create(ending);
    // A worker that ends earlier is one that did not start.
    Atomics.store(armed, 0, 1);
    const [x, out] = [arena.float32(n).fill(1), arena.float32(n)];
    const layer = new Dropout(0.5, { seed: 42 });
    const errors: string[] = [];
    let forwards = 0;
    const forward = () => {
      out.fill(9);
      layer.forward(x, out);
      expectSameBits(out, expected(forwards++));
    };
    // A worker that sleeps is woken by a call of this size, and each turn of the loop lets the exit be noticed.
    while (errors.length === 0) {
      try {
        forward();
      } catch (error) {
        errors.push((error as Error).message);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    await exit;
    expect(errors[0]).toMatch(
      /^a worker of the SharedArena (was lost: it exited with code 9|did not finish its piece within 2000 ms: .*)\. Later calls run on one thread$/,
    );
    expect(code).toBe(9);
    expect(layer.generator.position).toBe(forwards);
    expect(arena.threads).toBe(1);
    for (let i = 0; i < 3; i++) forward();
    await Promise.all([...running].map(exited));
    forward();
    expect(layer.generator.position).toBe(forwards);
    expect(x.every((value) => value === 1)).toBe(true);
  });
});
