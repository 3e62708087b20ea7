/**
 * Starting workers: the ways to create one in this runtime, and the wait until it answers.
 * @module
 */
import { wrongType } from '../core/check.js';
import { type Crew, dismiss, type WorkerLike } from './crew.js';
import { workerSource } from './inlined.js';
import { type InitMessage, PROTOCOL, type ReadyMessage } from './queue.js';

/** Whether this runtime has timers, which `start` needs. */
export const hasTimers = (): boolean => typeof setTimeout === 'function' && typeof clearTimeout === 'function';

/** A way to create a worker. */
export interface Way {
  readonly name: string;
  readonly create: () => WorkerLike | Promise<WorkerLike>;
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

/** The source in a URL. A data: URL also serves where the page's origin is opaque, as in a sandboxed frame. */
const dataUrl = (): string => `data:text/javascript,${encodeURIComponent(workerSource)}`;

/** The ways that this runtime has, best first. */
export function waysToStart(worker: 'url' | 'blob' | undefined): Way[] {
  const NodeWorker = nodeWorkerClass();
  const hasWeb = typeof Worker === 'function';
  const ways: Way[] = [];
  // Web Workers that have no unref(), such as Deno's, would keep the process alive. They are tried last: in a window of
  // Electron, node:worker_threads is there and refuses.
  if (NodeWorker && !(hasWeb && 'unref' in Object(Worker.prototype))) {
    // Flags of the process, such as --input-type, do not apply to the worker's file.
    const options = { execArgv: [] };
    ways.push({ name: 'url', create: () => new NodeWorker(new URL('./worker.js', import.meta.url), options) });
    ways.push({ name: 'data: URL', create: () => new NodeWorker(new URL(dataUrl()), options) });
  }
  if (hasWeb) {
    ways.push({ name: 'url', create: webWorkerFromUrl });
    // As classic scripts, since some browsers refuse modules here.
    ways.push({ name: 'blob', create: webWorkerFromBlob });
    ways.push({ name: 'data: URL', create: () => new Worker(trusted(dataUrl())) });
  }
  return ways.filter(({ name }) => worker === undefined || (name === 'url') === (worker === 'url'));
}

function webWorkerFromUrl(): WorkerLike {
  if (policy()) return new Worker(trusted(new URL('./worker.js', import.meta.url).href), { type: 'module' });
  // Written out, because bundlers look for exactly this form.
  return new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
}

function webWorkerFromBlob(): WorkerLike {
  const url = URL.createObjectURL(new Blob([workerSource], { type: 'text/javascript' }));
  try {
    return new Worker(trusted(url));
  } finally {
    // Revoked later, because the worker reads the URL asynchronously.
    (setTimeout(() => URL.revokeObjectURL(url), 60_000) as { unref?(): void }).unref?.();
  }
}

interface Policy {
  createScriptURL(url: string): string;
}

/** null where the page refuses it. */
let createdPolicy: Policy | null | undefined;

/** The policy for our URLs, where the page has Trusted Types and does not refuse it. */
function policy(): Policy | null | undefined {
  const { trustedTypes } = globalThis as unknown as {
    trustedTypes?: { createPolicy(name: string, rules: Policy): Policy };
  };
  if (createdPolicy !== undefined) return createdPolicy;
  try {
    createdPolicy = trustedTypes?.createPolicy('dropout-wasm', { createScriptURL: (url) => url });
  } catch {
    createdPolicy = null;
  }
  return createdPolicy;
}

const trusted = (url: string): string => policy()?.createScriptURL(url) ?? url;

/** All workers that were ever given to an arena. */
const taken = new WeakSet<WorkerLike>();

/** Milliseconds that a way has for itself before the next one is tried beside it. */
const HEAD_START = 500;

/**
 * Starts one worker and adds it to the crew. The ways are tried in turn: the next one starts when one has failed, or
 * beside one that does not answer soon. The first worker that answers is taken, the others are ended.
 *
 * @returns the way that worked
 * @throws TypeError if `spawn` returned something else than a new worker; Error with the failure of every way
 */
export function start(ways: readonly Way[], message: InitMessage, timeout: number, crew: Crew): Promise<Way> {
  return new Promise((resolve, reject) => {
    const workers: WorkerLike[] = [];
    const failures = new Map<Way, unknown>();
    const recruits = new Map<Way, Recruit>();
    let open = true;
    let tried = 0;
    let patience: ReturnType<typeof setTimeout> | undefined;

    const stop = (): void => {
      open = false;
      clearTimeout(timer);
      clearTimeout(patience);
      crew.starting.delete(stop);
      for (const worker of workers) dismiss(worker);
    };
    const giveUp = (error: unknown): void => {
      stop();
      reject(error);
    };
    const fail = (way: Way, error: unknown): void => {
      if (!open) return;
      failures.set(way, error);
      if (failures.size === ways.length) giveUp(notStarted(ways, failures));
      else tryNext();
    };
    const tryNext = (): void => {
      clearTimeout(patience);
      const way = ways[tried++];
      if (!way) return;
      if (tried < ways.length) patience = setTimeout(tryNext, Math.min(HEAD_START, timeout / ways.length));
      attempt(way);
    };
    const attempt = async (way: Way): Promise<void> => {
      let recruit: Recruit;
      try {
        const worker = await way.create();
        const misuse = misuseOf(worker);
        if (misuse) return giveUp(misuse);
        taken.add(worker);
        recruit = new Recruit(worker, crew);
        // It came too late.
        if (!open) return dismiss(worker);
        workers.push(worker);
        recruits.set(way, recruit);
        worker.postMessage(message);
        await recruit.ready;
      } catch (error) {
        return fail(way, error);
      }
      const { worker, ended } = recruit;
      if (ended !== undefined) return fail(way, ended);
      if (!open) return;
      workers.splice(workers.indexOf(worker), 1);
      stop();
      crew.workers.push(worker);
      worker.unref?.();
      resolve(way);
    };

    crew.starting.add(stop);
    const timer = setTimeout(() => {
      for (const way of ways.slice(0, tried))
        if (!failures.has(way))
          failures.set(way, recruits.get(way)?.silence(timeout) ?? `no worker came within ${timeout} ms`);
      giveUp(notStarted(ways, failures));
    }, timeout);
    tryNext();
  });
}

/** Listens to a worker for as long as it lives. */
class Recruit {
  declare readonly ready: Promise<void>;
  /** Why it ended. */
  ended: string | undefined;
  /** Whether it sent messages that are not ours. */
  private foreign = false;
  declare private resolve: () => void;
  declare private reject: (error: Error) => void;

  constructor(
    readonly worker: WorkerLike,
    private readonly crew: Crew,
  ) {
    this.ready = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // A worker that came too late has nobody waiting for it.
    this.ready.catch(() => {});
    if (worker.on) {
      worker.on('message', (data: unknown) => this.answer(data));
      worker.on('error', (error: unknown) => this.end(String(error)));
      worker.on('exit', (code: number) => this.end(`it exited with code ${code}`));
    } else {
      worker.addEventListener!('message', ({ data }: { data: unknown }) => this.answer(data));
      worker.addEventListener!('error', (event: { message?: string; preventDefault?(): void }) => {
        event.preventDefault?.();
        this.end(event.message || 'its program could not be loaded');
      });
      worker.addEventListener!('close', () => this.end('it ended'));
    }
  }

  /** Why there was no answer within the timeout. */
  silence(timeout: number): string {
    const hint = this.foreign ? ', only messages of another program: it has to run dropout-wasm/threads/worker.js' : '';
    return `it did not answer within ${timeout} ms${hint}`;
  }

  private answer(data: unknown): void {
    const answer = data as Partial<ReadyMessage> | null | undefined;
    if (answer?.protocol !== PROTOCOL) this.foreign = true;
    else if (answer.error !== undefined) this.end(answer.error);
    else this.resolve();
  }

  private end(reason: string): void {
    this.ended ??= reason;
    this.reject(new Error(reason));
    this.crew.lose(this.worker, reason);
  }
}

/** The error for what `spawn` returned, unless it is a new worker. */
function misuseOf(worker: WorkerLike): TypeError | undefined {
  const { postMessage, terminate, on, addEventListener } = Object(worker) as Partial<WorkerLike>;
  if (![postMessage, terminate, on ?? addEventListener].every((method) => typeof method === 'function'))
    return wrongType(
      'the result of spawn',
      'a Worker that runs dropout-wasm/threads/worker.js, or a promise of one',
      worker,
    );
  if (taken.has(worker))
    return new TypeError('spawn has to create a new Worker at every call, but it returned one twice');
  return undefined;
}

function notStarted(ways: readonly Way[], failures: ReadonlyMap<Way, unknown>): Error {
  const reasons = ways.map((way) => {
    const error = failures.get(way);
    const reason = error instanceof Error ? error.message : String(error);
    return ways.length > 1 ? `${way.name}: ${reason}` : reason;
  });
  if (createdPolicy === null) reasons.push("the page's trusted-types directive does not allow dropout-wasm");
  const cause = failures.get(ways[0]!);
  return new Error(`a worker of the SharedArena did not start: ${reasons.join('; ')}`, { cause });
}
