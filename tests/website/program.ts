/** The programs that the playground offers as "This as code". */
import { expect } from 'vitest';
import { fields, type State } from '../../website/playground/fields.js';
import { Store } from '../../website/playground/store.js';
import { runNode } from '../repository/snippets.js';

/** The state of an address, which has to be valid. */
export function stateOf(query: string): State {
  const state: State = new Store(fields, query);
  expect(state.problems).toEqual([]);
  return state;
}

/** What a program prints in Node, on the built package. */
export const printed = (code: string): string[] => runNode('--input-type=module', '--eval', code);
