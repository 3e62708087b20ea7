/**
 * What the axes of a tensor stand for.
 * @module
 */
import { wrongType, wrongValue } from './check.js';

/** Where a tensor's channels are: behind the batch axis as in PyTorch, or last as in TF.js and Keras. */
export type Channels = 'first' | 'last';

/** @throws TypeError, RangeError unless value is one of the two */
export function checkChannels(value: Channels): Channels {
  if (typeof value !== 'string') throw wrongType('channels', 'a string', value);
  if (value !== 'first' && value !== 'last') throw wrongValue('channels', '"first" or "last"', value);
  return value;
}
