/**
 * Seeds of TensorFlow.js, which may be any number, and of Keras, which may be any integer.
 * @module
 */
import { checkSeed, wrongValue } from '../core/check.js';
import { mix, toBigInt, u64 } from '../core/u64.js';

/**
 * The seed of this package for a seed of TensorFlow.js or Keras. Whole numbers from 0 to 2^53 stay as they are. Any other
 * finite number becomes the mix of the bits of its float64.
 *
 * @throws TypeError, RangeError for anything but a finite number or a seed of this package
 */
export function seedFor(seed: number | bigint): number | bigint {
  if (typeof seed !== 'number' || (Number.isInteger(seed) && seed >= 0 && seed <= 2 ** 53)) {
    checkSeed(seed);
    return seed;
  }
  if (!Number.isFinite(seed)) throw wrongValue('seed', 'a finite number', seed);
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, seed);
  return toBigInt(mix(u64(view.getInt32(0), view.getInt32(4))));
}
