/**
 * Starting workers: from a URL, from a blob, or by the caller's function.
 * @module
 */
import { workerSource } from './inlined.js';
import type { InitMessage, ReadyMessage } from './queue.js';

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

type NodeWorkerClass = new (url: URL, options: { execArgv: string[] }) => WorkerLike;

/**
 * The Worker of node:worker_threads. It is looked up without an import, which bundlers for browsers could not resolve.
 */
function nodeWorkerClass(): NodeWorkerClass | undefined {
  const { process } = globalThis as unknown as {
    process?: { getBuiltinModule?(name: string): { Worker: NodeWorkerClass } | undefined };
  };
  return process?.getBuiltinModule?.('node:worker_threads')?.Worker;
}

/**
 * Node's Worker where the runtime's Web Workers are missing or would keep the process alive, as Deno's do; undefined
 * where Web Workers are fine.
 *
 * @throws Error where there is neither
 */
function preferredWorkerClass(): NodeWorkerClass | undefined {
  const NodeWorker = nodeWorkerClass();
  if (typeof Worker === 'function' && (!NodeWorker || 'unref' in Worker.prototype)) return undefined;
  if (!NodeWorker) throw new Error('this runtime has no Worker: give one by spawn(), or threads: 1');
  return NodeWorker;
}

// Flags of the process, such as --input-type, do not apply to the worker's file.
const options = { execArgv: [] };

/** Starts a worker from the file worker.js. @throws the runtime's error where it forbids workers */
export function fromUrl(): WorkerLike {
  const NodeWorker = preferredWorkerClass();
  // Both expressions are written out, because bundlers look for exactly this form.
  if (!NodeWorker) return new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  return new NodeWorker(new URL('./worker.js', import.meta.url), options);
}

/** Starts a worker from its inlined source. @throws the runtime's error where it forbids workers */
export function fromBlob(): WorkerLike {
  const NodeWorker = preferredWorkerClass();
  if (NodeWorker) return new NodeWorker(new URL(`data:text/javascript,${encodeURIComponent(workerSource)}`), options);
  const url = URL.createObjectURL(new Blob([workerSource], { type: 'text/javascript' }));
  try {
    return new Worker(url, { type: 'module' });
  } finally {
    // Revoked later, because the worker reads the URL asynchronously.
    (setTimeout(() => URL.revokeObjectURL(url), 60_000) as { unref?(): void }).unref?.();
  }
}

/**
 * Sends a worker its init message and resolves when the worker is ready.
 *
 * @param onLost called when the worker exits or fails, at its start or later
 * @throws Error that says why it did not start
 */
export function initialize(
  worker: WorkerLike,
  message: InitMessage,
  timeout: number,
  onLost: (reason: string) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void => {
      clearTimeout(timer);
      reject(new Error(reason));
      onLost(reason);
    };
    const timer = setTimeout(() => fail(`it did not answer within ${timeout} ms`), timeout);
    const onReady = ({ error }: ReadyMessage): void => {
      if (error !== undefined) fail(error);
      clearTimeout(timer);
      resolve();
    };
    if (worker.on) {
      worker.on('message', onReady);
      worker.on('error', (error: unknown) => fail(String(error)));
      worker.on('exit', (code: number) => fail(`it exited with code ${code}`));
    } else if (worker.addEventListener) {
      worker.addEventListener('message', (event: { data: ReadyMessage }) => onReady(event.data));
      worker.addEventListener('error', (event: { message?: string; preventDefault?(): void }) => {
        event.preventDefault?.();
        fail(event.message || 'its program could not be loaded');
      });
      worker.addEventListener('close', () => fail('it ended'));
    }
    try {
      worker.postMessage(message);
    } catch (error) {
      fail(String(error));
    }
  });
}
