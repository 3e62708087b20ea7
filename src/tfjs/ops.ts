/**
 * Functions on tensors.
 * @module
 */
import type { Tensor, TensorLike } from '@tensorflow/tfjs-core';
import type { Generator, NoiseShape } from 'dropout-wasm';
import { elementwise } from './kernel.js';
import {
  arrays,
  checkOptions,
  checkProbability,
  defaultGenerator,
  dropoutMap,
  seedFor,
  tf,
  wrongType,
} from './shared.js';
import { checkTensor, isTensorLike } from './tensors.js';

/** Options of `dropout`. */
export interface TensorDropoutOptions {
  /** Probability that an element is dropped, from 0 to 1. */
  p: number;
  /** Key of the call's stream, or its hex digits as a string, such as '0x2a'. It may be undefined where p is 0 or 1. */
  key: bigint | string | undefined;
  /** Element i of x (or of its noise shape) takes draw `offset + i` of the stream. An integer up to 2^53, default 0. */
  offset?: number;
  /**
   * The shape of the draws, which are broadcast to the shape of x: 1 shares a draw along an axis, null copies the size
   * of x. It has as many axes as x, or fewer, aligned to the last axis. By default every element has its own draw.
   */
  noiseShape?: NoiseShape | null | undefined;
}

/**
 * `dropout` on a tensor, for masks that can be made again. Its gradient applies the same mask and scale to dy and can be
 * differentiated to any order.
 *
 * @param x a float32 tensor of any shape, or what `tf.tensor` takes
 * @throws TypeError for anything else; TypeError or RangeError that names the option; Error if x is disposed
 * @example
 * import '@tensorflow/tfjs-backend-cpu';
 * import { grad, ones } from '@tensorflow/tfjs-core';
 * import { Generator } from 'dropout-wasm';
 * import { dropout } from 'dropout-wasm/tfjs';
 *
 * const options = { p: 0.5, key: new Generator(42).next() };
 * console.log(dropout(ones([4]), options).dataSync()); // Float32Array(4) [ 2, 0, 0, 2 ]
 * console.log(grad((x) => dropout(x, options))(ones([4])).dataSync()); // Float32Array(4) [ 2, 0, 0, 2 ]
 */
export function dropout<T extends Tensor>(x: T | TensorLike, options: TensorDropoutOptions): T;
/**
 * The signature of `tf.dropout`. Without a seed, each call takes the next key of the default generator, which
 * `manualSeed` reseeds. With a seed, each call takes key 0 of it, so that calls have equal masks, as in TensorFlow.js.
 *
 * @param rate probability that an element is dropped, from 0 to 1
 * @param noiseShape the shape of the draws, as in the options
 * @param seed a whole number from 0 to 2^53, any other finite number, or a string
 * @example
 * import '@tensorflow/tfjs-backend-cpu';
 * import { ones } from '@tensorflow/tfjs-core';
 * import { dropout } from 'dropout-wasm/tfjs';
 *
 * console.log(dropout(ones([4]), 0.5, null, 42).dataSync()); // Float32Array(4) [ 2, 0, 0, 2 ]
 */
export function dropout<T extends Tensor>(
  x: T | TensorLike,
  rate: number,
  noiseShape?: NoiseShape | null,
  seed?: number | string | null,
): T;
export function dropout<T extends Tensor>(
  x: T | TensorLike,
  rateOrOptions: number | TensorDropoutOptions,
  noiseShape?: NoiseShape | null,
  seed?: number | string | null,
): T {
  const run = (tensor: Tensor): Tensor => {
    if (typeof rateOrOptions === 'number') {
      const p = checkProbability(rateOrOptions, 'rate');
      return drawFrom(seed == null ? defaultGenerator : streamOf(seed), tensor, p, noiseShape);
    }
    if (noiseShape != null) throw wrongType('rate', 'a number', rateOrOptions, 'options take noiseShape');
    return elementwise(tensor, dropoutMap(tensor.shape, checkOptions(rateOrOptions, NAMES)));
  };
  return (isTensorLike(x) ? tf.tidy(() => run(tf.tensor(x as TensorLike))) : run(checkTensor(x))) as T;
}

const NAMES = ['p', 'key', 'offset', 'noiseShape'];

/** The stream of a seed of TensorFlow.js. */
const streamOf = (seed: number | string): Generator =>
  typeof seed === 'string' ? new arrays.Generator(0).fork(seed) : new arrays.Generator(seedFor(seed));

/** `dropout` with the next key of a generator, unless p needs none. A call that throws draws no key. */
export function drawFrom(generator: Generator, x: Tensor, p: number, noiseShape?: NoiseShape | null): Tensor {
  const needsKey = p > 0 && p < 1;
  const key = needsKey ? generator.keyAt(generator.position) : undefined;
  const y = elementwise(x, dropoutMap(x.shape, { p, key, noiseShape }));
  if (needsKey) generator.next();
  return y;
}
