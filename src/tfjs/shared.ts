/**
 * What the modules of this entry import: TensorFlow.js, the main entry, and the internals of that. They import it from
 * here, since a bundler repeats the import of another package for each module that has one.
 * @module
 */
import * as arrays from 'dropout-wasm';

export * as tf from '@tensorflow/tfjs-core';
export { layers, SymbolicTensor } from '@tensorflow/tfjs-layers';
export { arrays };
export const {
  brandOf,
  checkBoolean,
  checkNames,
  checkOptions,
  checkProbability,
  checkWord,
  defaultGenerator,
  isOptions,
  seedFor,
  storedStream,
  streamFor,
  withoutNulls,
  wrongType,
  wrongValue,
} = arrays.internals;
export const { dropoutMap, layerMap } = arrays.internalMaps;
