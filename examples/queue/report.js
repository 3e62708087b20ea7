/** Digests and tables. */
import { createHash } from 'node:crypto';
import Table from 'cli-table3';

/** SHA-256. @param {Uint8Array} bytes */
export const digestOf = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** The first digits of a digest. @param {string} digest */
export const short = (digest) => digest.slice(0, 16);

/** @param {number} milliseconds */
export const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(2)} s`;

/** @param {number} count @param {string} noun */
export const counted = (count, noun) => `${count} ${noun}${count === 1 ? '' : 's'}`;

const COLUMNS = ['digit', 'label', 'predicted', 'probability', 'entropy', 'mutual information'];

/**
 * The digits of the batch with the highest entropy.
 *
 * @param {import('dropout-wasm/monte-carlo').ClassResult} result
 * @param {Uint8Array} labels
 * @param {number} [count]
 */
export function mostUncertain({ shape, mean, entropy, mutualInformation }, labels, count = 5) {
  const classes = /** @type {number} */ (shape.at(-1));
  const rows = Array.from(entropy.keys()).sort((a, b) => Number(entropy[b]) - Number(entropy[a]));
  return [
    COLUMNS,
    ...rows.slice(0, count).map((row) => {
      const probabilities = mean.subarray(classes * row, classes * (row + 1));
      const probability = Math.max(...probabilities);
      return [
        ...[row, labels[row], probabilities.indexOf(probability)].map(String),
        ...[probability, entropy[row], mutualInformation[row]].map((value) => Number(value).toFixed(3)),
      ];
    }),
  ];
}

/** @param {string[][]} rows the names of the columns first */
export function toText(rows) {
  const table = new Table({
    style: { head: [], border: [], compact: true },
    colAligns: Array.from(rows[0] ?? [], () => 'right'),
  });
  table.push(...rows);
  return table.toString();
}
