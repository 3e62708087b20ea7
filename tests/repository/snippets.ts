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

/** Prints every value on one line, as a comment has it. */
const ONE_LINE = { breakLength: 1e9, compact: true };

/** What console.log prints for these values. */
export const lineOf = (...values: unknown[]): string => formatWithOptions(ONE_LINE, ...values);

const PRELOAD = `import { inspect } from 'node:util'; inspect.defaultOptions = ${JSON.stringify(ONE_LINE)};`;

/** Runs Node on the built package. Returns the printed lines. */
export function runNode(...args: string[]): string[] {
  const printed = execFileSync(process.execPath, ['--import', `data:text/javascript,${PRELOAD}`, ...args], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    encoding: 'utf8',
    // Node 22 colors the output if this is 1.
    env: { ...process.env, FORCE_COLOR: '0' },
  });
  return printed.trimEnd().split('\n');
}

/** The comments behind the calls of console.log, or on the next line. */
const commentsOf = (code: string) =>
  [...code.matchAll(/console\.log\(.*\);\s\/\/ (.*)$/gm)].map(([, comment]) => comment!);

const isProse = (comment: string) => /^(the|an?) /.test(comment);

/**
 * Expects a snippet to have printed what its comments state. Each console.log has a comment with its output, which may
 * be followed by a remark after a colon: "// true: evaluation returns x". A comment that starts with an article states
 * no output: "// the gradient". Each snippet states at least one output.
 */
export function expectPrinted({ code, printed }: { code: string; printed: string[] }): void {
  const comments = commentsOf(code);
  expect(comments.filter((comment) => !isProse(comment))).not.toEqual([]);
  const lines = comments.map((comment, i) =>
    isProse(comment) || comment.startsWith(`${printed[i]}: `) ? printed[i] : comment,
  );
  expect(printed).toEqual(lines);
}
