/**
 * What the other entries take from the main entry instead of bundling it again.
 * @module
 */
import { settle } from './backend/wasm/memory.js';
import { brandOf } from './core/brand.js';
import {
  checkBoolean,
  checkNames,
  checkOptions,
  checkPositive,
  checkProbability,
  checkWhole,
  checkWord,
  isOptions,
  withoutNulls,
  wrong,
  wrongType,
  wrongValue,
} from './core/check.js';
import { checkDraws } from './core/draws.js';
import { checkMask, checkShape, type FloatArray, open, shapeOf } from './core/tensor.js';
import { defaultGenerator, seedFor, sourceFor, storedStream, streamFor } from './generator.js';
import { checkLayers } from './layers/layer.js';
import { dropoutMap, layerMap } from './layers/maps.js';

/**
 * Opens an input that is only read, and waits until no thread writes to it.
 * @throws TypeError, RangeError like `open`, Error like `settle`
 */
function read(value: unknown, name: string): { data: FloatArray; shape: readonly number[] } {
  const input = open(value, name);
  settle(input.data);
  return { data: input.data, shape: shapeOf(input) };
}

/**
 * Not public: it may change with every version. An object, since bundlers cannot tree-shake the namespace of a module.
 * @internal
 */
export const internals = {
  brandOf,
  checkBoolean,
  checkDraws,
  checkLayers,
  checkMask,
  checkNames,
  checkOptions,
  checkPositive,
  checkProbability,
  checkShape,
  checkWhole,
  checkWord,
  defaultGenerator,
  isOptions,
  read,
  seedFor,
  sourceFor,
  storedStream,
  streamFor,
  withoutNulls,
  wrong,
  wrongType,
  wrongValue,
};

/**
 * Not in `internals`, since these import the calls and kernels of every layer, which monte-carlo/ does not need.
 * @internal
 */
export const internalMaps = { dropoutMap, layerMap };
