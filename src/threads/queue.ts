/**
 * The words that a team of threads shares, in a buffer of their own, out of reach of whoever writes to the arena's
 * memory:
 *
 *   JOB      odd while there is a job to join; the workers sleep on it
 *   NEXT     the call that is taken next, by whoever adds 1
 *   COUNT    how many calls the job has
 *   END      1 when the workers shall end
 *   STATE    of each worker
 *   CALLS    what to call: each is the number of a function and its arguments, sixteen f64
 *
 * A worker says that it is at work before it looks whether the job is still open, and the caller closes the job before
 * it looks who is at work. So no worker that comes late can meet the words of the next job, and nobody waits for one
 * that never came.
 * @module
 */

import type { ExtrasExports, GaussianExports, KernelExports } from '../backend/wasm/memory.js';
import type { WasmMemory } from '../backend/wasm/types.js';

/** Words that different threads write lie on cache lines of their own. */
const LINE = 16;

export const JOB = 0;
export const NEXT: number = LINE;
export const COUNT: number = 2 * LINE;
export const END: number = 3 * LINE;
export const stateOf = (worker: number): number => (4 + worker) * LINE;

export enum State {
  Asleep = 0,
  /** Looking for the next job. */
  Awake = 1,
  AtWork = 2,
  Failed = 3,
}

/**
 * How many ms a worker looks for the next job before it sleeps. A model's calls come in quick succession, and to wake a
 * thread takes 9 µs of the caller's time and 50 µs until it is there (measured on a virtual machine).
 */
export const AWAKE = 0.1;

/** Calls that a job has at most. */
export const MOST = 512;
/** Numbers to a call. */
export const CALL = 16;

const wordsFor = (workers: number): number => stateOf(workers);

export const controlBytes = (workers: number): number => 4 * wordsFor(workers) + 8 * CALL * MOST;

export const callsOf = (control: SharedArrayBuffer, workers: number): Float64Array =>
  new Float64Array(control, 4 * wordsFor(workers), CALL * MOST);

/** What a worker is sent, once. */
export interface Assignment {
  readonly modules: readonly Uint8Array<ArrayBuffer>[];
  readonly memory: WasmMemory;
  readonly control: SharedArrayBuffer;
  readonly worker: number;
  readonly workers: number;
}

/** What it answers: ready, or why not. */
export interface Answer {
  readonly error?: string;
}

export type Exports = KernelExports & ExtrasExports & GaussianExports;

/** The functions of a call, by their number. */
export enum Fn {
  Dropout = 0,
  ApplyMask = 1,
  Fused = 2,
  Noise = 3,
}

/** The exports of kernel, extras and gaussian on a memory. */
export const bind = (modules: readonly Uint8Array<ArrayBuffer>[], memory: WasmMemory): Exports =>
  Object.assign(
    {},
    ...modules.map((bytes) => new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } }).exports),
  );

/** Takes calls of the open job until there is none left. */
export function takeCalls(words: Int32Array, calls: Float64Array, functions: readonly Call[]): void {
  const count = Atomics.load(words, COUNT);
  for (let k = Atomics.add(words, NEXT, 1); k < count; k = Atomics.add(words, NEXT, 1)) {
    const at = k * CALL;
    // Each takes as many as it has parameters. Written out, since a spread takes longer than the shortest of the calls.
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

export const functionsOf = ({ dropout, applyMask, fused, noise }: Exports): readonly Call[] => [
  dropout as Call,
  applyMask as unknown as Call,
  fused as unknown as Call,
  noise as unknown as Call,
];
