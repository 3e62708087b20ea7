/** What `npm run bench:peers` measures, as it is stored beside the page that shows it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { pictures } from './charts.js';
import { page } from './page.js';

/**
 * @typedef {object} PeerResult
 * @property {string} name
 * @property {string} [version]
 * @property {import('./time.js').Timing[]} timings
 * @property {{ n: number, p: number, skipped: string }[]} skipped sizes that would take too long
 * @property {number} [allocated] bytes per forward of 1,048,576 elements
 * @property {number} [start] ms from the import to the first result
 * @property {number} [size] bytes that a page loads, or a machine installs
 * @property {string[]} errors why something is missing
 */

/**
 * @typedef {object} Results
 * @property {string} date
 * @property {string[]} machine a line each
 * @property {number} load processes that were ready to run at the start, besides this one, as a mean over a minute
 * @property {number} cores
 * @property {number} minutes that all took
 * @property {PeerResult[]} peers the first is dropout-wasm itself, without timings
 * @property {{ n: number, ns: number }[]} line ns per forward in an arena
 * @property {import('../comparisons.js').Result[]} kernels
 * @property {import('../runtimes.js').RuntimeResult[]} runtimes
 */

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const STORED = `${ROOT}bench/versus/results.json`;

/** @returns {Results} */
export function stored() {
  return JSON.parse(readFileSync(STORED, 'utf8'));
}

/**
 * The page and its pictures, by their paths in the repository.
 *
 * @param {Results} results
 * @returns {Record<string, string>}
 */
export function filesOf(results) {
  const svgs = Object.entries(pictures(results)).map(([name, svg]) => [`docs/benchmarks/${name}.svg`, svg]);
  return { 'docs/benchmarks.md': page(results), ...Object.fromEntries(svgs) };
}

/** @param {Results} results */
export function write(results) {
  for (const [path, text] of Object.entries(filesOf(results))) writeFileSync(ROOT + path, text);
}
