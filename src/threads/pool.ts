/**
 * The calling thread's side of a job: it queues calls, does its share of them, and waits for the workers to finish.
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
  MAX_CALLS,
  NEXT,
  State,
  stateOf,
  takeCalls,
} from './queue.js';
import type { WorkerLike } from './spawn.js';

/**
 * The fewest elements for which a job is shared with workers that are awake, and for which sleeping workers are woken:
 * 20 and 105 µs of one thread's work. `npm run bench -- --only threads-2-vs-1` shows the crossover: with 65,536 for
 * both, jobs up to 524,288 took up to 10 µs longer than on one thread, the time to wake a thread; from 1,048,576 on
 * they took half.
 */
const MIN_SHARED = 131072;
const MIN_WAKING = 786432;

/** Polls of a worker's state before the caller sleeps on it: some 20 µs, more than the rest of a call takes. */
const SPINS = 2000;

export class WorkerPool {
  private readonly words: Int32Array;
  private readonly calls: Float64Array;
  private readonly functions: readonly Call[];
  private readonly maySleep: boolean;
  private workers: WorkerLike[] = [];
  private lost: string | undefined;
  private count = 0;
  private elements = 0;
  private depth = 0;

  constructor(
    exports: Exports,
    control: SharedArrayBuffer,
    workers: number,
    private readonly timeout: number,
  ) {
    this.words = new Int32Array(control);
    this.calls = callsOf(control, workers);
    this.functions = functionsOf(exports);
    this.maySleep = maySleep(this.words);
  }

  get threads(): number {
    return 1 + this.workers.length;
  }

  /**
   * Whether a call that writes this many elements should be cut and queued: it is large enough, or part of a batch.
   * @throws Error, once, if a worker was lost since the last call
   */
  shouldShare(elements: number): boolean {
    this.checkLost();
    return this.depth > 0 || this.isShared(elements);
  }

  /** Adds a worker that was ready, even if it has since been lost. */
  join(worker: WorkerLike): void {
    this.workers.push(worker);
  }

  /** Records a lost worker: the next call throws, later ones run single-threaded. */
  onLost(worker: WorkerLike, reason: string): void {
    if (this.workers.includes(worker)) this.lost ??= reason;
  }

  end(): void {
    Atomics.store(this.words, END, 1);
    Atomics.add(this.words, JOB, 2);
    Atomics.notify(this.words, JOB);
    for (const worker of this.workers.splice(0)) worker.terminate();
  }

  /** Runs all calls that `queueCalls` adds, as one job if they fit the queue. Nested calls join the outer job. */
  run(queueCalls: () => void): void {
    this.checkLost();
    this.depth++;
    try {
      queueCalls();
      if (this.depth === 1) this.runQueue();
    } finally {
      this.depth--;
      if (this.depth === 0) this.count = this.elements = 0;
    }
  }

  /** Queues a call that writes this many elements. */
  add(elements: number, fn: Fn, ...args: number[]): void {
    if (this.count === MAX_CALLS) this.runQueue();
    const at = CALL * this.count++;
    this.calls[at] = fn;
    this.calls.set(args, at + 1);
    this.elements += elements;
  }

  private checkLost(): void {
    if (this.lost === undefined) return;
    const reason = this.lost;
    this.lost = undefined;
    this.end();
    throw new Error(`a worker of the SharedArena was lost: ${reason}. Calls from now on are made by one thread`);
  }

  private runQueue(): void {
    const { words } = this;
    Atomics.store(words, NEXT, 0);
    Atomics.store(words, COUNT, this.count);
    const shared = this.count > 1 && this.isShared(this.elements);
    const helpers = this.count - 1;
    this.count = this.elements = 0;
    if (!shared) {
      takeCalls(words, this.calls, this.functions);
      return;
    }
    Atomics.add(words, JOB, 1);
    const awake = this.countAwake();
    if (awake < Math.min(helpers, this.workers.length)) Atomics.notify(words, JOB, helpers - awake);
    takeCalls(words, this.calls, this.functions);
    Atomics.add(words, JOB, 1);
    const failed = this.workers.map((_, i) => this.waitFor(stateOf(i))).filter((reason) => reason !== undefined);
    if (failed.length === 0) return;
    this.end();
    throw new Error(
      `a worker of the SharedArena ${failed[0]}: the result of this call is incomplete, and so is x if it was to be ` +
        'written over. Calls from now on are made by one thread',
    );
  }

  /** Whether workers take part in a job of this many elements. */
  private isShared(elements: number): boolean {
    if (elements < MIN_SHARED || this.workers.length === 0) return false;
    return elements >= MIN_WAKING || this.countAwake() > 0;
  }

  private countAwake(): number {
    let awake = 0;
    for (let i = 0; i < this.workers.length; i++) if (Atomics.load(this.words, stateOf(i)) !== State.Asleep) awake++;
    return awake;
  }

  /** Waits until a worker has finished its share. Returns the reason if it failed or timed out. */
  private waitFor(state: number): string | undefined {
    const { words } = this;
    let value = Atomics.load(words, state);
    for (let i = 0; value === State.AtWork && i < SPINS; i++) value = Atomics.load(words, state);
    const end = performance.now() + this.timeout;
    while (value === State.AtWork) {
      const left = end - performance.now();
      if (left <= 0) return `did not finish its piece within ${this.timeout} ms`;
      if (this.maySleep) Atomics.wait(words, state, State.AtWork, left);
      value = Atomics.load(words, state);
    }
    return value === State.Failed ? 'failed at its piece' : undefined;
  }
}

/** Whether this thread may sleep. The main thread of a page may not. */
function maySleep(words: Int32Array): boolean {
  try {
    return Atomics.wait(words, JOB, -1) === 'not-equal';
  } catch {
    return false;
  }
}
