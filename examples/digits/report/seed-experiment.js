/**
 * The seed experiment: ones(1000, 100) through several dropout implementations at p = 0.5. Inverted dropout keeps the
 * mean at 1, with a standard deviation of √(p / (1 − p)) = 1. The implementations differ in how they use a seed.
 */
import { ones, dropout as tfDropout } from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { Dropout } from 'dropout-wasm';
import { meanAndStd } from './stats.js';

export const P = 0.5;
export const SEED = 42;
/** @type {[number, number]} */
export const SHAPE = [1000, 100];

/** @typedef {import('@tensorflow/tfjs-core').Tensor} Tensor */

/**
 * The implementations compared. `start` models the start of a program; the function it returns is one training call.
 *
 * @type {{ name: string, start: () => () => ArrayLike<number> }[]}
 */
const IMPLEMENTATIONS = [
  {
    name: `dropout-wasm, seed ${SEED}`,
    start() {
      const layer = new Dropout(P, { seed: SEED });
      const x = new Float32Array(SHAPE[0] * SHAPE[1]).fill(1);
      return () => layer.forward(x);
    },
  },
  {
    name: 'hand-written, Math.random',
    start() {
      const x = new Float32Array(SHAPE[0] * SHAPE[1]).fill(1);
      return () => x.map((value) => (Math.random() < P ? 0 : value / (1 - P)));
    },
  },
  {
    name: 'TF.js tf.dropout, no seed',
    start: () => () => valuesOf((x) => tfDropout(x, P)),
  },
  {
    name: `TF.js layers.dropout, seed ${SEED}`,
    start() {
      const layer = layers.dropout({ rate: P, seed: SEED });
      return () => valuesOf((x) => /** @type {Tensor} */ (layer.apply(x, { training: true })));
    },
  },
];

/**
 * @typedef {object} SeedMeasurement
 * @property {string} name
 * @property {number} mean
 * @property {number} std
 * @property {boolean} repeats whether a restarted program drops the same elements again
 * @property {boolean} freshMasks whether the second call drops different elements
 */

/** @returns {SeedMeasurement[]} */
export function runSeedExperiment() {
  return IMPLEMENTATIONS.map(({ name, start }) => {
    const call = start();
    const first = call();
    const second = call();
    const firstAgain = start()();
    return { name, ...meanAndStd(first), repeats: equal(first, firstAgain), freshMasks: !equal(first, second) };
  });
}

/**
 * @param {(x: Tensor) => Tensor} layer
 * @returns {ArrayLike<number>}
 */
function valuesOf(layer) {
  const x = ones(SHAPE);
  const y = layer(x);
  const values = y.dataSync();
  x.dispose();
  y.dispose();
  return values;
}

/** @param {ArrayLike<number>} a @param {ArrayLike<number>} b */
function equal(a, b) {
  return a.length === b.length && Array.prototype.every.call(a, (value, i) => value === b[i]);
}
