/** The parts of the page in their order. */
import type { Section } from './section.js';

export const sections: readonly Section[] = [];
