/** The whole state of the page, section by section. Names are those of the address and of the controls. */
import { choice, flag, number, type Store, subset } from './store.js';

/** The parts of the page, which `hide` can name. */
export const SECTIONS = ['network', 'subnetworks', 'uncertainty', 'expectation', 'family', 'digits', 'bits'] as const;
export type SectionName = (typeof SECTIONS)[number];

export const fields = {
  /** Seeds the data, the weights and every mask of the page. */
  seed: number(1, 0, 2 ** 32 - 1, 1),

  // A network with and without dropout
  data: choice('moons', ['moons', 'spirals', 'circles']),
  points: number(40, 10, 200, 2),
  noise: number(0.25, 0, 0.5, 0.01),
  p1: number(0.2, 0, 0.9, 0.05),
  p2: number(0.2, 0, 0.9, 0.05),
  /** Training steps made. */
  steps: number(400, 0, 5000, 1),

  /** Left out of the page, for teachers: sections, and the seed and link bar ("settings"). */
  hide: subset([...SECTIONS, 'settings']),
} as const;

export type State = Store<typeof fields>;
export { flag };
