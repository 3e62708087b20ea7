/**
 * A multilayer perceptron on plain arrays, trained on 500 MNIST digits without and with dropout. docs/training.md
 * explains each part. In a clone: npm ci && npm run build && node examples/mlp.js
 */
import cliProgress from 'cli-progress';
import { Dropout, Generator } from 'dropout-wasm';
import { CLASSES, loadDigits, PIXELS } from './digits/data.js';

const UNITS = [PIXELS, 64, CLASSES];
const [SEED, STEPS, LEARNING_RATE] = [1, 10000, 0.005];

/** @typedef {Float32Array & Record<number, any>} Vector any, because the type checker doubts every index */
/** @typedef {{ weights: Vector, biases: Vector, dropout: Dropout, input: Vector }} Layer row j of weights: unit j */
/** @typedef {import('./digits/data.js').Digits} Digits */

/** @param {number[]} rates p of the dropout before each dense layer @param {number} seed @returns {Layer[]} */
export function createModel(rates, seed) {
  const random = new Generator(seed);
  return rates.map((p, k) => {
    const [ins = 0, outs = 0] = UNITS.slice(k);
    const limit = Math.sqrt(6 / ins); // He et al. 2015
    const weights = new Float32Array(outs * ins).map(() => limit * (Number(random.next()) / 2 ** 63 - 1));
    const dropout = new Dropout(p, { generator: random });
    return { weights, biases: new Float32Array(outs), dropout, input: new Float32Array(ins) };
  });
}

/** @param {Layer[]} model keeps its inputs for backward @param {Vector} x @returns the logits */
export function forward(model, x) {
  for (const layer of model) {
    const { weights, biases, dropout } = layer;
    /** @type {Vector} ReLU leaves pixels as they are. */
    const input = dropout.forward(x.map((v) => Math.max(v, 0)));
    x = biases.map((y, j) => {
      for (let i = 0; i < input.length; i++) y += weights[j * input.length + i] * input[i];
      return y;
    });
    layer.input = input;
  }
  return x;
}

/** @param {Vector} logits @param {number} label @returns the cross-entropy, its gradient dy, and whether it is right */
export function score(logits, label) {
  const max = Math.max(...logits);
  const exps = logits.map((z) => Math.exp(z - max));
  const sum = exps.reduce((total, e) => total + e, 0);
  const dy = exps.map((e, j) => e / sum - (j === label ? 1 : 0));
  return { loss: Math.log(sum) + max - logits[label], dy, right: logits[label] === max };
}

/** @param {Layer[]} model @param {Vector} dy @returns the parameters, each with its gradient */
export function backward(model, dy) {
  const pairs = /** @type {[Vector, Vector][]} */ ([]);
  for (const { weights, biases, dropout, input } of model.toReversed()) {
    const dW = /** @type {Vector} */ (new Float32Array(weights.length));
    const dx = /** @type {Vector} */ (new Float32Array(input.length));
    for (const [j, d] of dy.entries())
      for (let i = 0, n = j * input.length; i < input.length; i++, n++) {
        dW[n] = d * input[i];
        dx[i] += d * weights[n];
      }
    pairs.push([weights, dW], [biases, dy]);
    dy = dropout.backward(dx).map((d, i) => (input[i] > 0 ? d : 0)); // the mask of the latest forward, then ReLU
  }
  return pairs;
}

/** @param {Layer[]} model @param {Digits} digits @param {number} i @returns the score of image i */
function classify(model, { images, labels }, i) {
  return score(forward(model, images.subarray(i * PIXELS, (i + 1) * PIXELS)), Number(labels[i]));
}

/** @param {Layer[]} model @param {Digits} digits @returns the mean loss and the accuracy, with dropout off */
function evaluate(model, digits) {
  for (const { dropout } of model) dropout.eval();
  const scores = Array.from(digits.labels, (_, i) => classify(model, digits, i));
  const loss = scores.reduce((sum, { loss }) => sum + loss, 0) / scores.length;
  return { loss, accuracy: scores.filter(({ right }) => right).length / scores.length };
}

/** @param {number[]} rates @param {{ train: Digits, test: Digits }} digits @param {() => void} onStep */
function run(rates, { train, test }, onStep) {
  const model = createModel(rates, SEED);
  const random = new Generator(SEED).fork('images');
  for (let step = 0; step < STEPS; step++) {
    const { dy } = classify(model, train, Number(random.next() % BigInt(train.labels.length)));
    for (const [values, gradient] of backward(model, dy))
      for (let i = 0; i < values.length; i++) values[i] -= LEARNING_RATE * gradient[i];
    onStep();
  }
  const trained = evaluate(model, train);
  const { loss, accuracy } = evaluate(model, test);
  return { 'train accuracy': trained.accuracy, 'test accuracy': accuracy, 'test loss': Number(loss.toFixed(3)) };
}

if (process.argv[1] === import.meta.filename) {
  const digits = loadDigits(500, 1000);
  const bar = new cliProgress.SingleBar({ format: '{bar} {value}/{total} steps' });
  bar.start(2 * STEPS, 0);
  const without = run([0, 0], digits, () => bar.increment());
  const withDropout = run([0.2, 0.5], digits, () => bar.increment());
  bar.stop();
  console.table({ 'p = 0': without, 'p = 0.2 and 0.5': withDropout });
}
