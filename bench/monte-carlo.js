/**
 * The sums of Monte-Carlo runs and the merge of results against hand-written loops, which check nothing and give other
 * bits for another split.
 */
import { Generator, gaussianNoise } from 'dropout-wasm';
import { merge, monteCarlo } from 'dropout-wasm/monte-carlo';
import { compare, medians, timePromises } from './measure.js';
import { table } from './report.js';

const ROWS = 10_000;
const CLASSES = 10;
const SAMPLES = 100;
const PARTS = 64;
const LENGTH = 100_000;

const generator = new Generator(42);

/** Standard normal numbers. @param {number} n */
const normals = (n) => gaussianNoise(new Float32Array(n), { stddev: 1, key: generator.next() });

/** Eight samples of probabilities in f32, which a run takes in turn. */
const POOL = Array.from({ length: 8 }, () => {
  const data = normals(ROWS * CLASSES).map(Math.exp);
  for (let at = 0; at < data.length; at += CLASSES) {
    const row = data.subarray(at, at + CLASSES);
    const sum = row.reduce((a, b) => a + b);
    row.forEach((x, i) => {
      row[i] = x / sum;
    });
  }
  return { data, shape: [ROWS, CLASSES] };
});

/** @param {number} index */
const sampleOf = (index) => /** @type {typeof POOL[number]} */ (POOL[index % POOL.length]);

const run = () =>
  monteCarlo(
    ({ index, generator }) => {
      generator.next();
      return sampleOf(index);
    },
    { samples: SAMPLES, seed: 42, kind: 'probabilities' },
  );

/** Welford's sums, the entropies and the votes of the same samples, and the statistics that a result has. */
async function runByHand() {
  const n = ROWS * CLASSES;
  const mean = new Float64Array(n);
  const squares = new Float64Array(n);
  const votes = new Float64Array(n);
  const entropies = new Float64Array(ROWS);
  for (let count = 1; count <= SAMPLES; count++) {
    const { data } = sampleOf(count - 1);
    for (let row = 0; row < ROWS; row++) {
      const at = row * CLASSES;
      let entropy = 0;
      let best = at;
      for (let i = at; i < at + CLASSES; i++) {
        const p = /** @type {number} */ (data[i]);
        const delta = p - /** @type {number} */ (mean[i]);
        const next = /** @type {number} */ (mean[i]) + delta / count;
        mean[i] = next;
        squares[i] = /** @type {number} */ (squares[i]) + delta * (p - next);
        if (p > 0) entropy -= p * Math.log(p);
        if (p > /** @type {number} */ (data[best])) best = i;
      }
      entropies[row] = /** @type {number} */ (entropies[row]) + entropy;
      votes[best] = /** @type {number} */ (votes[best]) + 1;
    }
  }
  return statistics(mean, squares, entropies, SAMPLES);
}

/**
 * @param {Float64Array} mean
 * @param {Float64Array} squares
 * @param {Float64Array} entropies
 * @param {number} count
 */
function statistics(mean, squares, entropies, count) {
  const variance = squares.map((x) => x / (count - 1));
  const std = variance.map(Math.sqrt);
  const standardError = variance.map((x) => Math.sqrt(x / count));
  const expectedEntropy = entropies.map((x) => x / count);
  return { mean, variance, std, standardError, expectedEntropy };
}

/** Results of two samples each, as parts of one run. */
function runParts() {
  /** @type {import('dropout-wasm/monte-carlo').Predict} */
  const predict = ({ generator }) => gaussianNoise(new Float32Array(LENGTH), { stddev: 1, key: generator.next() });
  const froms = Array.from({ length: PARTS }, (_, i) => 2 * i);
  return Promise.all(froms.map((from) => monteCarlo(predict, { samples: 2, from, seed: 42 })));
}

/** @param {{ mean: Float64Array, variance: Float64Array, count: number }[]} parts */
function mergeByHand(parts) {
  const mean = new Float64Array(LENGTH);
  const squares = new Float64Array(LENGTH);
  let count = 0;
  for (const part of parts) {
    const share = part.count / (count + part.count);
    for (let i = 0; i < LENGTH; i++) {
      const delta = /** @type {number} */ (part.mean[i]) - /** @type {number} */ (mean[i]);
      mean[i] = /** @type {number} */ (mean[i]) + share * delta;
      squares[i] =
        /** @type {number} */ (squares[i]) +
        /** @type {number} */ (part.variance[i]) * (part.count - 1) +
        count * share * delta * delta;
    }
    count += part.count;
  }
  return statistics(mean, squares, new Float64Array(), count);
}

/**
 * @param {import('./measure.js').Effort} effort
 * @returns a table of times in ms, ours and by hand, and their ratio
 */
export async function timeMonteCarlo(effort) {
  const lines = [['', 'ours', 'loop', 'ratio']];
  /** @param {string} name @param {(() => unknown)[]} sides ours and by hand */
  const time = async (name, sides) => {
    const [ours = 0, loop = 0] = medians(await compare(sides, effort, timePromises));
    lines.push([name, ...[ours / 1e6, loop / 1e6].map((ms) => ms.toFixed(1)), (ours / loop).toFixed(2)]);
  };
  await time(`${SAMPLES} samples of ${ROWS.toLocaleString('en')} x ${CLASSES} probabilities`, [run, runByHand]);
  // Only now: 100 MB of results would slow down the runs above.
  const parts = await runParts();
  await time(`merge of ${PARTS} parts of ${LENGTH.toLocaleString('en')} numbers`, [
    async () => merge(...parts),
    async () => mergeByHand(parts),
  ]);
  return table(lines);
}
