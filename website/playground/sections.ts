/** The parts of the page in their order. */
import { network } from './network/index.js';
import type { Section } from './section.js';

export const sections: readonly Section[] = [network];
