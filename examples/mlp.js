/**
 * A multilayer perceptron on plain arrays, trained on 500 MNIST digits without and with dropout. docs/training.md
 * explains each part. In a clone: npm ci && npm run build && node examples/mlp.js
 */
import cliProgress from 'cli-progress';
import { Dropout, Generator, setTraining } from 'dropout-wasm';
import { CLASSES, loadDigits, PIXELS } from './digits/data.js';
import { permutation } from './digits/permutation.js';

const UNITS = [PIXELS, 64, CLASSES];
const [SEED, EPOCHS, BATCH, LEARNING_RATE] = [1, 30, 20, 0.1];

/** @typedef {Float32Array & Record<number, any>} Matrix row-major; any, because the type checker doubts every index */
/** @typedef {{ ins: number, outs: number, weights: Matrix, biases: Matrix, dropout: Dropout }} Layer */
/** @typedef {import('./digits/data.js').Digits} Digits */

/** Skips zeros: white paper, ReLU, dropout. @param {Matrix} a @param {Matrix} b @param {number} inner columns of a */
function multiply(a, b, inner) {
  const cols = b.length / inner;
  const c = /** @type {Matrix} */ (new Float32Array((a.length / inner) * cols));
  for (let i = 0, row = 0; row < c.length; row += cols)
    for (let k = 0; k < inner; k++, i++)
      if (a[i] !== 0) for (let j = 0; j < cols; j++) c[row + j] += a[i] * b[k * cols + j];
  return c;
}

/** @param {Matrix} a @param {number} cols */
function transpose(a, cols) {
  const rows = a.length / cols;
  return a.map((_, i) => a[(i % rows) * cols + Math.floor(i / rows)]);
}

/** @param {number[]} rates p of the dropout before each dense layer @param {number} seed @returns {Layer[]} */
export function createModel(rates, seed) {
  const random = new Generator(seed);
  return rates.map((p, k) => {
    const [ins = 0, outs = 0] = UNITS.slice(k);
    const limit = Math.sqrt(6 / ins); // He et al. 2015
    const weights = new Float32Array(ins * outs).map(() => limit * (Number(random.next() >> 11n) / 2 ** 52 - 1));
    return { ins, outs, weights, biases: new Float32Array(outs), dropout: new Dropout(p, { generator: random }) };
  });
}

/** @param {Layer[]} model @param {Matrix} x @returns the layers with their inputs, and the logits */
export function forward(model, x) {
  const tape = model.map((layer, k) => {
    const { ins, outs, weights, biases, dropout } = layer;
    const input = dropout.forward(k === 0 ? x : x.map((v) => Math.max(v, 0))); // ReLU between dense layers
    x = multiply(input, weights, ins).map((v, i) => v + biases[i % outs]);
    return { ...layer, input };
  });
  return { tape, logits: x };
}

/** @param {Matrix} logits @param {Uint8Array} labels @returns mean cross-entropy, its gradient dy, and the accuracy */
export function score(logits, labels) {
  let [loss, right] = [0, 0];
  const dy = logits.slice();
  for (const [row, label] of labels.entries()) {
    const z = /** @type {Matrix} */ (dy.subarray(row * CLASSES, (row + 1) * CLASSES));
    const max = Math.max(...z);
    const sum = z.reduce((total, v) => total + Math.exp(v - max), 0);
    loss += (Math.log(sum) + max - z[label]) / labels.length;
    right += z[label] === max ? 1 : 0;
    for (let j = 0; j < CLASSES; j++) z[j] = (Math.exp(z[j] - max) / sum - (j === label ? 1 : 0)) / labels.length;
  }
  return { loss, dy, accuracy: right / labels.length };
}

/** @param {ReturnType<typeof forward>['tape']} tape @param {Matrix} dy @returns pairs of values and their gradients */
export function backward(tape, dy) {
  return tape.toReversed().flatMap(({ ins, outs, weights, biases, dropout, input }) => {
    const rows = dy.length / outs;
    const pairs = [
      [weights, multiply(transpose(input, ins), dy, rows)],
      [biases, multiply(new Float32Array(rows).fill(1), dy, rows)],
    ];
    const dx = dropout.backward(multiply(dy, transpose(weights, outs), outs)); // the mask of the latest forward
    dy = dx.map((d, i) => (input[i] > 0 ? d : 0)); // ReLU
    return /** @type {[Matrix, Matrix][]} */ (pairs);
  });
}

/** @param {Layer[]} model @param {Digits} digits @param {Generator} random gives the order of the images */
function trainEpoch(model, { images, labels }, random) {
  const order = permutation(labels.length, random);
  for (let start = 0; start < order.length; start += BATCH) {
    const batch = order.subarray(start, start + BATCH);
    const x = new Float32Array(batch.length * PIXELS);
    for (const [row, i] of batch.entries()) x.set(images.subarray(i * PIXELS, (i + 1) * PIXELS), row * PIXELS);
    const { tape, logits } = forward(model, x);
    const digits = Uint8Array.from(batch, (i) => Number(labels[i]));
    const { dy } = score(logits, digits);
    for (const [values, gradient] of backward(tape, dy))
      for (let i = 0; i < values.length; i++) values[i] -= LEARNING_RATE * gradient[i];
  }
}

/** @param {Layer[]} model @param {Digits} digits @returns the score with dropout off */
function evaluate(model, { images, labels }) {
  const dropouts = model.map(({ dropout }) => dropout);
  setTraining(dropouts, false);
  const { logits } = forward(model, images);
  setTraining(dropouts, true);
  return score(logits, labels);
}

/** @param {number[]} rates @param {{ train: Digits, test: Digits }} digits @param {() => void} onEpoch */
function run(rates, { train, test }, onEpoch) {
  const model = createModel(rates, SEED);
  const random = new Generator(SEED).fork('order');
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    trainEpoch(model, train, random);
    onEpoch();
  }
  const { loss, accuracy } = evaluate(model, test);
  const trainAccuracy = evaluate(model, train).accuracy;
  return { 'train accuracy': trainAccuracy, 'test accuracy': accuracy, 'test loss': Number(loss.toFixed(3)) };
}

if (process.argv[1] === import.meta.filename) {
  const digits = loadDigits(500, 1000);
  const bar = new cliProgress.SingleBar({ format: '{bar} {value}/{total} epochs' });
  bar.start(2 * EPOCHS, 0);
  const without = run([0, 0], digits, () => bar.increment());
  const withDropout = run([0.2, 0.5], digits, () => bar.increment());
  bar.stop();
  console.table({ 'p = 0': without, 'p = 0.2 and 0.5': withDropout });
}
