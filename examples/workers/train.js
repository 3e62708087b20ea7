/**
 * Trains the model and writes its weights: `node examples/workers/train.js`. It computes with + − × ÷ and Math.sqrt
 * alone, so every engine writes the same file.
 */
import { writeFileSync } from 'node:fs';
import { Dropout, Generator } from 'dropout-wasm';
import { moons } from './data.js';
import { dense, number, P, relu, UNITS } from './model.js';

const STEPS = 800;
const RATE = 0.01;

/** Where each dense layer has its weights, as `dense` takes them. */
const shapes = UNITS.slice(1).map((outs, k) => {
  const ins = number(UNITS, k);
  return { at: 0, ins, outs, size: (ins + 1) * outs };
});
for (const [k, shape] of shapes.entries()) for (const { size } of shapes.slice(0, k)) shape.at += size;

/**
 * e to the power of x ≤ 0, as (1 + x / 1024) to the power of 1024.
 *
 * @param {number} x
 */
function exp(x) {
  let y = Math.max(0, 1 + x / 1024);
  for (let i = 0; i < 10; i++) y *= y;
  return y;
}

/**
 * The gradient of the mean cross-entropy with respect to the weights.
 *
 * @param {Float32Array} weights
 * @param {Dropout[]} layers
 * @param {ReturnType<typeof moons>} data
 */
function gradientOf(weights, layers, { points, labels }) {
  const gradient = new Float64Array(weights.length);
  /** The input of each dense layer. */
  const inputs = [];
  let x = points;
  for (const [k, { at, ins, outs }] of shapes.entries()) {
    inputs.push(x);
    x = dense(x, weights, at, ins, outs);
    const layer = layers[k];
    if (layer) {
      relu(x);
      x = layer.forward(x);
    }
  }

  // The gradient with respect to the logits: softmax − label.
  let dy = x;
  for (const [row, label] of labels.entries()) {
    const difference = number(x, 2 * row) - number(x, 2 * row + 1);
    const small = exp(-Math.abs(difference));
    const first = (difference > 0 ? 1 : small) / (1 + small);
    const error = (first - (label ? 0 : 1)) / labels.length;
    dy.set([error, -error], 2 * row);
  }

  for (const [k, { at, ins, outs }] of [...shapes.entries()].reverse()) {
    const input = /** @type {Float32Array} */ (inputs[k]);
    const dx = new Float32Array(input.length);
    for (let row = 0; row < labels.length; row++) {
      for (let j = 0; j < outs; j++) {
        const d = number(dy, row * outs + j);
        gradient[at + j] = number(gradient, at + j) + d;
        for (let i = 0; i < ins; i++) {
          const w = at + (i + 1) * outs + j;
          const element = row * ins + i;
          gradient[w] = number(gradient, w) + d * number(input, element);
          dx[element] = number(dx, element) + d * number(weights, w);
        }
      }
    }
    // An input is 0 where the ReLU cut it, and where dropout dropped it, whose gradient is 0 anyway.
    dy = (layers[k - 1]?.backward(dx) ?? dx).map((d, i) => (number(input, i) > 0 ? d : 0));
  }
  return gradient;
}

function train() {
  const data = moons();
  const random = new Generator(2);
  const layers = UNITS.slice(1, -1).map(() => new Dropout(P, { generator: random }));
  const weights = new Float32Array(shapes.reduce((sum, { size }) => sum + size, 0));
  for (const { at, ins, outs, size } of shapes) {
    // He initialization. Biases are 0.
    const limit = Math.sqrt(6 / ins);
    for (let i = at + outs; i < at + size; i++) weights[i] = limit * (Number(random.next() >> 11n) / 2 ** 52 - 1);
  }
  // Adam with its usual constants.
  const m = new Float64Array(weights.length);
  const v = new Float64Array(weights.length);
  let [decay1, decay2] = [1, 1];
  for (let step = 0; step < STEPS; step++) {
    decay1 *= 0.9;
    decay2 *= 0.999;
    for (const [i, d] of gradientOf(weights, layers, data).entries()) {
      m[i] = 0.9 * number(m, i) + 0.1 * d;
      v[i] = 0.999 * number(v, i) + 0.001 * d * d;
      const rms = Math.sqrt(number(v, i) / (1 - decay2));
      weights[i] = number(weights, i) - (RATE * number(m, i)) / (1 - decay1) / (rms + 1e-8);
    }
  }
  return weights;
}

/**
 * Numbers in lines of at most 120 columns, as Biome formats them.
 *
 * @param {number[]} numbers
 */
function format(numbers) {
  const lines = [''];
  for (const text of numbers) {
    const line = `${lines.at(-1) || ' '} ${text},`;
    if (line.length <= 120) lines[lines.length - 1] = line;
    else lines.push(`  ${text},`);
  }
  return lines.join('\n');
}

const thousandths = Array.from(train(), (weight) => Math.round(1000 * weight));
writeFileSync(
  process.argv[2] ?? new URL('weights.js', import.meta.url),
  `// Written by train.js.
const THOUSANDTHS = [
${format(thousandths)}
];
export const WEIGHTS = Float32Array.from(THOUSANDTHS, (n) => n / 1000);
`,
);
