/**
 * What the modules of this entry take from the main entry. They import it from here, since a bundler repeats the import
 * of another package for each module that has one.
 * @module
 */
import * as main from 'dropout-wasm';

export const { Generator } = main;
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
} = main.internals;
