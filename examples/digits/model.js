/** The classifier: a multilayer perceptron, with or without dropout. */
import { initializers, layers, sequential } from '@tensorflow/tfjs-layers';
import { Dropout } from 'dropout-wasm/tfjs';
import { RATES, UNITS, weightsToBytes } from './classifier.js';

/**
 * @param {import('dropout-wasm').Generator} random source of the initial weights and the masks. Each uses its own
 *   fork, so the initial weights are the same with and without dropout
 * @param {boolean} dropout whether to add dropout layers
 * @returns {import('@tensorflow/tfjs-layers').Sequential} the compiled model; the caller disposes of it
 */
export function buildModel(random, dropout) {
  const weights = random.fork('weights');
  const masks = random.fork('masks');
  const model = sequential();
  const [inputs, ...outputs] = UNITS;

  model.add(layers.inputLayer({ inputShape: [/** @type {number} */ (inputs)] }));
  RATES.forEach((rate, k) => {
    if (dropout) model.add(new Dropout({ rate, generator: masks.fork(`layer ${model.layers.length}`) }));
    const units = /** @type {number} */ (outputs[k]);
    const activation = k < RATES.length - 1 ? 'relu' : 'softmax';
    const seed = Number(BigInt.asUintN(32, weights.next()));
    model.add(layers.dense({ units, activation, kernelInitializer: initializers.glorotUniform({ seed }) }));
  });
  model.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  return model;
}

/**
 * @param {import('@tensorflow/tfjs-layers').Sequential} model
 * @returns {Uint8Array} the file that `weightsFromBytes` reads
 */
export function weightsFile(model) {
  return weightsToBytes(model.getWeights().map((weight) => /** @type {Float32Array} */ (weight.dataSync())));
}
