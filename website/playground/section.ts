/** What the parts of the page have in common: when they work, how they draw, and their code. */
import type { SectionName, State } from './fields.js';

export interface Section {
  readonly name: SectionName;
  /** Starts the section in its element, when it comes near the viewport. */
  start(root: HTMLElement, state: State): void;
  /** A program that computes what is shown, for Node. */
  code(state: State): string;
}

/** The element of a section that its markup must have. */
export function find<E extends HTMLElement = HTMLElement>(root: ParentNode, selector: string): E {
  const element = root.querySelector<E>(selector);
  if (!element) throw new Error(`the page has no ${selector}`);
  return element;
}

/** Calls `draw` in the next frame, once for all requests before it. */
export function everyFrame(draw: () => void): () => void {
  let requested = false;
  return () => {
    if (requested) return;
    requested = true;
    requestAnimationFrame(() => {
      requested = false;
      draw();
    });
  };
}

/** Resolves in the next frame: until then the page can draw and answer. */
export const nextFrame = (): Promise<number> => new Promise(requestAnimationFrame);

/** The work between two frames, in ms. */
const SLICE = 10;

/** The least time between two partial results that are shown, in ms: drawing a chart takes longer than a slice. */
const PAUSE = 100;

/**
 * Returns a function that starts a long computation and shows its results, in slices between which the page can draw.
 * A call ends the computation of the call before.
 *
 * @param results yields results, each of which takes less than a slice
 * @param show called with some of the results, and with the last one
 */
export function inSlices<T>(results: () => AsyncIterable<T>, show: (result: T) => void): () => Promise<void> {
  let latestCall = 0;
  return async () => {
    const call = ++latestCall;
    let started = performance.now();
    let shown = Number.NEGATIVE_INFINITY;
    let pending: T | undefined;
    for await (const result of results()) {
      pending = result;
      if (performance.now() - started < SLICE) continue;
      if (performance.now() - shown > PAUSE) {
        show(result);
        pending = undefined;
        shown = performance.now();
      }
      await nextFrame();
      if (call !== latestCall) return;
      started = performance.now();
    }
    if (pending !== undefined) show(pending);
  };
}

export const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)');

/** Calls `listener` when the light or dark scheme changes: a canvas has to be painted again. */
export function onScheme(listener: () => void): void {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', listener);
}

/** The value of a color variable of style.css as red, green and blue from 0 to 255. */
export function color(name: string): [red: number, green: number, blue: number] {
  const hex = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
  return [red!, green!, blue!];
}
