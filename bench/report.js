/**
 * How results are shown: at most 80 columns wide.
 */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { version_core as tfjsVersion } from '@tensorflow/tfjs-core';
import Table from 'cli-table3';
import { backend } from 'dropout-wasm';

export const LEGEND = `ns an element, f32: medians over the quieter half of rounds in which both sides
have a turn, all in this process. ratio = peer / ours: above 1 ours is faster,
0.91 means 1.1 times the time of the peer.
TF.js in its cheapest form: its tensor exists before, its result is not read
back; ours reads a plain Float32Array and writes another.`;

/** What the figures depend on. */
export function machine() {
  const all = cpus();
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const { name, reason } = backend();
  return `dropout-wasm ${version}, backend ${name}${reason ? ` (${reason})` : ''}
${all[0]?.model.trim()}, ${all.length} cores; ${process.platform} ${process.arch}
Node ${process.versions.node}, V8 ${process.versions.v8}; TF.js ${tfjsVersion}`;
}

/** @param {import('./comparisons.js').Result[]} results of one row */
export function comparison(results) {
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
    ['n', ...probabilities.flatMap(() => ['ours', 'peer', 'ratio'])],
    ...lines,
  ]);
}

/** @param {import('cli-table3').Cell[][]} lines numbers in all columns but the first, of which they may be */
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
 * On stderr, so that stdout holds results only; one line written over on a terminal.
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
