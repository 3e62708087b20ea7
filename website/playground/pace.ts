/** Long computations in slices, so that the page stays responsive. They rest while their section is out of view. */
import { everyFrame } from './section.js';

const SLICE = 6;

/** The milliseconds of work in a frame that leave time to draw. */
export const slice = (): (() => boolean) => {
  const end = performance.now() + SLICE;
  return () => performance.now() < end;
};

/** Whether any of a few elements is in the viewport. */
export class View {
  private readonly shown = new Set<Element>();
  private readonly observer: IntersectionObserver;

  /** @param appear is called when one comes into view */
  constructor(appear: () => void) {
    this.observer = new IntersectionObserver((entries) => {
      for (const { isIntersecting, target } of entries) this.shown[isIntersecting ? 'add' : 'delete'](target);
      if (entries.some(({ isIntersecting }) => isIntersecting)) appear();
    });
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
  let inSlice = () => false;
  const resume = everyFrame(() => {
    if (view.isEmpty || waiting.length === 0) return;
    inSlice = slice();
    for (const go of waiting.splice(0)) go();
  });
  const view = new View(resume);
  view.add(root);
  return () => {
    if (inSlice()) return undefined;
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
