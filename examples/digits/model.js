/** The classifier: a multilayer perceptron, with or without dropout. */
import { initializers, layers, sequential } from '@tensorflow/tfjs-layers';
import { Dropout } from 'dropout-wasm/tfjs';
import { CLASSES, PIXELS } from './data.js';

/** Units of each hidden layer. */
export const HIDDEN_UNITS = [128];

/** p as in Srivastava et al. 2014: 0.2 for the input, 0.5 for hidden layers. */
export const INPUT_RATE = 0.2;
export const HIDDEN_RATE = 0.5;

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

  /** @param {number} rate */
  const drop = (rate) => {
    if (dropout) model.add(new Dropout({ rate, generator: masks.fork(`layer ${model.layers.length}`) }));
  };
  /** @param {number} units @param {'relu' | 'softmax'} activation */
  const dense = (units, activation) => {
    const seed = Number(BigInt.asUintN(32, weights.next()));
    model.add(layers.dense({ units, activation, kernelInitializer: initializers.glorotUniform({ seed }) }));
  };

  model.add(layers.inputLayer({ inputShape: [PIXELS] }));
  drop(INPUT_RATE);
  for (const units of HIDDEN_UNITS) {
    dense(units, 'relu');
    drop(HIDDEN_RATE);
  }
  dense(CLASSES, 'softmax');
  model.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  return model;
}
