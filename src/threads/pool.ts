/**
 * The calling thread's side of a job: it queues calls, does its share of them, and waits for the workers to finish.
 *
 * V8 can terminate a call at any point without running `finally`: after Ctrl-C in the REPL of Node, or after a timeout
 * of node:vm. So every job begins with an empty queue, and `open` tells the next call that workers may still be at work
 * on the calls of an interrupted job.
 * @module
 */
import type { Crew } from './crew.js';
import {
  CALL,
  type Call,
  COUNT,
  callsOf,
  clock,
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
  /** Read early: Node makes the global at its first use, and if that is interrupted, it stays undefined. */
  private readonly clock: { now(): number } = clock();
  private count = 0;
  private elements = 0;
  /** Whether workers may be at work on the queue: from before a job opens until all workers have left it. */
  private open = false;

  constructor(
    private readonly crew: Crew,
    exports: Exports,
    control: SharedArrayBuffer,
    workers: number,
    private readonly timeout: number,
  ) {
    this.words = crew.words;
    this.calls = callsOf(control, workers);
    this.functions = functionsOf(exports);
    this.maySleep = maySleep(this.words);
  }

  get threads(): number {
    return this.crew.lost === undefined ? 1 + this.crew.workers.length : 1;
  }

  /**
   * Every call begins here, before it writes anything.
   * @throws Error, once, if a worker was lost since the last call
   */
  ready(): void {
    this.settle();
    const { lost } = this.crew;
    if (lost === undefined) return;
    this.crew.end();
    throw new Error(`a worker of the SharedArena was lost: ${lost}. Later calls run on one thread`);
  }

  /** Waits until no worker is at work on an interrupted job. A worker that does not finish is lost. */
  settle(): void {
    if (!this.open) return;
    const reason = this.closeJob();
    if (reason !== undefined) this.crew.lost ??= `it ${reason}, in a call that was interrupted`;
  }

  /** Ends the workers: later calls run on the calling thread. */
  close(): void {
    this.settle();
    this.crew.end();
  }

  /** Whether a call that writes this many elements should be cut and queued. @throws Error like `ready` */
  shouldShare(elements: number): boolean {
    this.ready();
    return this.isShared(elements);
  }

  /** Runs all calls that `queueCalls` adds, as one job if they fit the queue. @throws Error like `ready` */
  run(queueCalls: () => void): void {
    this.ready();
    this.count = this.elements = 0;
    queueCalls();
    this.runQueue();
  }

  /** Queues a call that writes this many elements. */
  add(elements: number, fn: Fn, ...args: number[]): void {
    if (this.count === MAX_CALLS) this.runQueue();
    const at = CALL * this.count++;
    this.calls[at] = fn;
    this.calls.set(args, at + 1);
    this.elements += elements;
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
    this.open = true;
    Atomics.add(words, JOB, 1);
    const awake = this.countAwake();
    if (awake < Math.min(helpers, this.crew.workers.length)) Atomics.notify(words, JOB, helpers - awake);
    takeCalls(words, this.calls, this.functions);
    const reason = this.closeJob();
    if (reason === undefined) return;
    this.crew.end();
    throw new Error(
      `a worker of the SharedArena ${reason}: the result of this call is incomplete, and so is x if it was to be ` +
        'written over. Later calls run on one thread',
    );
  }

  /** Whether workers take part in a job of this many elements. */
  private isShared(elements: number): boolean {
    if (elements < MIN_SHARED || this.crew.workers.length === 0) return false;
    return elements >= MIN_WAKING || this.countAwake() > 0;
  }

  private countAwake(): number {
    let awake = 0;
    for (let i = 0; i < this.crew.workers.length; i++)
      if (Atomics.load(this.words, stateOf(i)) !== State.Asleep) awake++;
    return awake;
  }

  /** Closes the job and waits until all workers have left it. Returns the reason if one failed or timed out. */
  private closeJob(): string | undefined {
    const { words, timeout } = this;
    if (Atomics.load(words, JOB) & 1) Atomics.add(words, JOB, 1);
    // What an interrupted job has left in the queue is not taken any more.
    Atomics.store(words, NEXT, MAX_CALLS);
    let reason: string | undefined;
    let deadline = 0;
    for (let i = 0; i < this.crew.workers.length; i++) {
      const state = stateOf(i);
      let value = Atomics.load(words, state);
      for (let spins = 0; value === State.AtWork && spins < SPINS; spins++) value = Atomics.load(words, state);
      while (value === State.AtWork) {
        const now = this.clock.now();
        // One deadline for all workers.
        deadline ||= now + timeout;
        if (now >= deadline) {
          reason ??= `did not finish its piece within ${timeout} ms`;
          break;
        }
        if (this.maySleep) Atomics.wait(words, state, State.AtWork, deadline - now);
        value = Atomics.load(words, state);
      }
      if (value === State.Failed) reason ??= 'failed at its piece';
    }
    // A worker that is still at work must not see the words of another job.
    this.open = reason !== undefined;
    return reason;
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
