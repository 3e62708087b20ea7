/** What the network of examples/digits reads in a drawing. It needs no page. */
import { Generator } from 'dropout-wasm';
import { type ClassResult, monteCarlo } from 'dropout-wasm/monte-carlo';
import { createClassifier } from '../../../examples/digits/classifier.js';
import { INK } from './image.js';

/**
 * Runs the network with dropout on, and yields the statistics of the samples so far.
 *
 * @param pixels from 0 to INK
 */
export function sample(
  weights: Float32Array,
  pixels: Uint8Array,
  { seed, samples }: { seed: number; samples: number },
): AsyncGenerator<ClassResult, void> {
  const { predict, ...network } = createClassifier(weights, toImage(pixels));
  const generator = new Generator(seed).fork('digits');
  return monteCarlo.stream(predict, { ...network, samples, generator, every: 10 });
}

/** The class probabilities with dropout off. */
export function evaluate(weights: Float32Array, pixels: Uint8Array): number[] {
  const { data } = createClassifier(weights, toImage(pixels)).predict();
  const largest = Math.max(...data);
  const exponentials = Array.from(data, (logit) => Math.exp(logit - largest));
  const sum = exponentials.reduce((a, b) => a + b);
  return exponentials.map((value) => value / sum);
}

const toImage = (pixels: Uint8Array) => Float32Array.from(pixels, (value) => value / INK);

/** The most probable class. */
export const best = (probabilities: readonly number[] | Float64Array) =>
  probabilities.indexOf(Math.max(...probabilities));
