/**
 * One training run, reproducible from its seed. Initial weights, batch order and masks come from forks of one
 * Generator. `model.fit` would shuffle with Math.random.
 */
import { cast, dispose, gather, oneHot, tensor1d, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { Generator } from 'dropout-wasm';
import { CLASSES, PIXELS } from './data.js';
import { buildModel } from './model.js';
import { permutation } from './permutation.js';

export const BATCH_SIZE = 25;

/** Evaluation in one batch takes about two thirds of the time of TF.js's default batches of 32. */
export const EVALUATION_BATCH_SIZE = 2000;

/** @typedef {import('@tensorflow/tfjs-layers').Sequential} Sequential */
/** @typedef {{ loss: number, accuracy: number }} Score cross-entropy, and the fraction of digits classified correctly */
/** @typedef {{ train: Score, test: Score }} Epoch scores after an epoch, with dropout off */
/** @typedef {Epoch[]} History */
/** @typedef {{ without: History[], with: History[] }} Histories one History per seed, in the same order */
/** @typedef {{ x: import('@tensorflow/tfjs-core').Tensor2D, y: import('@tensorflow/tfjs-core').Tensor }} TensorPair */

/**
 * @param {ReturnType<typeof import('./data.js').loadDigits>} digits
 * @param {object} options
 * @param {number} options.seed gives the same initial weights and batches with and without dropout
 * @param {boolean} options.dropout
 * @param {number} options.epochs
 * @param {() => void | Promise<void>} [options.onEpoch] awaited after each epoch
 * @returns {Promise<{ model: Sequential, history: History }>} the caller disposes of the model
 */
export async function train(digits, { seed, dropout, epochs, onEpoch }) {
  const random = new Generator(seed);
  const batchOrder = random.fork('batch order');
  const model = buildModel(random, dropout);
  const trainSet = toTensors(digits.train);
  const testSet = toTensors(digits.test);
  try {
    /** @type {History} */
    const history = [];
    while (history.length < epochs) {
      await trainEpoch(model, trainSet, batchOrder);
      history.push({ train: evaluate(model, trainSet), test: evaluate(model, testSet) });
      await onEpoch?.();
    }
    return { model, history };
  } finally {
    dispose([trainSet, testSet]);
  }
}

/**
 * @param {Sequential} model
 * @param {TensorPair} set
 * @param {Generator} batchOrder
 */
async function trainEpoch(model, { x, y }, batchOrder) {
  const order = permutation(x.shape[0], batchOrder);
  for (let start = 0; start < order.length; start += BATCH_SIZE) {
    const batch = tidy(() => {
      const indices = tensor1d(order.subarray(start, start + BATCH_SIZE), 'int32');
      return { x: gather(x, indices), y: gather(y, indices) };
    });
    await model.trainOnBatch(batch.x, batch.y);
    dispose(batch);
  }
}

/**
 * @param {Sequential} model
 * @param {TensorPair} set
 * @returns {Score}
 */
function evaluate(model, { x, y }) {
  const [loss, accuracy] = tidy(() => {
    const scalars = model.evaluate(x, y, { batchSize: EVALUATION_BATCH_SIZE });
    return [scalars].flat().map((scalar) => scalar.dataSync()[0]);
  });
  return /** @type {Score} */ ({ loss, accuracy });
}

/**
 * @param {import('./data.js').Digits} digits
 * @returns {TensorPair}
 */
function toTensors({ images, labels }) {
  return tidy(() => ({
    x: tensor2d(images, [labels.length, PIXELS]),
    y: cast(oneHot(tensor1d(labels, 'int32'), CLASSES), 'float32'),
  }));
}
