/**
 * What the modules of this entry take from the main entry. They import it from here, since a bundler repeats the import
 * of another package for each module that has one.
 * @module
 */
// By name, since bundlers keep all of a namespace that is destructured: 10 KB.
import { Generator, internals } from 'dropout-wasm';

export { Generator };
export const {
  checkBoolean,
  checkLayers,
  checkMask,
  checkOptions,
  checkPositive,
  checkShape,
  checkWhole,
  checkWord,
  defaultGenerator,
  read,
  sourceFor,
  wrong,
  wrongType,
  wrongValue,
} = internals;
