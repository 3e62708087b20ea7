/**
 * Seeds of TensorFlow.js, which may be any number, and of Keras, which may be any integer.
 * @module
 */
import { Generator } from 'dropout-wasm';

/**
 * The seed of this package for a seed of TensorFlow.js or Keras. Whole numbers from 0 to 2^53 stay as they are. Any other
 * finite number becomes the mix of the bits of its float64.
 */
export function seedFor(seed: number | bigint): number | bigint {
  // What is no finite number is left to the checks of this package.
  if (!Number.isFinite(seed) || (Number.isInteger(seed) && (seed as number) >= 0 && (seed as number) <= 2 ** 53))
    return seed;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, seed as number);
  // Key 0 of a seed is the mix of seed + GAMMA.
  return new Generator(BigInt.asUintN(64, view.getBigUint64(0) - GAMMA)).keyAt(0);
}

/** The odd constant of SplitMix64 (docs/SPEC.md). */
const GAMMA = 0x9e3779b97f4a7c15n;
