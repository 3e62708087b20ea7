/**
 * Slices of a global tensor, and their masks, against plain dropout of as many elements.
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

/** @type {(slice: { shape: number[], of: number[], at: number[] }, format: 'bytes' | 'bits') => import('./cases.js').Call['create']} */
const mask =
  ({ shape, of, at }, format) =>
  (_, p, x, out) => {
    const bytes = new Uint8Array(out.buffer, out.byteOffset, x.length);
    return () => main.mask(shape, { p, key, slice: { of, at }, format, out: bytes });
  };

/**
 * @param {import('./measure.js').Effort} effort
 * @returns a table of ratios, plain dropout / slice: of dropout and of masks in bytes and in bits; ns of dropout
 */
export async function timeSlices(effort) {
  const lines = [];
  for (const [row, whole] of /** @type {[number, number][]} */ (ROWS)) {
    const shape = [N / row, row];
    const slice = { shape, of: [N / row + 2, whole], at: [1, Math.floor((whole - row) / 2)] };
    const cells = [];
    for (const place of /** @type {const} */ (['arena', 'arrays'])) {
      const creates = [dropout(), dropout(slice), mask(slice, 'bytes'), mask(slice, 'bits')];
      const sides = creates.map((create) => ({ pkg, place, create }));
      const [plain = 0, ...times] = medians(await timeSides(sides, N, 0.5, effort));
      cells.push(...times.map((ns) => (plain / ns).toFixed(2)));
      if (place === 'arena') cells.push(((times[0] ?? 0) / N).toFixed(2));
    }
    lines.push([row, whole].map((n) => n.toLocaleString('en')).concat(cells));
  }
  const head = ['rows of', 'cut from', 'arena', 'bytes', 'bits', 'ns', 'arrays', 'bytes', 'bits'];
  return table([head, ...lines]);
}
