/** The layers for TensorFlow.js on any of its backends. */
import * as tf from '@tensorflow/tfjs-core';
import * as tfjs from 'dropout-wasm/tfjs';
import { train, valuesOf } from './tfjs.js';

const IMAGES = [2, 4, 4, 3];

export const LAYERS: [name: string, create: () => unknown, shape: number[]][] = [
  ['Dropout', () => new tfjs.Dropout({ rate: 0.5, seed: 1 }), [96]],
  ['Dropout at rate 1', () => new tfjs.Dropout({ rate: 1, seed: 1 }), [96]],
  ['Dropout with a noise shape', () => new tfjs.Dropout({ rate: 0.5, seed: 1, noiseShape: [null, 1] }), [12, 8]],
  ['Dropout2d', () => new tfjs.Dropout2d({ rate: 0.5, seed: 1 }), IMAGES],
  ['AlphaDropout', () => new tfjs.AlphaDropout({ rate: 0.3, seed: 1 }), [12, 8]],
  ['GaussianDropout', () => new tfjs.GaussianDropout({ rate: 0.3, seed: 1 }), [12, 8]],
  ['GaussianDropout at rate 1', () => new tfjs.GaussianDropout({ rate: 1, seed: 1 }), [12, 8]],
  ['GaussianNoise', () => new tfjs.GaussianNoise({ stddev: 0.3, seed: 1 }), [12, 8]],
  ['DropPath', () => new tfjs.DropPath({ rate: 0.3, seed: 1 }), [12, 8]],
  ['DropBlock2d', () => new tfjs.DropBlock2d({ rate: 0.3, seed: 1, blockSize: 2 }), IMAGES],
];

/** A training forward and its gradient, on a backend. */
export async function run(backend: string, create: () => unknown, shape: number[]): Promise<number[][]> {
  await tf.setBackend(backend);
  const layer = create() as Parameters<typeof train>[0];
  const x = tf.tensor(
    Float32Array.from({ length: 96 }, (_, i) => (i % 7 ? i - 40 : Number.NaN)),
    shape,
  );
  const dy = tf.tensor(
    Float32Array.from({ length: 96 }, (_, i) => 1 + i / 8),
    shape,
  );
  const gradient = tf.grad((x) => train(layer, x))(x, dy);
  return [valuesOf(train(layer, x)), valuesOf(gradient)];
}
