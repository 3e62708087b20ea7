/** Predictions of a trained model with dropout off and by Monte-Carlo dropout. */
import { tensor2d, tidy } from '@tensorflow/tfjs-core';
import { monteCarloPredict } from 'dropout-wasm/tfjs';
import { PIXELS } from './data.js';
import { EVALUATION_BATCH_SIZE } from './train.js';

/** @typedef {import('@tensorflow/tfjs-core').Tensor} Tensor */

/**
 * @typedef {object} Predictions of the same digits by the same model
 * @property {Float32Array} off class probabilities with dropout off, a row for each digit
 * @property {import('dropout-wasm/monte-carlo').ClassResult} monteCarlo
 */

/**
 * Each digit has a mask of its own in each sample. Masks come from the streams of the model's layers, so the same model
 * gives the same samples in every run.
 *
 * @param {import('@tensorflow/tfjs-layers').Sequential} model
 * @param {import('./data.js').Digits} digits
 * @param {object} options
 * @param {number} options.samples
 * @param {() => void | Promise<void>} options.onSample awaited after each sample
 * @returns {Promise<Predictions>}
 */
export async function predictBothWays(model, { images, labels }, { samples, onSample }) {
  const x = tensor2d(images, [labels.length, PIXELS]);
  try {
    const off = tidy(() => {
      const y = /** @type {Tensor} */ (model.predict(x, { batchSize: EVALUATION_BATCH_SIZE }));
      return /** @type {Float32Array} */ (y.dataSync());
    });
    const monteCarlo = await monteCarloPredict(model, x, { samples, kind: 'probabilities', onSample });
    return { off, monteCarlo };
  } finally {
    x.dispose();
  }
}
