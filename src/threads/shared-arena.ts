/**
 * An arena whose arrays several threads work on.
 * @module
 */

import { Arena } from 'dropout-wasm';
import { bytesOf } from '../backend/wasm/modules.js';
import type { WasmMemory } from '../backend/wasm/types.js';
import { checkPositive, checkWhole, given, wrongType, wrongValue } from '../core/check.js';
import { extrasHex, gaussianHex, kernelHex } from './inlined.js';
import { callsHome } from './partition.js';
import { Team } from './pool.js';
import { type Assignment, bind, controlBytes, type Exports } from './queue.js';
import { assign, fromBlob, fromUrl, type WorkerLike } from './spawn.js';

/** Past eight, threads of one memory wait for it more than they work. */
const SENSIBLE = 8;

export interface SharedArenaOptions {
  /** Size of the memory, a whole number up to 2^32. */
  bytes: number;
  /** How many threads work on a call, the calling one among them: 1 to 64. As many as there are cores without it, up to 8. */
  threads?: number;
  /**
   * Where a worker's program comes from: 'url' is the file worker.js beside this module, 'blob' its source, which is
   * in this module too. Without it the file, and if that does not start the source.
   */
  worker?: 'url' | 'blob';
  /** In place of that: makes a worker that runs the module `dropout-wasm/threads/worker.js`. */
  spawn?: () => WorkerLike | Promise<WorkerLike>;
  /** After how many ms without an answer a worker counts as dead, at its start and at work; 5000 without it. */
  timeout?: number;
}

/**
 * An `Arena` in shared memory. Layers and functions work on its arrays as on any others, large ones in parallel, with
 * the same bits for any number of threads. Calls stay synchronous: the calling thread takes its share.
 *
 * @example
 * const arena = await SharedArena.create({ bytes: 2 * 4 * 2 ** 20, threads: 2 });
 * const x = arena.float32(2 ** 20);
 * const out = arena.float32(2 ** 20);
 * layer.forward(x, out);
 * arena.close();
 */
export class SharedArena extends Arena {
  readonly #team: Team;

  /** @internal */
  constructor(memory: WasmMemory, bytes: number, exports: Exports, team: Team) {
    super({ memory, byteLength: bytes, home: callsHome(memory, exports, team) });
    this.#team = team;
  }

  /**
   * @throws TypeError, RangeError that names the option; Error that says what is missing where there is no shared
   *   memory, and why a worker did not start
   */
  static async create(options: SharedArenaOptions): Promise<SharedArena> {
    const { bytes, threads = defaultThreads(), worker, spawn, timeout = 5000 } = given(options);
    checkWhole(bytes, 'bytes', 2 ** 32);
    checkThreads(threads);
    checkPositive(timeout, 'timeout');
    if (worker !== undefined && worker !== 'url' && worker !== 'blob')
      throw (typeof worker === 'string' ? wrongValue : wrongType)('worker', '"url" or "blob"', worker);
    if (spawn !== undefined && typeof spawn !== 'function') throw wrongType('spawn', 'a function', spawn);
    checkShared();
    const workers = threads - 1;
    const modules = [kernelHex, extrasHex, gaussianHex].map(bytesOf);
    const [memory, exports] = sharedMemory(bytes, modules);
    const control = new SharedArrayBuffer(controlBytes(workers));
    const team = new Team(exports, control, workers, timeout);
    const ways = spawn ? [spawn] : worker === 'url' ? [fromUrl] : worker === 'blob' ? [fromBlob] : [fromUrl, fromBlob];
    const assignments = Array.from({ length: workers }, (_, worker) => ({ modules, memory, control, worker, workers }));
    const starts = await Promise.allSettled(assignments.map((assignment) => start(ways, assignment, timeout, team)));
    for (const start of starts) if (start.status === 'fulfilled') team.join(start.value);
    const failed = starts.find((start) => start.status === 'rejected');
    if (failed) {
      team.end();
      throw failed.reason;
    }
    return new SharedArena(memory, bytes, exports, team);
  }

  /** How many threads work on a call: 1 after `close`, and after a worker was lost. */
  get threads(): number {
    return this.#team.threads;
  }

  /** Ends the workers. The arrays stay; calls on them are made by the calling thread alone. */
  close(): void {
    this.#team.end();
  }
}

/** The first of several ways by which a worker starts. */
async function start(
  ways: readonly (() => WorkerLike | Promise<WorkerLike>)[],
  assignment: Assignment,
  timeout: number,
  team: Team,
): Promise<WorkerLike> {
  let cause: unknown;
  for (const way of ways) {
    let worker: WorkerLike | undefined;
    try {
      worker = await way();
      await assign(worker, assignment, timeout, (reason) => team.lose(worker!, reason));
      worker.unref?.();
      return worker;
    } catch (error) {
      worker?.terminate();
      cause ??= error;
    }
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  throw new Error(`a worker of the SharedArena did not start: ${reason}`, { cause });
}

function defaultThreads(): number {
  const cores = globalThis.navigator?.hardwareConcurrency ?? nodeCores() ?? 1;
  return Math.max(1, Math.min(cores, SENSIBLE));
}

/** Node 20 has no navigator. */
function nodeCores(): number | undefined {
  const { process } = globalThis as unknown as {
    process?: { getBuiltinModule?(name: string): { availableParallelism(): number } | undefined };
  };
  return process?.getBuiltinModule?.('node:os')?.availableParallelism();
}

function checkThreads(threads: number): void {
  if (!Number.isInteger(threads) || threads < 1 || threads > 64)
    throw (typeof threads === 'number' ? wrongValue : wrongType)('threads', 'a whole number from 1 to 64', threads);
}

/** @throws Error that says what is missing */
function checkShared(): void {
  const { crossOriginIsolated, document, importScripts } = globalThis as unknown as Record<string, unknown>;
  if (typeof SharedArrayBuffer === 'function' && !(crossOriginIsolated === false && (document || importScripts)))
    return;
  throw new Error(
    crossOriginIsolated === undefined
      ? 'SharedArena needs shared memory, and this runtime has no SharedArrayBuffer'
      : 'SharedArena needs shared memory, which a page has only if it is cross-origin isolated: serve it with the ' +
          'headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp',
  );
}

/** @throws RangeError of the engine if it has not that much; Error where it refuses WebAssembly with threads */
function sharedMemory(bytes: number, modules: Uint8Array<ArrayBuffer>[]): [WasmMemory, Exports] {
  try {
    const pages = Math.ceil(bytes / 65536);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    return [memory, bind(modules, memory)];
  } catch (cause) {
    if (cause instanceof RangeError) throw cause;
    throw new Error(`SharedArena needs WebAssembly with SIMD and threads, which this runtime refuses: ${cause}`, {
      cause,
    });
  }
}
