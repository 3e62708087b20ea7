/** Layers of a network on plain arrays. They compute with + and × alone, so they give the same bits in every engine. */

/**
 * A dense layer: multiplies rows by the weights and adds the biases.
 *
 * @param {Float32Array} x rows of `ins` numbers
 * @param {Float32Array} weights from index `at` on: for each input the weights of all outputs, then the biases
 * @param {number} at
 * @param {number} ins
 * @param {number} outs
 * @returns {Float32Array} rows of `outs` numbers
 */
export function dense(x, weights, at, ins, outs) {
  const biases = weights.subarray(at + ins * outs, at + (ins + 1) * outs);
  const y = new Float32Array((x.length / ins) * outs);
  for (let row = 0, o = 0; o < y.length; row++, o += outs) {
    y.set(biases, o);
    for (let i = 0; i < ins; i++) {
      const value = number(x, row * ins + i);
      // Most inputs are 0: the paper of an image, ReLU, dropout.
      if (value === 0) continue;
      const w = at + i * outs;
      for (let j = 0; j < outs; j++) y[o + j] = number(y, o + j) + value * number(weights, w + j);
    }
  }
  return y;
}

/** @param {Float32Array} x changed in place */
export function relu(x) {
  for (let i = 0; i < x.length; i++) if (number(x, i) < 0) x[i] = 0;
  return x;
}

/**
 * An element that exists, which the type checker cannot know.
 *
 * @param {ArrayLike<number>} array
 * @param {number} i
 */
export function number(array, i) {
  return /** @type {number} */ (array[i]);
}
