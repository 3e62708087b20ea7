/** The parts of the page in their order. */
import { network } from './network/index.js';
import type { Section } from './section.js';
import { subnetworks } from './subnetworks/index.js';
import { uncertainty } from './uncertainty/index.js';

export const sections: readonly Section[] = [network, subnetworks, uncertainty];
