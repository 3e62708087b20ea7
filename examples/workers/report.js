/** The parts of a result that Node and the page show. */
import { inputs } from './model.js';

/** @typedef {import('./pool.js').Result} Result */

/**
 * SHA-256 of the bytes of a result.
 *
 * @param {Result} result
 */
export async function digestOf(result) {
  const bytes = /** @type {Uint8Array<ArrayBuffer>} */ (result.toBytes());
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The first digits of a digest. @param {string} digest */
export const short = (digest) => digest.slice(0, 16);

export const COLUMNS = ['input', 'probability', 'entropy', 'mutual information'];

/**
 * A row of the table for each of the model's `inputs`: the probability of the first class and, in nats, its entropy and
 * the mutual information.
 *
 * @param {Result} result
 */
export function tableOf({ shape, mean, entropy, mutualInformation }) {
  const classes = /** @type {number} */ (shape.at(-1));
  return inputs.map(({ name, row }) => [
    name,
    ...[mean[classes * row], entropy[row], mutualInformation[row]].map((value) => Number(value).toFixed(3)),
  ]);
}

/** @param {number} milliseconds */
export const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(2)} s`;
