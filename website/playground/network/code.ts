import type { State } from '../fields.js';
export const networkCode = (_: State): string => '';
