/**
 * One process of a run. It holds a replica of the model, and computes its share of each batch.
 *
 * It starts from the stored state, if there is one, says at which step that is, and receives the gradients that it
 * missed. From then on, it sends its sums for each step and receives the gradient of the whole batch.
 */
import { on } from 'node:events';
import { existsSync } from 'node:fs';
import { readState, writeState } from './state.js';
import { initialState, Replica, stepsOf } from './training.js';

/**
 * @typedef {object} Setup
 * @property {number} rank the number of this process, from 0
 * @property {number} processes
 * @property {import('./training.js').Digits} digits
 * @property {import('./training.js').Settings} settings
 * @property {string} file the stored state, which process 0 writes for all
 * @property {number} storeEvery steps between two stored states
 *
 * @typedef {{ gradients: Float32Array[] }} Command to take these steps
 *
 * @typedef {object} Message
 * @property {number} [at] the step of the state that this process starts from
 * @property {{ step: number, nodes: import('./tree.js').Node[] }} [sums]
 * @property {number} [stored] the step of the state that was stored
 * @property {Float32Array} [weights] after the last step
 * @property {string} [fault] why this process ends
 */

/** @param {Message} message */
const send = (message) => new Promise((resolve) => process.send?.(message, undefined, undefined, resolve));

async function main() {
  const messages = on(process, 'message');
  const [setup] = (await messages.next()).value;
  const { rank, processes, digits, settings, file, storeEvery } = /** @type {Setup} */ (setup);
  const steps = stepsOf(digits.labels.length, settings);
  const state = existsSync(file) ? readState(file, settings) : initialState(settings);
  const replica = new Replica(digits, settings, state);
  send({ at: state.step });
  for await (const [command] of messages) {
    const { gradients } = /** @type {Command} */ (command);
    for (const gradient of gradients) replica.apply(gradient);
    const isEnd = state.step === steps;
    if (rank === 0 && gradients.length > 0 && (isEnd || state.step % storeEvery === 0)) {
      writeState(file, state, settings);
      send({ stored: state.step });
    }
    if (isEnd) send({ weights: state.weights });
    else send({ sums: { step: state.step, nodes: replica.partialSums(rank, processes) } });
  }
}

// The terminal sends Ctrl-C to all of its processes, but the coordinator ends this one.
process.on('SIGINT', () => {});
// The coordinator has ended, or was killed.
process.once('disconnect', () => process.exit());
try {
  await main();
} catch (error) {
  await send({ fault: error instanceof Error ? error.message : String(error) });
  process.exit(1);
}
