/**
 * The control words and the call queue that a pool of threads shares. They live in a buffer of their own, where no
 * write to the arena's memory can reach them.
 *
 *   JOB      odd while a job is open; workers sleep on this word
 *   NEXT     index of the next call to take; taking it adds 1
 *   COUNT    number of calls in the job
 *   END      1 when the workers should exit
 *   STATE    one word for each worker
 *   CALLS    each call is the number of a function and its arguments, sixteen f64 in all
 *
 * A worker announces that it is at work before it checks that the job is still open, and the caller closes the job
 * before it checks which workers are at work. So a late worker never sees the words of the next job, and the caller
 * never waits for a worker that did not join. A job that was interrupted is closed by the next call (pool.ts).
 * @module
 */
import type { ExtrasExports, FusedExports, GaussianExports, KernelExports } from '../backend/wasm/exports.js';
import type { WasmMemory } from '../backend/wasm/types.js';

/** Words in a cache line. Words that different threads write lie on separate cache lines. */
const LINE = 16;

export const JOB = 0;
export const NEXT: number = LINE;
export const COUNT: number = 2 * LINE;
export const END: number = 3 * LINE;
export const stateOf = (worker: number): number => (4 + worker) * LINE;

export enum State {
  /** No worker has taken this word yet. */
  Vacant = 0,
  Asleep = 1,
  /** Spinning until the next job opens. */
  Awake = 2,
  AtWork = 3,
  Failed = 4,
}

/**
 * Milliseconds that a worker spins for the next job before it sleeps. A model's calls follow each other closely, and
 * waking a thread takes 9 µs of the caller's time and 50 µs until it runs (measured on a virtual machine).
 */
export const AWAKE = 0.1;

/** A clock in milliseconds: Date where `performance` is missing. */
export function clock(): { now(): number } {
  const { performance } = globalThis as unknown as { performance?: { now(): number } };
  return performance?.now ? performance : Date;
}

/** The maximum number of calls per job. */
export const MAX_CALLS = 512;
/** Numbers per call. */
export const CALL = 16;

const controlWords = (workers: number): number => stateOf(workers);

export const controlBytes = (workers: number): number => 4 * controlWords(workers) + 8 * CALL * MAX_CALLS;

export const callsOf = (control: SharedArrayBuffer, workers: number): Float64Array =>
  new Float64Array(control, 4 * controlWords(workers), CALL * MAX_CALLS);

/**
 * Marks our messages among those of other programs. The number changes with the control words, the queue and the
 * messages, so that a worker.js of another version does not take part.
 */
export const PROTOCOL = 'dropout-wasm/threads 3';

/** The first and only message to a worker. */
export interface InitMessage {
  readonly protocol: typeof PROTOCOL;
  readonly modules: readonly Uint8Array<ArrayBuffer>[];
  readonly memory: WasmMemory;
  readonly control: SharedArrayBuffer;
  readonly worker: number;
  readonly workers: number;
}

/** The worker's answer: ready, or the error that kept it from starting. */
export interface ReadyMessage {
  readonly protocol: typeof PROTOCOL;
  readonly error?: string;
}

export type Exports = KernelExports & ExtrasExports & FusedExports & GaussianExports;

/** The function of a call. */
export enum Fn {
  Dropout = 0,
  Affine = 1,
  ApplyMask = 2,
  Fused = 3,
  Noise = 4,
}

/** Instantiates the modules on a memory. */
export const bind = (modules: readonly Uint8Array<ArrayBuffer>[], memory: WasmMemory): Exports =>
  Object.assign(
    {},
    ...modules.map((bytes) => new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } }).exports),
  );

/** Takes calls of the open job and runs them until none is left. */
export function takeCalls(words: Int32Array, calls: Float64Array, functions: readonly Call[]): void {
  const count = Atomics.load(words, COUNT);
  for (let k = Atomics.add(words, NEXT, 1); k < count; k = Atomics.add(words, NEXT, 1)) {
    const at = k * CALL;
    // Functions ignore surplus arguments. All are written out, because a spread takes longer than the shortest of
    // these calls.
    functions[calls[at]!]!(
      calls[at + 1],
      calls[at + 2],
      calls[at + 3],
      calls[at + 4],
      calls[at + 5],
      calls[at + 6],
      calls[at + 7],
      calls[at + 8],
      calls[at + 9],
      calls[at + 10],
      calls[at + 11],
      calls[at + 12],
      calls[at + 13],
      calls[at + 14],
      calls[at + 15],
    );
  }
}

export type Call = (...args: (number | undefined)[]) => void;

export const functionsOf = ({ dropout, affine, applyMask, fused, noise }: Exports): readonly Call[] => [
  dropout as Call,
  affine as Call,
  applyMask as unknown as Call,
  fused as unknown as Call,
  noise as unknown as Call,
];
