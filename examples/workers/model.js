/**
 * The model that the workers run, in Node and in the page. Replace this file with your own: `createModel` is called
 * once in each worker, and `inputs` names a few rows of the result for the table.
 *
 * Here it is a multilayer perceptron with two inputs (a point in the plane), two hidden layers with dropout, and two
 * classes. It runs on a grid of points.
 *
 * Every engine rounds + − × ÷ and Math.sqrt alike, but not Math.exp, Math.log, Math.tanh or Math.sin. Therefore the
 * model has ReLUs and returns logits, whose softmax dropout-wasm/monte-carlo takes, and a run has the same digest in
 * Node and in every browser. With those functions, each engine would have its own digest.
 */
import { Dropout } from 'dropout-wasm';
import { WEIGHTS } from './weights.js';

/** Units of each layer, the input first. */
export const UNITS = [2, 32, 32, 2];

export const P = 0.2;

/** Points of the grid along each axis. */
export const SIDE = 64;

/** The square that the grid covers. 5 / 64 is exact in binary. */
export const SQUARE = { left: -2, bottom: -2.25, size: 5 };

/** Points along the grid's rows, the lowest row first, as x, y, x, y, … */
const GRID = Float32Array.from({ length: 2 * SIDE * SIDE }, (_, i) => {
  const step = SQUARE.size / SIDE;
  const point = i >> 1;
  return i % 2 ? SQUARE.bottom + (Math.floor(point / SIDE) + 0.5) * step : SQUARE.left + ((point % SIDE) + 0.5) * step;
});

/** Rows of the result that the table shows. */
export const inputs = [
  { name: 'upper moon', row: rowAt(0, 1) },
  { name: 'lower moon', row: rowAt(1, -0.6) },
  { name: 'between', row: rowAt(0.5, 0.2) },
  { name: 'upper tip', row: rowAt(1, 0) },
  { name: 'far away', row: rowAt(2.9, 2.6) },
];

/** The row of the grid's nearest point. @param {number} x @param {number} y */
function rowAt(x, y) {
  /** @param {number} distance */
  const index = (distance) => Math.floor((distance * SIDE) / SQUARE.size);
  return index(y - SQUARE.bottom) * SIDE + index(x - SQUARE.left);
}

/**
 * @returns {{
 *   predict: import('dropout-wasm/monte-carlo').Predict,
 *   layers: import('dropout-wasm').Layer[],
 *   kind: 'logits',
 * }} the arguments of `monteCarlo`. All workers need the same layers in the same order
 */
export function createModel() {
  const hidden = UNITS.slice(1, -1);
  const layers = hidden.map(() => new Dropout(P, { inplace: true }));
  const predict = () => {
    let x = GRID;
    let at = 0;
    for (let k = 1; k < UNITS.length; k++) {
      const ins = number(UNITS, k - 1);
      const outs = number(UNITS, k);
      x = dense(x, WEIGHTS, at, ins, outs);
      at += (ins + 1) * outs;
      const layer = layers[k - 1];
      if (layer) {
        relu(x);
        layer.forward(x);
      }
    }
    return { data: x, shape: [SIDE * SIDE, 2] };
  };
  return { predict, layers, kind: 'logits' };
}

/**
 * Multiplies rows by a matrix and adds a bias.
 *
 * @param {Float32Array} x rows of `ins` numbers
 * @param {Float32Array} weights from index `at` on: the bias of each output, then for each input the weights of all
 *   outputs
 * @param {number} at
 * @param {number} ins
 * @param {number} outs
 */
export function dense(x, weights, at, ins, outs) {
  const y = new Float32Array((x.length / ins) * outs);
  for (let row = 0, o = 0; o < y.length; row++, o += outs) {
    y.set(weights.subarray(at, at + outs), o);
    for (let i = 0; i < ins; i++) {
      const value = number(x, row * ins + i);
      // Most are 0, by ReLU or dropout.
      if (value === 0) continue;
      const w = at + (i + 1) * outs;
      for (let j = 0; j < outs; j++) y[o + j] = number(y, o + j) + value * number(weights, w + j);
    }
  }
  return y;
}

/** @param {Float32Array} x changed in place */
export function relu(x) {
  for (let i = 0; i < x.length; i++) if (number(x, i) < 0) x[i] = 0;
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
