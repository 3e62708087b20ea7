/**
 * dropout-wasm/monte-carlo: uncertainty by Monte-Carlo dropout. Each sample can be recomputed by its number, and any
 * split of the samples over calls, workers and machines merges to the same bits.
 * @module
 */
export { type Calibration, type CalibrationBin, type CalibrationOptions, calibration } from './calibration.js';
export { type ClassResult, fromBytes, type MonteCarloResult, merge, type ResultOf } from './result.js';
export {
  type MonteCarlo,
  type MonteCarloOptions,
  monteCarlo,
  type Predict,
  type Sample,
  type SampleContext,
  type Signal,
  type StreamOptions,
  type Until,
} from './run.js';
export type { Kind } from './sums.js';
