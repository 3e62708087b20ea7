/**
 * The layers of TensorFlow.js and of dropout-wasm/tfjs side by side, on the backend in use. Node and the page of
 * `tfjs-page.js` run the same cases.
 */
import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { Generator } from 'dropout-wasm';
import { Dropout, dropout, monteCarloPredict, tfjsPath } from 'dropout-wasm/tfjs';
import { compare, comparison, median, timeCalls, timePromises } from './measure.js';

/** @typedef {import('./measure.js').Effort} Effort */

const RATE = 0.5;

/** Dense layers with dropout after each but the last. */
const MODELS = {
  '32-256-1': { sizes: [32, 256, 1], batch: 4096, loss: 'meanSquaredError' },
  '784-512-512-10': { sizes: [784, 512, 512, 10], batch: 128, loss: 'categoricalCrossentropy' },
  '32-16-1': { sizes: [32, 16, 1], batch: 32, loss: 'meanSquaredError' },
};

/** @typedef {keyof typeof MODELS} Model */
/** @typedef {ReturnType<typeof layers.dropout> | Dropout} Layer */

const theirs = () => layers.dropout({ rate: RATE });
const ours = () => new Dropout({ rate: RATE, seed: 42 });

/** What the page calls by name. */
export const MEASURES = { start, timeLayer, timeOp, timeSteps, timeMonteCarlo, memoryAfter };

/**
 * @param {string} backend
 * @returns the path of dropout-wasm on it, after its first call
 */
async function start(backend) {
  if (!(await tf.setBackend(backend))) throw new Error(`the ${backend} backend of TF.js does not start`);
  await tf.ready();
  const x = tf.ones([64]);
  // webgpu checks its program asynchronously.
  for (let i = 0; i === 0 || (i < 20 && tfjsPath().reason); i++)
    await wait(/** @type {tf.Tensor} */ (ours().apply(x, { training: true })));
  x.dispose();
  return tfjsPath();
}

/**
 * A layer on the result of an addition: TF.js still has the values of a tensor from an array outside of the backend.
 *
 * @param {{ call: 'forward' | 'gradient', n: number, calls: number, effort: Effort }} options calls: waits for a GPU
 *   once in so many calls; 0 does not wait, for backends that compute at once
 */
async function timeLayer({ call, n, calls, effort }) {
  const base = tf.randomUniform([n], -1, 1);
  const one = tf.scalar(1);
  const sides = [undefined, theirs(), ours()].map((layer) => {
    const apply = (/** @type {tf.Tensor} */ x) =>
      layer ? /** @type {tf.Tensor} */ (layer.apply(x, { training: true })) : x;
    const gradient = tf.grad((x) => tf.sum(apply(x)));
    const run = () => {
      const x = tf.add(base, one);
      const y = call === 'gradient' ? gradient(x) : apply(x);
      if (y !== x) x.dispose();
      return y;
    };
    return calls ? waiting(run, calls) : () => run().dispose();
  });
  const rounds = await compare(sides, effort, calls ? timePromises : timeCalls);
  tf.dispose([base, one]);
  const [none, tfjs, own] = times(rounds, calls || 1);
  return { none: median(none), tfjs: median(tfjs), ours: median(own), ...comparison(tfjs, own) };
}

/**
 * The op alone against `tf.relu`.
 *
 * @param {{ n: number, effort: Effort }} options
 */
async function timeOp({ n, effort }) {
  const x = tf.add(tf.randomUniform([n], -1, 1), tf.scalar(0));
  const generator = new Generator(42);
  const sides = [() => tf.relu(x).dispose(), () => dropout(x, { p: RATE, key: generator.next() }).dispose()];
  const rounds = await compare(sides, effort);
  x.dispose();
  const [relu, own] = times(rounds);
  return { relu: median(relu), ours: median(own), ...comparison(own, relu) };
}

/**
 * A training step without dropout, with TF.js's, with another of TF.js's as control, and with ours.
 *
 * @param {{ model: Model, effort: Effort }} options
 */
async function timeSteps({ model, effort }) {
  const trainers = [undefined, theirs, theirs, ours].map((dropout) => trainer(MODELS[model], dropout));
  const rounds = await compare(
    trainers.map(({ step }) => step),
    effort,
    timePromises,
  );
  for (const { dispose } of trainers) dispose();
  const [none, tfjs, copy, own] = times(rounds);
  return {
    none: median(none),
    tfjs: median(tfjs),
    ours: median(own),
    ...comparison(tfjs, own),
    control: comparison(tfjs, copy),
    tfjsCost: comparison(tfjs, none).ratio - 1,
    oursCost: comparison(own, none).ratio - 1,
  };
}

/**
 * A Monte-Carlo run against as many calls of predict on the same model with `always: true`, whose results are read.
 *
 * @param {{ model: Model, samples: number, effort: Effort }} options
 */
async function timeMonteCarlo({ model, samples, effort }) {
  const { batch, sizes } = MODELS[model];
  const always = () => new Dropout({ rate: RATE, seed: 42, always: true });
  const models = [ours, always, theirsActive].map((dropout) => modelOf(MODELS[model], dropout));
  const [sampled, ...looped] = models;
  const x = tf.randomUniform([batch, sizes[0] ?? 0], -1, 1);
  const loop = (/** @type {ReturnType<typeof modelOf>} */ looping) => async () => {
    for (let i = 0; i < samples; i++) {
      const y = /** @type {tf.Tensor} */ (looping.predict(x, { batchSize: batch }));
      await y.data();
      y.dispose();
    }
  };
  const sides = [
    () => monteCarloPredict(/** @type {ReturnType<typeof modelOf>} */ (sampled), x, { samples, kind: 'probabilities' }),
    ...looped.map(loop),
  ];
  const rounds = await compare(sides, effort, timePromises);
  for (const each of models) each.dispose();
  x.dispose();
  const [own, predict, tfjs] = times(rounds);
  return { ours: median(own), predict: median(predict), tfjs: median(tfjs), ...comparison(predict, own) };
}

/** A layer of TF.js that is active in predict. */
function theirsActive() {
  const layer = theirs();
  const { call } = layer;
  layer.call = (inputs) => call.call(layer, inputs, { training: true });
  return layer;
}

/**
 * @param {{ steps: number }} options
 * @returns `tf.memory()` after the first of these training steps, and after the last
 */
async function memoryAfter({ steps }) {
  const { step, dispose } = trainer(MODELS['32-16-1'], ours);
  await step();
  const first = tf.memory();
  for (let i = 1; i < steps; i++) await step();
  const last = tf.memory();
  dispose();
  return [first, last].map(({ numTensors, numBytes }) => ({ numTensors, numBytes }));
}

/**
 * @param {typeof MODELS[Model]} options
 * @param {(() => Layer) | undefined} dropout
 */
function trainer(options, dropout) {
  const { sizes, batch, loss } = options;
  const model = modelOf(options, dropout);
  model.compile({ optimizer: 'sgd', loss });
  const x = tf.randomUniform([batch, sizes[0] ?? 0], -1, 1);
  const y = tf.softmax(tf.randomUniform([batch, sizes.at(-1) ?? 1]));
  return {
    // Resolves with the loss, which has been read from the backend.
    step: () => model.trainOnBatch(x, y),
    dispose() {
      model.dispose();
      tf.dispose([x, y]);
    },
  };
}

/**
 * @param {typeof MODELS[Model]} options
 * @param {(() => Layer) | undefined} dropout
 */
function modelOf({ sizes, loss }, dropout) {
  const model = sequential();
  const [inputs = 0, ...units] = sizes;
  for (const [i, size] of units.entries()) {
    const isLast = i === units.length - 1;
    const activation = isLast ? (loss === 'categoricalCrossentropy' ? 'softmax' : 'linear') : 'relu';
    model.add(layers.dense({ units: size, activation, ...(i === 0 && { inputShape: [inputs] }) }));
    if (!isLast && dropout) model.add(dropout());
  }
  return model;
}

/**
 * GPU backends queue what they are called for. The last result is complete after the ones before it.
 *
 * @param {() => tf.Tensor} run
 * @param {number} calls
 */
function waiting(run, calls) {
  return async () => {
    for (let i = 1; i < calls; i++) run().dispose();
    await wait(run());
  };
}

/**
 * Reads one element, and disposes the tensor.
 *
 * @param {tf.Tensor} y of rank 1
 */
async function wait(y) {
  const element = tf.slice(y, 0, 1);
  await element.data();
  tf.dispose([y, element]);
}

/**
 * @param {number[][]} rounds of `compare`
 * @param {number} calls in each that it timed
 * @returns {[number[], number[], number[], number[]]} ns per call of each side, by round
 */
function times(rounds, calls = 1) {
  const sides = rounds[0] ?? [];
  return /** @type {any} */ (sides.map((_, side) => rounds.map((round) => (round[side] ?? 0) / calls)));
}
