/** States of the playground, and what belongs to one: the trained network, and the programs of "This as code". */
import { expect } from 'vitest';
import { fields, type State } from '../../website/playground/fields.js';
import { Experiment, settingsOf } from '../../website/playground/network/experiment.js';
import { Store } from '../../website/playground/store.js';
import { runNode } from '../repository/snippets.js';

/** The state of an address, which has to be valid. */
export function stateOf(query = ''): State {
  const state: State = new Store(fields, query);
  expect(state.problems).toEqual([]);
  return state;
}

/** The networks of a state after its training steps. */
export function trained(state: State): Experiment {
  const experiment = new Experiment(settingsOf(state));
  while (experiment.steps < state.get('steps')) experiment.step();
  return experiment;
}

/** What a program prints in Node, on the built package. */
export const printed = (code: string): string[] => runNode('--input-type=module', '--eval', code);
