/**
 * What dropout-wasm/tfjs takes from the main entry instead of bundling it again.
 * @module
 */
import { brandOf } from './core/brand.js';
import {
  checkBoolean,
  checkNames,
  checkOptions,
  checkProbability,
  checkWord,
  isOptions,
  withoutNulls,
  wrongType,
  wrongValue,
} from './core/check.js';
import { defaultGenerator, seedFor, storedStream, streamFor } from './generator.js';
import { dropoutMap, layerMap } from './layers/maps.js';

/**
 * Not public: it may change with every version. An object, since bundlers cannot tree-shake the namespace of a module.
 * @internal
 */
export const internals = {
  brandOf,
  checkBoolean,
  checkNames,
  checkOptions,
  checkProbability,
  checkWord,
  defaultGenerator,
  dropoutMap,
  isOptions,
  layerMap,
  seedFor,
  storedStream,
  streamFor,
  withoutNulls,
  wrongType,
  wrongValue,
};
