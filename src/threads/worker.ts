/**
 * The program of a worker: it waits for jobs in shared memory and does its share of them. It has no state and no
 * imports at run time.
 * @module
 */
import {
  AWAKE,
  bind,
  type Call,
  callsOf,
  clock,
  END,
  functionsOf,
  type InitMessage,
  JOB,
  PROTOCOL,
  type ReadyMessage,
  State,
  stateOf,
  takeCalls,
} from './queue.js';

/** The global scope of a Web Worker, or the parentPort of node:worker_threads, which is looked up without an import. */
interface Port {
  postMessage(answer: ReadyMessage): void;
  addEventListener?(type: 'message', listener: (event: { data: unknown }) => void): void;
  on?(type: 'message', listener: (data: unknown) => void): void;
  close?(): void;
}

interface NodeProcess {
  getBuiltinModule?(name: string): { parentPort: Port | null } | undefined;
}

const { process, self } = globalThis as unknown as { process?: NodeProcess; self?: Port };

const port: Port =
  typeof self?.postMessage === 'function' ? self : process!.getBuiltinModule!('node:worker_threads')!.parentPort!;

function work({ modules, memory, control, worker, workers }: InitMessage): void {
  const words = new Int32Array(control);
  const calls = callsOf(control, workers);
  const state = stateOf(worker);
  let functions: readonly Call[];
  try {
    functions = functionsOf(bind(modules, memory));
  } catch (error) {
    port.postMessage({ protocol: PROTOCOL, error: String(error) });
    return;
  }
  // A slow start may have a second worker beside it. The one that comes too late must not touch the state.
  if (Atomics.compareExchange(words, state, State.Vacant, State.Awake) !== State.Vacant) {
    port.close?.();
    return;
  }
  port.postMessage({ protocol: PROTOCOL });
  const time = clock();
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
    const end = time.now() + AWAKE;
    do for (let i = 0; i < 100 && Atomics.load(words, JOB) === job; i++);
    while (Atomics.load(words, JOB) === job && time.now() < end);
    if (Atomics.load(words, JOB) === job) {
      // A job opened after the store wakes this worker. If one was opened before, the wait returns at once.
      Atomics.store(words, state, State.Asleep);
      Atomics.wait(words, JOB, job);
      Atomics.store(words, state, State.Awake);
    }
    job = Atomics.load(words, JOB);
  }
  port.close?.();
}

/** Programs that wrap this one may receive messages of their own. */
function receive(message: unknown): void {
  if ((message as Partial<InitMessage> | null)?.protocol === PROTOCOL) work(message as InitMessage);
}

if (port.on) port.on('message', receive);
else port.addEventListener!('message', ({ data }) => receive(data));
