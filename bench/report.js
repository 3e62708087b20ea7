/**
 * Text output, at most 80 columns wide.
 */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { version_core as tfjsVersion } from '@tensorflow/tfjs-core';
import Table from 'cli-table3';
import { backend } from 'dropout-wasm';

export const COMPARISONS_LEGEND = `ns per element, f32: medians over the quieter half of the rounds; both sides
have a turn in each round, in one process. ratio = baseline / ours: above 1
ours is faster, 0.91 means 1.1 times the time of the baseline.
TF.js in its cheapest form: its input tensor already exists, and its result is
not read back; ours reads a plain Float32Array and writes another.`;

export const BUILDS_LEGEND = `ns per element, f32: medians over the quieter half of the rounds; "this" build,
a "copy" of it and the build "before" (DIR) have a turn in each round, in one
process. ratio = this / before: above 1 this build is slower. A/A = this / copy
shows the noise: in three quarters of the rounds it is within 1 ± spread.
A row is slower if both this and copy are slower than before by more than 3 %
and by more than the spread, in each of three measurements of new copies.`;

/** The package and the machine that the figures depend on. */
export function machine() {
  const all = cpus();
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const { name, reason } = backend();
  return `dropout-wasm ${version}, backend ${name}${reason ? ` (${reason})` : ''}
${all[0]?.model.trim()}, ${all.length} cores; ${process.platform} ${process.arch}
Node ${process.versions.node}, V8 ${process.versions.v8}; TF.js ${tfjsVersion}`;
}

/** @param {import('./comparisons.js').Result[]} results of one row */
export function comparisonTable(results) {
  const probabilities = [...new Set(results.map(({ p }) => p))];
  const sizes = [...new Set(results.map(({ n }) => n))];
  const lines = sizes.map((n) => [
    n.toLocaleString('en'),
    ...results
      .filter((result) => result.n === n)
      .flatMap(({ oursNsPerElement, peerNsPerElement, ratio }) => [
        oursNsPerElement.toFixed(3),
        peerNsPerElement.toFixed(3),
        ratio.toFixed(2),
      ]),
  ]);
  return table([
    ['', ...probabilities.map((p) => ({ content: `p = ${p}`, colSpan: 3, hAlign: /** @type {const} */ ('center') }))],
    ['n', ...probabilities.flatMap(() => ['ours', 'baseline', 'ratio'])],
    ...lines,
  ]);
}

/** @param {import('./builds.js').Result[]} results of one row */
export function buildsTable(results) {
  const lines = results.map(({ n, p, thisNsPerElement, copyNsPerElement, beforeNsPerElement, ...result }) => [
    n.toLocaleString('en'),
    p,
    ...[thisNsPerElement, copyNsPerElement, beforeNsPerElement].map((ns) => ns.toFixed(3)),
    result.ratio.toFixed(2),
    result.control.toFixed(2),
    `${(100 * result.spread).toFixed(0)} %`,
    result.slower ? 'slower' : '',
  ]);
  return table([['n', 'p', 'this', 'copy', 'before', 'ratio', 'A/A', 'spread', ''], ...lines]);
}

/** @param {import('./builds.js').Result[]} results of all rows */
export function buildsSummary(results) {
  const slower = results.filter(({ slower }) => slower);
  const uncertain = results.filter(({ spread }) => spread > 0.03);
  return [
    `${results.length} rows, ${slower.length} slower; ${uncertain.length} with a spread above 3 %`,
    ...slower.map(
      ({ name, n, p, ratio }) => `slower: ${name}, n = ${n.toLocaleString('en')}, p = ${p}: ${ratio.toFixed(2)}`,
    ),
  ].join('\n');
}

/** @param {import('cli-table3').Cell[][]} lines numbers, except in the first column */
export function table(lines) {
  const columns = /** @type {import('cli-table3').Cell[]} */ (lines.at(-1)).length;
  const grid = new Table({
    style: { head: [], border: [], compact: true },
    colAligns: Array.from({ length: columns }, () => 'right'),
  });
  grid.push(...lines);
  return grid.toString();
}

/**
 * Writes to stderr, so that stdout holds results only. On a terminal each text replaces the one before.
 *
 * @param {string} text
 */
export function progress(text) {
  const { isTTY } = process.stderr;
  process.stderr.write(isTTY ? `\r\x1b[K${text}` : `${text}\n`);
}

export function endProgress() {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
}
