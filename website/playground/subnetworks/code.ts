import type { State } from '../fields.js';
export const subnetworksCode = (_: State): string => '';
