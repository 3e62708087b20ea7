/** Long computations in slices, so that the page stays responsive, and what rests while it is out of view. */
import { everyFrame } from './section.js';

/** The work in a frame that leaves time to draw, in ms. */
const SLICE = 6;

/** The least time between two partial results that are shown, in ms: drawing a chart takes longer than a slice. */
const PAUSE = 100;

/** Starts a slice. The returned function says whether it lasts. */
export const slice = (): (() => boolean) => {
  const end = performance.now() + SLICE;
  return () => performance.now() < end;
};

/** Whether any of a few elements is in the viewport. */
export class View {
  private readonly shown = new Set<Element>();
  private readonly observer: IntersectionObserver;

  /** @param change called when one comes into view or goes out of it */
  constructor(elements: readonly Element[], change: () => void = () => {}) {
    this.observer = new IntersectionObserver((entries) => {
      for (const { isIntersecting, target } of entries) this.shown[isIntersecting ? 'add' : 'delete'](target);
      change();
    });
    for (const element of elements) this.add(element);
  }

  add(element: Element): void {
    this.observer.observe(element);
  }

  get isEmpty(): boolean {
    return this.shown.size === 0;
  }
}

/**
 * Paces an asynchronous computation: the returned function gives undefined while the slice of this frame lasts, then a
 * promise of the next frame in which the element is in view.
 */
export function pacer(root: Element): () => Promise<void> | undefined {
  const waiting: (() => void)[] = [];
  let lasts = () => false;
  const resume = everyFrame(() => {
    if (view.isEmpty || waiting.length === 0) return;
    lasts = slice();
    for (const go of waiting.splice(0)) go();
  });
  const view = new View([root], resume);
  return () => {
    if (lasts()) return undefined;
    return new Promise((resolve) => {
      waiting.push(resolve);
      resume();
    });
  };
}

/** A job of which only the latest start runs to its end. */
export class Job {
  private controller = new AbortController();

  constructor(private readonly work: (signal: AbortSignal) => Promise<void>) {}

  start(): void {
    this.stop();
    this.controller = new AbortController();
    const { signal } = this.controller;
    this.work(signal).catch((error) => {
      if (!signal.aborted) throw error;
    });
  }

  stop(): void {
    this.controller.abort();
  }
}

/**
 * Returns a function that starts a long computation and shows its results, while the element is in view. A start ends
 * the computation before.
 *
 * @param results yields results, each of which takes less than a slice
 * @param show called with some of the results, and with the last one
 */
export function inSlices<T>(root: Element, results: () => AsyncIterable<T>, show: (result: T) => void): () => void {
  const pause = pacer(root);
  const job = new Job(async (signal) => {
    let shown = Number.NEGATIVE_INFINITY;
    let pending: T | undefined;
    for await (const result of results()) {
      if (signal.aborted) return;
      pending = result;
      const frame = pause();
      if (!frame) continue;
      if (performance.now() - shown > PAUSE) {
        show(result);
        pending = undefined;
        shown = performance.now();
      }
      await frame;
    }
    if (pending !== undefined && !signal.aborted) show(pending);
  });
  return () => job.start();
}
