/** The parts of the page in their order. */
import { family } from './family/index.js';
import type { Section } from './section.js';

export const sections: readonly Section[] = [family];
