/**
 * The internals of the main entry that this one uses.
 * @module
 */
import { internals } from 'dropout-wasm';

export const {
  brandOf,
  checkBoolean,
  checkOptions,
  checkProbability,
  checkWord,
  defaultGenerator,
  dropoutMap,
  isOptions,
  layerMap,
  storedStream,
  streamFor,
  wrongType,
  wrongValue,
} = internals;
