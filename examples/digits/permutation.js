/** The order in which training takes the rows of a set. */

/**
 * The numbers from 0 to length − 1 in random order (Fisher–Yates).
 *
 * @param {number} length
 * @param {import('dropout-wasm').Generator} random
 */
export function permutation(length, random) {
  const order = Int32Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = Number(random.next() % BigInt(i + 1));
    const swapped = /** @type {number} */ (order[i]);
    order[i] = /** @type {number} */ (order[j]);
    order[j] = swapped;
  }
  return order;
}
