/**
 * dropout-wasm/monte-carlo: uncertainty by Monte-Carlo dropout. Samples can be computed again by their number, and any
 * split of them over calls, workers and machines merges to the same bits.
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
