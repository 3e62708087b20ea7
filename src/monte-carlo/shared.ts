/**
 * What the modules of this entry take from the main entry. They import it from here, since a bundler repeats the import
 * of another package for each module that has one.
 * @module
 */
import * as main from 'dropout-wasm';

export const { Generator } = main;
export const {
  brand,
  brandOf,
  checkBoolean,
  checkLayers,
  checkLength,
  checkMask,
  checkOptions,
  checkPositive,
  checkShape,
  checkWhole,
  checkWord,
  defaultGenerator,
  isSameShape,
  open,
  settle,
  wrong,
  wrongType,
  wrongValue,
} = main.internals;
