/** The parts of the page in their order. */
import { bits } from './bits/index.js';
import { digits } from './digits/index.js';
import { expectation } from './expectation/index.js';
import { family } from './family/index.js';
import { network } from './network/index.js';
import type { Section } from './section.js';
import { subnetworks } from './subnetworks/index.js';
import { uncertainty } from './uncertainty/index.js';

export const sections: readonly Section[] = [network, subnetworks, uncertainty, expectation, family, digits, bits];
