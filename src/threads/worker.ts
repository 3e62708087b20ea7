/**
 * The program of a worker: waits for jobs in shared memory and takes its part of them. It keeps nothing and imports
 * nothing.
 * @module
 */
import {
  type Answer,
  type Assignment,
  AWAKE,
  bind,
  type Call,
  callsOf,
  END,
  functionsOf,
  JOB,
  State,
  stateOf,
  takeCalls,
} from './queue.js';

/** What Web Workers have globally and those of Node in a module, which no import has to name. */
interface Port {
  postMessage(answer: Answer): void;
  addEventListener?(type: 'message', listener: (event: { data: Assignment }) => void, options: { once: true }): void;
  once?(type: 'message', listener: (data: Assignment) => void): void;
  close?(): void;
}

interface NodeProcess {
  getBuiltinModule?(name: string): { parentPort: Port | null } | undefined;
}

const { process, self } = globalThis as unknown as { process?: NodeProcess; self?: Port };

const port: Port =
  typeof self?.postMessage === 'function' ? self : process!.getBuiltinModule!('node:worker_threads')!.parentPort!;

function work({ modules, memory, control, worker, workers }: Assignment): void {
  const words = new Int32Array(control);
  const calls = callsOf(control, workers);
  const state = stateOf(worker);
  let functions: readonly Call[];
  try {
    functions = functionsOf(bind(modules, memory));
  } catch (error) {
    port.postMessage({ error: String(error) });
    return;
  }
  port.postMessage({});
  let job = Atomics.load(words, JOB);
  while (!Atomics.load(words, END)) {
    if (job & 1) {
      Atomics.store(words, state, State.AtWork);
      let after = State.Failed;
      try {
        if (Atomics.load(words, JOB) === job) takeCalls(words, calls, functions);
        after = State.Awake;
      } finally {
        Atomics.store(words, state, after);
        Atomics.notify(words, state);
      }
    }
    const end = performance.now() + AWAKE;
    do for (let i = 0; i < 100 && Atomics.load(words, JOB) === job; i++);
    while (Atomics.load(words, JOB) === job && performance.now() < end);
    if (Atomics.load(words, JOB) === job) {
      // Whoever opens a job after this wakes us, and if one was opened before, this does not wait.
      Atomics.store(words, state, State.Asleep);
      Atomics.wait(words, JOB, job);
      Atomics.store(words, state, State.Awake);
    }
    job = Atomics.load(words, JOB);
  }
  port.close?.();
}

if (port.once) port.once('message', work);
else port.addEventListener!('message', ({ data }) => work(data), { once: true });
