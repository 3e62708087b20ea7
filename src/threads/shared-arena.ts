/**
 * An arena in shared memory. Large calls on its arrays run on several threads.
 * @module
 */
import { Arena, backend } from 'dropout-wasm';
import { decode } from '../backend/wasm/modules.js';
import { reasonOf, type WasmMemory } from '../backend/wasm/types.js';
import { checkOptions, checkPositive, checkWhole, checkWord, wrongType } from '../core/check.js';
import { Crew, type WorkerLike } from './crew.js';
import { extrasText, fusedText, gaussianText, kernelText } from './inlined.js';
import { threadedMemory } from './partition.js';
import { WorkerPool } from './pool.js';
import { bind, controlBytes, type Exports, type InitMessage, PROTOCOL } from './queue.js';
import { hasTimers, start, type Way, waysToStart } from './spawn.js';

/** Beyond eight threads, memory bandwidth is the limit. */
const DEFAULT_MAX_THREADS = 8;

/** Options of a SharedArena. */
export interface SharedArenaOptions {
  /** Size of the memory in bytes, an integer up to 2^32. */
  bytes: number;
  /**
   * Number of threads, including the calling one: 1 to 64. Default: the number of cores, up to 8, or 1 where the runtime
   * has no workers.
   */
  threads?: number;
  /**
   * Where a worker's program comes from: 'url' is the file worker.js beside this module, 'blob' its inlined source.
   * Default: 'url', then 'blob' if that does not start soon.
   */
  worker?: 'url' | 'blob';
  /** Instead of `worker`: creates a new worker that runs `dropout-wasm/threads/worker.js`. */
  spawn?: () => WorkerLike | Promise<WorkerLike>;
  /**
   * Milliseconds after which a silent worker counts as dead, at startup and during a call. An integer up to 2^31 - 1,
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
 * import { Dropout } from 'dropout-wasm';
 * import { SharedArena } from 'dropout-wasm/threads';
 *
 * const arena = await SharedArena.create({ bytes: 2 * 4 * 2 ** 20, threads: 2 });
 * const x = arena.float32(2 ** 20).fill(1);
 * const out = arena.float32(2 ** 20);
 * console.log(new Dropout(0.5, { seed: 42 }).forward(x, out) === out); // true
 * arena.close();
 */
export class SharedArena extends Arena {
  // Functions, because a Proxy around this arena, such as Vue's reactive, would wrap objects and then native Workers.
  declare private readonly poolThreads: () => number;
  declare private readonly settlePool: () => void;
  declare private readonly closePool: () => void;

  private constructor(parts: Parts) {
    if (!(parts instanceof Parts))
      throw new TypeError('a SharedArena has to start its workers: use await SharedArena.create(…) instead of new');
    const { memory, bytes, exports, pool } = parts;
    super({ memory, byteOffset: 0, byteLength: bytes }, threadedMemory(memory, exports, pool));
    this.poolThreads = () => pool.threads;
    this.settlePool = () => pool.settle();
    this.closePool = () => pool.close();
  }

  /**
   * Allocates the memory and starts the workers.
   *
   * @throws TypeError or RangeError that names the option; Error with the remedy if shared memory is missing, or with
   *   the reason if a worker does not start
   */
  static async create(options: SharedArenaOptions): Promise<SharedArena> {
    return create(options);
  }

  /** Number of threads that work on a call: 1 after `close`, and after a worker was lost. */
  get threads(): number {
    return this.poolThreads();
  }

  override reset(): void {
    // Workers may still write the results of an interrupted call.
    this.settlePool();
    super.reset();
  }

  override toString(): string {
    return `SharedArena(${this.end - this.start} bytes, ${this.bytesFree} free, threads=${this.threads})`;
  }

  /** Ends the workers. The arrays stay valid; calls on them run on the calling thread alone. */
  close(): void {
    this.closePool();
  }
}

/** What `create` makes a SharedArena of. */
class Parts {
  constructor(
    readonly memory: WasmMemory,
    readonly bytes: number,
    readonly exports: Exports,
    readonly pool: WorkerPool,
  ) {}
}

// A class that names itself in its body would be called _SharedArena in the bundle.
const Constructor = SharedArena as unknown as new (parts: Parts) => SharedArena;

/** Ends the workers of an arena that was dropped without close(), together with all arrays on its memory. */
const dropped =
  typeof FinalizationRegistry === 'function' ? new FinalizationRegistry<Crew>((crew) => crew.end()) : undefined;

async function create(options: SharedArenaOptions): Promise<SharedArena> {
  const given = checkOptions(options, ['bytes', 'threads', 'worker', 'spawn', 'timeout']);
  const { bytes, worker, spawn, timeout = 5000 } = given;
  checkWhole(bytes, 'bytes', 2 ** 32);
  if (given.threads !== undefined) checkPositive(given.threads, 'threads', 64);
  // The longest time that setTimeout can wait.
  checkPositive(timeout, 'timeout', 2 ** 31 - 1);
  if (worker !== undefined) checkWord(worker, 'worker', ['url', 'blob']);
  if (spawn !== undefined && typeof spawn !== 'function') throw wrongType('spawn', 'a function', spawn);
  checkShared();
  // Without timers, a worker that does not start would be waited for forever.
  const ways = !hasTimers() ? [] : spawn ? [{ name: 'spawn', create: spawn }] : waysToStart(worker);
  const used = backend();
  const { threads = ways.length && used.name !== 'reference' ? defaultThreads() : 1 } = given;
  if (threads > 1 && !ways.length)
    throw new Error(
      hasTimers()
        ? 'SharedArena needs workers, and this runtime has none: use threads: 1, or give workers by spawn'
        : 'SharedArena needs setTimeout and clearTimeout to start workers, and this runtime lacks them: use threads: 1',
    );
  const modules = [kernelText, extrasText, fusedText, gaussianText].map(decode);
  const [memory, exports] = await createSharedMemory(bytes, modules).catch(async (error) => {
    if (!(error instanceof RangeError && hasTimers())) throw error;
    // The engine has just collected garbage. Dropped arenas free their memory when their workers have ended.
    await new Promise((resolve) => setTimeout(resolve, 250));
    return createSharedMemory(bytes, modules);
  });
  if (threads > 1 && used.name === 'reference')
    throw new Error(
      `SharedArena needs the WebAssembly kernel for threads, and it fails (${used.reason}): use threads: 1`,
    );
  const workers = threads - 1;
  const control = new SharedArrayBuffer(controlBytes(workers));
  const crew = new Crew(control);
  const pool = new WorkerPool(crew, exports, control, workers, timeout);
  dropped?.register(pool, crew);
  const messages = Array.from(
    { length: workers },
    (_, worker): InitMessage => ({
      protocol: PROTOCOL,
      modules,
      memory,
      control,
      worker,
      workers,
    }),
  );
  await startAll(ways, messages, timeout, crew);
  return new Constructor(new Parts(memory, bytes, exports, pool));
}

/** @throws the error of `start`, after ending all workers */
async function startAll(ways: readonly Way[], messages: InitMessage[], timeout: number, crew: Crew): Promise<void> {
  if (messages.length === 0) return;
  await shown();
  try {
    // Where there are several ways, the first worker finds out which one works.
    const first = ways.length > 1 ? messages.splice(0, 1) : [];
    for (const message of first) ways = [await start(ways, message, timeout, crew)];
    await Promise.all(messages.map((message) => start(ways, message, timeout, crew)));
    if (crew.lost !== undefined) throw new Error(`a worker of the SharedArena did not start: ${crew.lost}`);
  } catch (error) {
    crew.end();
    throw error;
  }
}

/** Resolves when the page is shown. Chromium starts no worker in a page that it prerenders. */
async function shown(): Promise<void> {
  const { document } = globalThis as unknown as {
    document?: {
      prerendering?: boolean;
      addEventListener(type: string, listener: (event: unknown) => void, options: { once: boolean }): void;
    };
  };
  if (document?.prerendering)
    await new Promise((resolve) => document.addEventListener('prerenderingchange', resolve, { once: true }));
}

function defaultThreads(): number {
  const { navigator } = globalThis as unknown as { navigator?: { hardwareConcurrency?: number } };
  const cores = navigator?.hardwareConcurrency ?? nodeCores() ?? 1;
  return Math.max(1, Math.min(cores, DEFAULT_MAX_THREADS));
}

/** The number of cores in Node 20, which has no navigator. */
function nodeCores(): number | undefined {
  const { process } = globalThis as unknown as {
    process?: { getBuiltinModule?(name: string): { availableParallelism(): number } | undefined };
  };
  return process?.getBuiltinModule?.('node:os')?.availableParallelism();
}

/** @throws Error with the remedy where this runtime or page has no shared memory */
function checkShared(): void {
  const globals = globalThis as unknown as Record<string, unknown>;
  const { crossOriginIsolated, document, importScripts } = globals;
  // A page may have SharedArrayBuffer and still not be allowed to share it.
  const refused = crossOriginIsolated === false && (document || importScripts);
  const missing = ['SharedArrayBuffer', 'Atomics'].filter((name) => !globals[name]);
  if (missing.length === 0 && !refused) return;
  throw new Error(
    crossOriginIsolated === false
      ? 'SharedArena needs shared memory, which a page has only if it is cross-origin isolated: serve it over HTTPS with ' +
          'the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp. A frame ' +
          'also needs the attribute allow="cross-origin-isolated"'
      : `SharedArena needs shared memory, and this runtime has no ${missing.join(' and no ')}: use an Arena`,
  );
}

/**
 * @throws RangeError from the engine if it cannot allocate that much; Error where it refuses WebAssembly with threads
 */
async function createSharedMemory(bytes: number, modules: Uint8Array<ArrayBuffer>[]): Promise<[WasmMemory, Exports]> {
  try {
    const pages = Math.ceil(bytes / 65536);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    return [memory, bind(modules, memory)];
  } catch (cause) {
    if (cause instanceof RangeError) throw cause;
    throw new Error(
      `SharedArena needs WebAssembly with SIMD and threads, which this runtime refuses (${reasonOf(cause)}): use an Arena`,
      { cause },
    );
  }
}
