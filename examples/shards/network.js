/**
 * The network and its gradient, on plain arrays. Replace this file with your own network.
 *
 * It is a multilayer perceptron with dropout before each of its two dense layers, trained by SGD with momentum. Every
 * engine rounds + − × ÷ and Math.sqrt alike, but not Math.exp and Math.log. Therefore the loss is the squared hinge
 * loss of each class against the others (Tang 2013) instead of softmax and cross-entropy, and the weights have the same
 * digest in every engine.
 */
import { dropout } from 'dropout-wasm';
import { dense, number, relu } from '../digits/arrays.js';
import { CLASSES, PIXELS } from './data.js';

const HIDDEN = 64;

/** p of the dropout before each dense layer. */
const INPUT_P = 0.2;
const HIDDEN_P = 0.2;

const LEARNING_RATE = 0.03;
const MOMENTUM = 0.9;

/** Rows whose gradients are added one after the other. Their sum is a leaf of the tree in tree.js. */
export const GROUP = 16;

/** Where the kernel and the biases of each layer begin, in the layout of `dense`. */
const FIRST = 0;
const FIRST_BIAS = FIRST + PIXELS * HIDDEN;
const SECOND = FIRST_BIAS + HIDDEN;
const SECOND_BIAS = SECOND + HIDDEN * CLASSES;
export const WEIGHTS = SECOND_BIAS + CLASSES;

/**
 * @typedef {import('./data.js').Batch} Batch
 *
 * @typedef {object} Part rows of a batch
 * @property {Batch} rows
 * @property {number} firstRow the number of its first row in the batch, a multiple of GROUP
 * @property {number} batchRows rows of the whole batch
 */

/**
 * He initialization. Biases are 0.
 *
 * @param {import('dropout-wasm').Generator} random
 */
export function initialWeights(random) {
  const weights = new Float32Array(WEIGHTS);
  /** @param {number} from @param {number} to @param {number} ins */
  const fill = (from, to, ins) => {
    const limit = Math.sqrt(6 / ins);
    for (let i = from; i < to; i++) weights[i] = limit * (Number(random.next() >> 11n) / 2 ** 52 - 1);
  };
  fill(FIRST, FIRST_BIAS, PIXELS);
  fill(SECOND, SECOND_BIAS, HIDDEN);
  return weights;
}

/**
 * The gradient of each group of rows, in order. Their sum over all groups of the batch is that of its mean loss.
 *
 * A process draws the masks of its own rows alone: `slice` says where the rows lie in the batch, and `keys` are the same
 * in all processes.
 *
 * @param {Float32Array} weights
 * @param {Part} part
 * @param {{ input: bigint, hidden: bigint }} keys of the masks in this step
 * @returns {Float32Array[]}
 */
export function gradientsOf(weights, { rows: { images, labels }, firstRow, batchRows }, keys) {
  const count = labels.length;
  if (count === 0) return [];
  /** @param {Float32Array} data @param {number} columns @param {number} p @param {bigint} key */
  const drop = (data, columns, p, key) =>
    dropout({ data, shape: [count, columns] }, { p, key, slice: { of: [batchRows, columns], at: [firstRow, 0] } }).data;

  const x = drop(images, PIXELS, INPUT_P, keys.input);
  const h = drop(relu(dense(x, weights, FIRST, PIXELS, HIDDEN)), HIDDEN, HIDDEN_P, keys.hidden);
  const y = dense(h, weights, SECOND, HIDDEN, CLASSES);

  const dy = y.map((score, o) => {
    const { margin, target } = hinge(score, o % CLASSES === labels[Math.floor(o / CLASSES)]);
    return (-2 * target * margin) / batchRows;
  });
  const dropped = new Float32Array(h.length);
  for (let o = 0; o < h.length; o++) {
    // h is 0 where ReLU or dropout made it 0, and the gradient is 0 there.
    if (h[o] === 0) continue;
    const w = SECOND + (o % HIDDEN) * CLASSES;
    const k = Math.floor(o / HIDDEN) * CLASSES;
    let sum = 0;
    for (let j = 0; j < CLASSES; j++) sum += number(dy, k + j) * number(weights, w + j);
    dropped[o] = sum;
  }
  // The gradient of dropout is dropout with the same key, on the same slice.
  const dh = drop(dropped, HIDDEN, HIDDEN_P, keys.hidden);

  const gradients = [];
  for (let from = 0; from < count; from += GROUP) {
    const gradient = new Float32Array(WEIGHTS);
    for (let row = from; row < Math.min(from + GROUP, count); row++) {
      addOuter(gradient, FIRST, rowOf(x, row, PIXELS), rowOf(dh, row, HIDDEN));
      addOuter(gradient, SECOND, rowOf(h, row, HIDDEN), rowOf(dy, row, CLASSES));
    }
    gradients.push(gradient);
  }
  return gradients;
}

/**
 * SGD with momentum.
 *
 * @param {Float32Array} weights changed in place
 * @param {Float32Array} velocity changed in place
 * @param {Float32Array} gradient
 */
export function update(weights, velocity, gradient) {
  for (let i = 0; i < WEIGHTS; i++) {
    velocity[i] = MOMENTUM * number(velocity, i) + number(gradient, i);
    weights[i] = number(weights, i) - LEARNING_RATE * number(velocity, i);
  }
}

/**
 * The loss and the fraction of digits classified correctly, with dropout off.
 *
 * @param {Float32Array} weights
 * @param {Batch} digits
 */
export function evaluate(weights, { images, labels }) {
  const h = relu(dense(images, weights, FIRST, PIXELS, HIDDEN));
  const y = dense(h, weights, SECOND, HIDDEN, CLASSES);
  let loss = 0;
  let right = 0;
  for (const [row, label] of labels.entries()) {
    const scores = rowOf(y, row, CLASSES);
    for (const [j, score] of scores.entries()) loss += hinge(score, j === label).margin ** 2 / labels.length;
    if (scores.indexOf(Math.max(...scores)) === label) right++;
  }
  return { loss, accuracy: right / labels.length };
}

/**
 * By how much a score falls short of its target: at least 1 for the class of the label, at most −1 for the others.
 *
 * @param {number} score
 * @param {boolean} isLabel
 */
function hinge(score, isLabel) {
  const target = isLabel ? 1 : -1;
  return { target, margin: Math.max(0, 1 - target * score) };
}

/**
 * Adds the gradient of a layer for one row.
 *
 * @param {Float32Array} gradient changed in place
 * @param {number} at where the layer begins
 * @param {Float32Array} x the row of inputs
 * @param {Float32Array} dy the row of gradients of the outputs
 */
function addOuter(gradient, at, x, dy) {
  const outs = dy.length;
  for (let i = 0; i <= x.length; i++) {
    // The biases are the weights of an input of 1 after the others.
    const value = i < x.length ? number(x, i) : 1;
    if (value === 0) continue;
    const w = at + i * outs;
    for (let j = 0; j < outs; j++) gradient[w + j] = number(gradient, w + j) + value * number(dy, j);
  }
}

/** @param {Float32Array} x @param {number} row @param {number} columns */
const rowOf = (x, row, columns) => x.subarray(row * columns, (row + 1) * columns);
