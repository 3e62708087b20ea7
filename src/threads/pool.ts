/**
 * The calling thread's side of a job: lists its calls, takes its share, waits for those that others have begun.
 * @module
 */
import {
  CALL,
  type Call,
  COUNT,
  callsOf,
  END,
  type Exports,
  type Fn,
  functionsOf,
  JOB,
  MOST,
  NEXT,
  State,
  stateOf,
  takeCalls,
} from './queue.js';
import type { WorkerLike } from './spawn.js';

/**
 * Elements that are worth sharing with workers that are awake, and that are worth waking them: 20 and 105 µs of one
 * thread's work. `npm run bench -- --only threads-2-vs-1` shows where it crosses over: with 65536 for both, jobs up to
 * 524288 took up to 10 µs longer than alone, which is what it takes to wake a thread; from 1048576 on they took half.
 */
const WORTH = 131072;
const WAKE = 786432;

/** Looks at a worker's state before sleeping on it: some 20 µs, more than the rest of a call takes. */
const LOOKS = 2000;

export class Team {
  readonly #words: Int32Array;
  readonly #calls: Float64Array;
  readonly #functions: readonly Call[];
  readonly #timeout: number;
  readonly #sleeps: boolean;
  #workers: WorkerLike[] = [];
  #lost: string | undefined;
  #count = 0;
  #elements = 0;
  #depth = 0;

  constructor(exports: Exports, control: SharedArrayBuffer, workers: number, timeout: number) {
    this.#words = new Int32Array(control);
    this.#calls = callsOf(control, workers);
    this.#functions = functionsOf(exports);
    this.#timeout = timeout;
    this.#sleeps = maySleep(this.#words);
  }

  get threads(): number {
    return 1 + this.#workers.length;
  }

  /**
   * Whether so many elements are worth a job now, or one is listed already.
   * @throws Error, once, if a worker was lost since the latest call
   */
  worth(elements: number): boolean {
    this.#check();
    return this.#depth > 0 || this.#shares(elements);
  }

  /** A worker that is ready, or was until it was lost again. */
  join(worker: WorkerLike): void {
    this.#workers.push(worker);
  }

  /** One is gone: the next call says so, and those after it are made by the calling thread alone. */
  lose(worker: WorkerLike, reason: string): void {
    if (this.#workers.includes(worker)) this.#lost ??= reason;
  }

  /** Ends the workers. */
  end(): void {
    Atomics.store(this.#words, END, 1);
    Atomics.add(this.#words, JOB, 2);
    Atomics.notify(this.#words, JOB);
    for (const worker of this.#workers.splice(0)) worker.terminate();
  }

  #check(): void {
    if (this.#lost === undefined) return;
    const reason = this.#lost;
    this.#lost = undefined;
    this.end();
    throw new Error(`a worker of the SharedArena was lost: ${reason}. Calls from now on are made by one thread`);
  }

  /** Makes all the calls that `list` adds. */
  job(list: () => void): void {
    this.#check();
    this.#depth++;
    try {
      list();
      if (this.#depth === 1) this.#run();
    } finally {
      this.#depth--;
      if (this.#depth === 0) this.#count = this.#elements = 0;
    }
  }

  /** Adds a call that writes so many elements. */
  add(elements: number, fn: Fn, ...args: number[]): void {
    if (this.#count === MOST) this.#run();
    const at = CALL * this.#count++;
    this.#calls[at] = fn;
    this.#calls.set(args, at + 1);
    this.#elements += elements;
  }

  #run(): void {
    const words = this.#words;
    Atomics.store(words, NEXT, 0);
    Atomics.store(words, COUNT, this.#count);
    const shared = this.#count > 1 && this.#shares(this.#elements);
    const helpers = this.#count - 1;
    this.#count = this.#elements = 0;
    if (!shared) {
      takeCalls(words, this.#calls, this.#functions);
      return;
    }
    Atomics.add(words, JOB, 1);
    const awake = this.#awake();
    if (awake < Math.min(helpers, this.#workers.length)) Atomics.notify(words, JOB, helpers - awake);
    takeCalls(words, this.#calls, this.#functions);
    Atomics.add(words, JOB, 1);
    const failed = this.#workers.map((_, i) => this.#wait(stateOf(i))).filter((reason) => reason !== undefined);
    if (failed.length === 0) return;
    this.end();
    throw new Error(
      `a worker of the SharedArena ${failed[0]}: the result of this call is incomplete, and so is x if it was to be ` +
        'written over. Calls from now on are made by one thread',
    );
  }

  /** Whether workers are to take part. */
  #shares(elements: number): boolean {
    if (elements < WORTH || this.#workers.length === 0) return false;
    return elements >= WAKE || this.#awake() > 0;
  }

  #awake(): number {
    let awake = 0;
    for (let i = 0; i < this.#workers.length; i++) if (Atomics.load(this.#words, stateOf(i)) !== State.Asleep) awake++;
    return awake;
  }

  /** Waits until a worker is idle; returns what became of it if it does not get there. */
  #wait(at: number): string | undefined {
    const words = this.#words;
    let state = Atomics.load(words, at);
    for (let i = 0; state === State.AtWork && i < LOOKS; i++) state = Atomics.load(words, at);
    const end = performance.now() + this.#timeout;
    while (state === State.AtWork) {
      const left = end - performance.now();
      if (left <= 0) return `did not finish its piece within ${this.#timeout} ms`;
      if (this.#sleeps) Atomics.wait(words, at, State.AtWork, left);
      state = Atomics.load(words, at);
    }
    return state === State.Failed ? 'failed at its piece' : undefined;
  }
}

/** Whether this thread may sleep: the main thread of a page may not. */
function maySleep(words: Int32Array): boolean {
  try {
    return Atomics.wait(words, JOB, -1) === 'not-equal';
  } catch {
    return false;
  }
}
