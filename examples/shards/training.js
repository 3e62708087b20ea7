/** The steps of a training run. Batches, keys and initial weights follow from the seed and the number of the step. */
import { Generator } from 'dropout-wasm';
import { permutation } from '../digits/permutation.js';
import { take } from './data.js';
import { GROUP, gradientsOf, initialWeights, update } from './network.js';
import { push } from './tree.js';

/**
 * @typedef {import('./data.js').Digits} Digits
 *
 * @typedef {object} Settings
 * @property {number} seed
 * @property {number} batch rows of a batch. The last batch of an epoch may be smaller
 * @property {number} epochs
 *
 * @typedef {object} State
 * @property {number} step the number of steps done
 * @property {Generator} generator of the initial weights, the order of the rows and the masks
 * @property {Float32Array} weights
 * @property {Float32Array} velocity
 */

/** The number of steps in a run. @param {number} rows of the training set @param {Settings} settings */
export const stepsOf = (rows, { batch, epochs }) => epochs * Math.ceil(rows / batch);

/** @param {Settings} settings @returns {State} */
export function initialState({ seed }) {
  const generator = new Generator(seed);
  const weights = initialWeights(generator.fork('weights'));
  return { step: 0, generator, weights, velocity: new Float32Array(weights.length) };
}

/** The model of one process. All processes of a run have the same state after the same step. */
export class Replica {
  /** The order of the rows in an epoch. @private */
  order = { epoch: -1, rows: new Int32Array() };

  /** @param {Digits} digits @param {Settings} settings @param {State} state is changed by `apply` */
  constructor(digits, settings, state) {
    this.digits = digits;
    this.settings = settings;
    this.state = state;
  }

  /**
   * What process number `rank` contributes to the gradient of the next step: sums over its share of the batch, which
   * are whole groups of rows.
   *
   * @param {number} rank
   * @param {number} processes
   */
  partialSums(rank, processes) {
    const { step, generator, weights } = this.state;
    const rows = this.rowsOf(step);
    const groups = Math.ceil(rows.length / GROUP);
    const firstGroup = Math.floor((groups * rank) / processes);
    const endGroup = Math.floor((groups * (rank + 1)) / processes);
    const firstRow = firstGroup * GROUP;
    const share = take(this.digits, rows.subarray(firstRow, endGroup * GROUP));
    const part = { rows: share, firstRow, batchRows: rows.length };
    const keys = { input: generator.fork('input').keyAt(step), hidden: generator.fork('hidden').keyAt(step) };
    /** @type {import('./tree.js').Node[]} */
    const nodes = [];
    for (const [i, sum] of gradientsOf(weights, part, keys).entries()) {
      push(nodes, { level: 0, index: firstGroup + i, sum });
    }
    return nodes;
  }

  /** Takes a step. @param {Float32Array} gradient of the whole batch */
  apply(gradient) {
    update(this.state.weights, this.state.velocity, gradient);
    this.state.step++;
  }

  /** The rows of the batch of a step. @private @param {number} step */
  rowsOf(step) {
    const { batch } = this.settings;
    const count = this.digits.labels.length;
    const epochSteps = Math.ceil(count / batch);
    const epoch = Math.floor(step / epochSteps);
    if (this.order.epoch !== epoch) {
      const random = this.state.generator.fork('order').fork(`epoch ${epoch}`);
      this.order = { epoch, rows: permutation(count, random) };
    }
    const start = (step % epochSteps) * batch;
    return this.order.rows.subarray(start, start + batch);
  }
}
