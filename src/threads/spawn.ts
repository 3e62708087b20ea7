/**
 * Starting a worker, wherever that is: from a URL, a blob, or by the caller.
 * @module
 */

import { workerSource } from './inlined.js';
import type { Answer, Assignment } from './queue.js';

/** A Worker of the web, of Deno or Bun, or one of node:worker_threads, that runs dropout-wasm/threads/worker.js. */
export interface WorkerLike {
  postMessage(message: unknown): void;
  terminate(): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: each runtime has events of its own
  addEventListener?(type: any, listener: (event: any) => void): void;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  on?(type: any, listener: (value: any) => void): unknown;
  /** Lets the process exit while the worker runs. */
  unref?(): void;
}

type NodeWorker = new (url: URL, options: { execArgv: string[] }) => WorkerLike;

/** Node has no global Worker. Asked for without an import, which bundlers for browsers would stumble over. */
function nodeWorker(): NodeWorker | undefined {
  const { process } = globalThis as unknown as {
    process?: { getBuiltinModule?(name: string): { Worker: NodeWorker } | undefined };
  };
  return process?.getBuiltinModule?.('node:worker_threads')?.Worker;
}

/**
 * Workers that keep no process alive, where there are such: those of the web do not let go of Deno's.
 *
 * @throws Error where there is no kind of worker
 */
function kindOfWorker(): NodeWorker | undefined {
  const Node = nodeWorker();
  if (typeof Worker === 'function' && (!Node || 'unref' in Worker.prototype)) return undefined;
  if (!Node) throw new Error('this runtime has no Worker: give one by spawn(), or threads: 1');
  return Node;
}

// Flags of the process such as --input-type are not for a worker's file.
const options = { execArgv: [] };

/** @throws whatever the runtime throws where it forbids one */
export function fromUrl(): WorkerLike {
  const Node = kindOfWorker();
  // Written out as bundlers know it.
  if (!Node) return new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  return new Node(new URL('./worker.js', import.meta.url), options);
}

/** As `fromUrl`, from the source that is in this very file. */
export function fromBlob(): WorkerLike {
  const Node = kindOfWorker();
  if (Node) return new Node(new URL(`data:text/javascript,${encodeURIComponent(workerSource)}`), options);
  const url = URL.createObjectURL(new Blob([workerSource], { type: 'text/javascript' }));
  try {
    return new Worker(url, { type: 'module' });
  } finally {
    // Not before the worker has read it.
    (setTimeout(() => URL.revokeObjectURL(url), 60_000) as { unref?(): void }).unref?.();
  }
}

/**
 * Sends a worker its assignment, and resolves when it is ready.
 *
 * @param lost told when it ends or fails later on
 * @throws Error that says why it did not start
 */
export function assign(
  worker: WorkerLike,
  assignment: Assignment,
  timeout: number,
  lost: (reason: string) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void => {
      clearTimeout(timer);
      reject(new Error(reason));
      lost(reason);
    };
    const timer = setTimeout(() => fail(`it did not answer within ${timeout} ms`), timeout);
    const answered = ({ error }: Answer): void => {
      if (error !== undefined) fail(error);
      clearTimeout(timer);
      resolve();
    };
    if (worker.on) {
      worker.on('message', answered);
      worker.on('error', (error: unknown) => fail(String(error)));
      worker.on('exit', (code: number) => fail(`it exited with code ${code}`));
    } else if (worker.addEventListener) {
      worker.addEventListener('message', (event: { data: Answer }) => answered(event.data));
      worker.addEventListener('error', (event: { message?: string; preventDefault?(): void }) => {
        event.preventDefault?.();
        fail(event.message || 'its program could not be loaded');
      });
      worker.addEventListener('close', () => fail('it ended'));
    }
    try {
      worker.postMessage(assignment);
    } catch (error) {
      fail(String(error));
    }
  });
}
