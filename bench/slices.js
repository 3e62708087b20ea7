/**
 * Slices of a global tensor against plain dropout of as many elements.
 */
import * as main from 'dropout-wasm';
import * as threads from 'dropout-wasm/threads';
import { medians } from './measure.js';
import { table } from './report.js';
import { timeSides } from './sides.js';

const N = 1_048_576;

/** The length of the rows, and of the rows of the global tensor that they are cut out of. */
const ROWS = [
  [N, N],
  [4096, 8192],
  [4096, 100_000],
  [512, 600],
  [512, 1024],
  [512, 4000],
  [512, 100_000],
  [64, 128],
  [8, 16],
];

const pkg = { ...main, ...threads };
const key = new main.Generator(42).next();

/** @type {(slice?: { shape: number[], of: number[], at: number[] }) => import('./cases.js').Call['create']} */
const dropout = (slice) => (_, p, x, out) => {
  if (!slice) return () => main.dropout(x, { p, key, out });
  const { shape, of, at } = slice;
  return () => main.dropout({ data: x, shape }, { p, key, slice: { of, at }, out: { data: out, shape } });
};

/**
 * @param {import('./measure.js').Effort} effort
 * @returns a table of ns per element and ratios plain / slice
 */
export async function timeSlices(effort) {
  const lines = [];
  for (const [row, whole] of /** @type {[number, number][]} */ (ROWS)) {
    const shape = [N / row, row];
    const slice = { shape, of: [N / row + 2, whole], at: [1, Math.floor((whole - row) / 2)] };
    const cells = [];
    for (const place of /** @type {const} */ (['arena', 'arrays'])) {
      const sides = [slice, undefined].map((side) => ({ pkg, place, create: dropout(side) }));
      const [ours, plain] = /** @type {[number, number]} */ (medians(await timeSides(sides, N, 0.5, effort)));
      cells.push((ours / N).toFixed(2), (plain / ours).toFixed(2));
    }
    lines.push([row, whole].map((n) => n.toLocaleString('en')).concat(cells));
  }
  return table([['rows of', 'cut from', 'arena', 'plain / slice', 'arrays', 'plain / slice'], ...lines]);
}
