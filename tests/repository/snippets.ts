/** JavaScript snippets of Markdown pages, whose comments state what they print. */
import { expect } from 'vitest';
import { statedBy } from '../../scripts/snippets.js';

export { lineOf, runNode, runNodeIn } from '../../scripts/snippets.js';

export interface Snippet {
  code: string;
  /** The heading above, and the line in the page. */
  name: string;
}

const SNIPPET = /^```js\n([\s\S]*?)^```$/gm;

/** The snippets of a Markdown page. */
export const snippetsOf = (page: string): Snippet[] =>
  [...page.matchAll(SNIPPET)].map(({ 1: code, index }) => {
    const before = page.slice(0, index);
    const heading = before
      .match(/^#+ .*$/gm)!
      .at(-1)!
      .replace(/^#+ /, '');
    return { code: code!, name: `${heading}, line ${before.split('\n').length}` };
  });

/** A Markdown page without its snippets. */
export const withoutSnippets = (page: string): string => page.replace(SNIPPET, '');

const AsyncFunction = (async () => {}).constructor as new (
  ...args: string[]
) => (...args: unknown[]) => Promise<unknown>;

/** Runs the body of an asynchronous function in which these names are known. Returns what it returns. */
export const runBody = (body: string, names: object): Promise<unknown> =>
  new AsyncFunction(...Object.keys(names), `'use strict';\n${body}`)(...Object.values(names));

/**
 * Expects each console.log of a snippet to have printed exactly the comment after it or on the next line. Every
 * console.log needs this comment, and every snippet needs a console.log. Remarks go elsewhere.
 */
export function expectPrinted({ code, printed }: { code: string; printed: string[] }): void {
  const comments = statedBy(code);
  expect(comments).not.toEqual([]);
  expect(printed).toEqual(comments);
}
