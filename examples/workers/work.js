/** What a worker does with a range, in Node and in the page. */
import { monteCarlo } from 'dropout-wasm/monte-carlo';
import { createModel } from './model.js';

const { predict, layers, kind } = createModel();

/**
 * @param {import('./pool.js').Range} range
 * @returns {Promise<Uint8Array<ArrayBuffer>>} the bytes of the result
 */
export async function compute({ from, samples, seed }) {
  const result = await monteCarlo(predict, { from, samples, seed, layers, kind });
  return /** @type {Uint8Array<ArrayBuffer>} */ (result.toBytes());
}
