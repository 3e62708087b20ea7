import type { State } from '../fields.js';
export const uncertaintyCode = (_: State): string => '';
