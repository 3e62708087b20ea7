/** The parts of the page in their order. */
import { bits } from './bits/section.js';
import { digits } from './digits/section.js';
import { expectation } from './expectation/section.js';
import type { Section } from './section.js';

export const sections: readonly Section[] = [expectation, digits, bits];
