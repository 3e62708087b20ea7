/**
 * What the other entries take from the main entry instead of bundling it again. It is not public and may change with
 * every version.
 * @module
 */
export { brandOf } from './core/brand.js';
export {
  checkBoolean,
  checkOptions,
  checkProbability,
  checkWord,
  isOptions,
  wrongType,
  wrongValue,
} from './core/check.js';
export { scaleBy } from './functional/common.js';
export { defaultGenerator, streamFor } from './generator.js';
