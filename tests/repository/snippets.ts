/** JavaScript snippets whose comments state what they print. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { formatWithOptions } from 'node:util';
import { expect } from 'vitest';

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

/** Prints every value on one line, as comments do. */
const ONE_LINE = { breakLength: 1e9, compact: true };

/** What console.log prints for these values. */
export const lineOf = (...values: unknown[]): string => formatWithOptions(ONE_LINE, ...values);

const AsyncFunction = (async () => {}).constructor as new (
  ...args: string[]
) => (...args: unknown[]) => Promise<unknown>;

/** Runs the body of an asynchronous function in which these names are known. Returns what it returns. */
export const runBody = (body: string, names: object): Promise<unknown> =>
  new AsyncFunction(...Object.keys(names), `'use strict';\n${body}`)(...Object.values(names));

const PRELOAD = `import { inspect } from 'node:util'; inspect.defaultOptions = ${JSON.stringify(ONE_LINE)};`;

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Runs Node on the built package. Returns the printed lines. */
export const runNode = (...args: string[]): string[] => runNodeIn(ROOT, ...args);

/** Runs Node in a folder. Returns the printed lines. */
export function runNodeIn(cwd: string, ...args: string[]): string[] {
  const printed = execFileSync(process.execPath, ['--import', `data:text/javascript,${PRELOAD}`, ...args], {
    cwd,
    encoding: 'utf8',
    // Node 22 colors the output if this is 1.
    env: { ...process.env, FORCE_COLOR: '0' },
  });
  return printed.trimEnd().split('\n');
}

/**
 * Expects each console.log of a snippet to have printed exactly the comment after it or on the next line. Every
 * console.log needs this comment, and every snippet needs a console.log. Remarks go elsewhere.
 */
export function expectPrinted({ code, printed }: { code: string; printed: string[] }): void {
  const comments = [...code.matchAll(/console\.log\(.*\);\s\/\/ (.*)$/gm)].map(([, comment]) => comment!);
  expect(comments).not.toEqual([]);
  expect(printed).toEqual(comments);
}
