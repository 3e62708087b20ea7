/** Runs JavaScript snippets whose comments state what they print, for the tests and for the site. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { formatWithOptions } from 'node:util';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Prints every value on one line, as comments do. */
const ONE_LINE = { breakLength: 1e9, compact: true };

const PRELOAD = `import { inspect } from 'node:util'; inspect.defaultOptions = ${JSON.stringify(ONE_LINE)};`;

/**
 * What console.log prints for these values.
 *
 * @param {unknown[]} values
 */
export const lineOf = (...values) => formatWithOptions(ONE_LINE, ...values);

/**
 * What the comments of a snippet state: one line for each console.log, after it or on the next line.
 *
 * @param {string} code
 */
export const statedBy = (code) =>
  [...code.matchAll(/console\.log\(.*\);\s\/\/ (.*)$/gm)].map(([, comment = '']) => comment);

/**
 * Runs Node on the built package. Returns the printed lines.
 *
 * @param {string[]} args
 */
export const runNode = (...args) => runNodeIn(ROOT, ...args);

/**
 * Runs Node in a folder. Returns the printed lines.
 *
 * @param {string} cwd
 * @param {string[]} args
 */
export function runNodeIn(cwd, ...args) {
  const printed = execFileSync(process.execPath, ['--import', `data:text/javascript,${PRELOAD}`, ...args], {
    cwd,
    encoding: 'utf8',
    // What TensorFlow.js advises on stderr is part of the error of a program that fails, and is not shown otherwise.
    stdio: ['ignore', 'pipe', 'pipe'],
    // Node 22 colors the output if this is 1.
    env: { ...process.env, FORCE_COLOR: '0' },
  });
  return printed.trimEnd().split('\n');
}
