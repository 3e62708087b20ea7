/**
 * An arena in shared memory. Large calls on its arrays run on several threads.
 * @module
 */
import { Arena } from 'dropout-wasm';
import { decode } from '../backend/wasm/modules.js';
import type { WasmMemory } from '../backend/wasm/types.js';
import { checkOptions, checkPositive, checkWhole, wrongType, wrongValue } from '../core/check.js';
import { extrasText, gaussianText, kernelText } from './inlined.js';
import { threadedMemory } from './partition.js';
import { WorkerPool } from './pool.js';
import { bind, controlBytes, type Exports, type InitMessage } from './queue.js';
import { fromBlob, fromUrl, initialize, type WorkerLike } from './spawn.js';

/** Beyond eight threads, memory bandwidth is the limit. */
const DEFAULT_MAX_THREADS = 8;

/** Options of a SharedArena. */
export interface SharedArenaOptions {
  /** Size of the memory in bytes, an integer up to 2^32. */
  bytes: number;
  /** Number of threads, including the calling one: 1 to 64. Default: the number of cores, up to 8. */
  threads?: number;
  /**
   * Where a worker's program comes from: 'url' is the file worker.js beside this module, 'blob' its inlined source.
   * Default: 'url', then 'blob' if that does not start.
   */
  worker?: 'url' | 'blob';
  /** Instead of `worker`: creates a worker that runs the module `dropout-wasm/threads/worker.js`. */
  spawn?: () => WorkerLike | Promise<WorkerLike>;
  /**
   * Milliseconds after which a silent worker counts as dead, at startup and during a call. A positive integer,
   * default 5000.
   */
  timeout?: number;
}

/**
 * An `Arena` in shared memory. Layers and functions work on its arrays in place, on large ones in parallel, with the
 * same bits for any number of threads. Calls stay synchronous: the calling thread does its share, then spins for a few
 * µs until the workers finish.
 *
 * @example
 * const arena = await SharedArena.create({ bytes: 2 * 4 * 2 ** 20, threads: 2 });
 * const x = arena.float32(2 ** 20);
 * const out = arena.float32(2 ** 20);
 * layer.forward(x, out);
 * arena.close();
 */
export class SharedArena extends Arena {
  private readonly pool: WorkerPool;

  /** @internal */
  constructor(memory: WasmMemory, bytes: number, exports: Exports, pool: WorkerPool) {
    super({ memory, byteLength: bytes, linearMemory: threadedMemory(memory, exports, pool) });
    this.pool = pool;
  }

  /**
   * Allocates the memory and starts the workers.
   *
   * @throws TypeError or RangeError that names the option; Error with the remedy if shared memory is missing, or with
   *   the reason if a worker does not start
   */
  static async create(options: SharedArenaOptions): Promise<SharedArena> {
    const { bytes, threads = defaultThreads(), worker, spawn, timeout = 5000 } = checkOptions(options);
    checkWhole(bytes, 'bytes', 2 ** 32);
    checkThreads(threads);
    checkPositive(timeout, 'timeout');
    if (worker !== undefined && worker !== 'url' && worker !== 'blob')
      throw (typeof worker === 'string' ? wrongValue : wrongType)('worker', '"url" or "blob"', worker);
    if (spawn !== undefined && typeof spawn !== 'function') throw wrongType('spawn', 'a function', spawn);
    checkShared();
    const workers = threads - 1;
    const modules = [kernelText, extrasText, gaussianText].map(decode);
    const [memory, exports] = createSharedMemory(bytes, modules);
    const control = new SharedArrayBuffer(controlBytes(workers));
    const pool = new WorkerPool(exports, control, workers, timeout);
    const ways = spawn ? [spawn] : worker === 'url' ? [fromUrl] : worker === 'blob' ? [fromBlob] : [fromUrl, fromBlob];
    const messages = Array.from({ length: workers }, (_, worker) => ({ modules, memory, control, worker, workers }));
    const starts = await Promise.allSettled(messages.map((message) => start(ways, message, timeout, pool)));
    for (const start of starts) if (start.status === 'fulfilled') pool.join(start.value);
    const failed = starts.find((start) => start.status === 'rejected');
    if (failed) {
      pool.end();
      throw failed.reason;
    }
    return new SharedArena(memory, bytes, exports, pool);
  }

  /** Number of threads that work on a call: 1 after `close`, and after a worker was lost. */
  get threads(): number {
    return this.pool.threads;
  }

  /** Ends the workers. The arrays stay valid; calls on them run on the calling thread alone. */
  close(): void {
    this.pool.end();
  }
}

/** Tries each way in turn until a worker starts. */
async function start(
  ways: readonly (() => WorkerLike | Promise<WorkerLike>)[],
  message: InitMessage,
  timeout: number,
  pool: WorkerPool,
): Promise<WorkerLike> {
  let cause: unknown;
  for (const way of ways) {
    let worker: WorkerLike | undefined;
    try {
      worker = await way();
      await initialize(worker, message, timeout, (reason) => pool.onLost(worker!, reason));
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
  return Math.max(1, Math.min(cores, DEFAULT_MAX_THREADS));
}

/** The number of cores in Node 20, which has no navigator. */
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

/** @throws Error with the remedy where this runtime or page has no shared memory */
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

/**
 * @throws RangeError from the engine if it cannot allocate that much; Error where it refuses WebAssembly with threads
 */
function createSharedMemory(bytes: number, modules: Uint8Array<ArrayBuffer>[]): [WasmMemory, Exports] {
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
