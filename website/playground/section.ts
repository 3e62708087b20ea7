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

/** Writes a number or a sentence, and shows the text around it, which was hidden until its numbers are known. */
export function write(root: ParentNode, selector: string, text: string): void {
  const element = find(root, selector);
  element.textContent = text;
  element.closest('[data-pending]')?.removeAttribute('data-pending');
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

/** The same for the styles of a canvas. */
export const css = (name: string): string => `rgb(${color(name).join(' ')})`;
