/**
 * What the modules of this entry take from the main entry. They import it from here, since a bundler repeats the import
 * of another package for each module that has one.
 * @module
 */
// By name, since bundlers keep all of a namespace that is destructured: 10 KB.
import { Dropout, dropout, internals } from 'dropout-wasm';
import { percentRemedy } from '../core/check.js';

export { Dropout, dropout };
export const { checkBoolean, checkOptions, checkShape, checkWord, isOptions, read, wrong, wrongType, wrongValue } =
  internals;

/** Requires a number of at least 0 and below 1. @throws TypeError, RangeError that names the argument */
export function checkRatio(ratio: number, name: string): number {
  if (typeof ratio !== 'number') throw wrongType(name, 'a number', ratio);
  if (!(ratio >= 0 && ratio < 1)) throw wrongValue(name, 'from 0 to below 1', ratio, percentRemedy(ratio));
  return ratio;
}
