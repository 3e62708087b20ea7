/**
 * The workers of a pool. Nothing here leads to the memory of the arena: the runtime keeps the workers and their
 * listeners alive, and an arena that is dropped without close() has to be collected all the same.
 * @module
 */
import { END, JOB, MAX_CALLS, NEXT } from './queue.js';

/**
 * A Web Worker, including Deno's and Bun's, or a Worker of node:worker_threads, that runs
 * dropout-wasm/threads/worker.js.
 */
export interface WorkerLike {
  /** Sends the worker its init message. */
  postMessage(message: unknown): void;
  /** Ends the worker. */
  terminate(): unknown;
  /** Listens to the events of a Web Worker. */
  // biome-ignore lint/suspicious/noExplicitAny: event types differ between runtimes
  addEventListener?(type: any, listener: (event: any) => void): void;
  /** Listens to the events of a worker of Node. */
  // biome-ignore lint/suspicious/noExplicitAny: event types differ between runtimes
  on?(type: any, listener: (value: any) => void): unknown;
  /** Lets the process exit while the worker runs. */
  unref?(): void;
}

export class Crew {
  readonly words: Int32Array;
  /** The workers that are ready. */
  readonly workers: WorkerLike[] = [];
  /** Each stops the start of a worker that is not ready yet. */
  readonly starting: Set<() => void> = new Set();
  /** Why a worker was lost, until a call has thrown that. */
  lost: string | undefined;

  constructor(control: SharedArrayBuffer) {
    this.words = new Int32Array(control);
  }

  /** Records the loss of a worker, unless it was ended on purpose. */
  lose(worker: WorkerLike, reason: string): void {
    if (this.workers.includes(worker)) this.lost ??= reason;
  }

  end(): void {
    Atomics.store(this.words, END, 1);
    // No worker takes another call, even if it is not terminated at once.
    Atomics.store(this.words, NEXT, MAX_CALLS);
    Atomics.add(this.words, JOB, 2);
    Atomics.notify(this.words, JOB);
    for (const stop of this.starting) stop();
    for (const worker of this.workers.splice(0)) dismiss(worker);
    this.lost = undefined;
  }
}

/** Ends a worker. A worker that cannot be ended must not keep the others from it. */
export function dismiss(worker: WorkerLike): void {
  try {
    worker.terminate();
  } catch {}
}
