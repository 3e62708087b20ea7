/** A backend that the package does not know: `tf.where` selects, by an uploaded mask. */

import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { sequential } from '@tensorflow/tfjs-layers';
import * as tfjs from 'dropout-wasm/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { expectSameBits } from '../../support/expect.js';
import { train, valuesOf } from '../../support/tfjs.js';

beforeAll(async () => {
  const backend = new MathBackendCPU();
  const { data } = backend;
  let isKnown = false;
  // The cpu backend is known by its data.
  Object.defineProperty(backend, 'data', { get: () => (isKnown ? data : undefined) });
  tf.registerBackend('unknown', () => backend);
  tf.copyRegisteredKernels('cpu', 'unknown');
  await tf.setBackend('unknown');
  expect(tfjs.tfjsPath()).toEqual({ backend: 'unknown', path: 'where', reason: 'unknown backend' });
  isKnown = true;
});

/** A training forward and its gradient, on a backend. */
async function run(backend: string, create: () => unknown, shape: number[]): Promise<number[][]> {
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

const IMAGES = [2, 4, 4, 3];
const LAYERS: [name: string, create: () => unknown, shape: number[]][] = [
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

it.each(LAYERS)('%s gives the bits of the wasm backend', async (_, create, shape) => {
  const expected = await run('wasm', create, shape);
  const got = await run('unknown', create, shape);
  for (const i of [0, 1]) expectSameBits(got[i]!, expected[i]!);
});

it('dropout on a tensor gives the bits of the wasm backend, with its gradient', async () => {
  const results: number[][] = [];
  for (const backend of ['wasm', 'unknown']) {
    await tf.setBackend(backend);
    for (const p of [0, 0.4, 1]) {
      const call = (x: tf.Tensor) => tfjs.dropout(x, { p, key: 5n, offset: 3 });
      results.push(valuesOf(call(tf.ones([50]))), valuesOf(tf.grad(call)(tf.ones([50]))));
    }
  }
  for (let i = 0; i < 6; i++) expectSameBits(results[i + 6]!, results[i]!);
});

it.each([
  ['masks', () => new tfjs.Dropout({ rate: 0.5, seed: 1, inputShape: [8] })],
  ['noise', () => new tfjs.GaussianDropout({ rate: 0.5, seed: 1, inputShape: [8] })],
])('%s that all rows share are those of the wasm backend', async (_, create) => {
  const means: Float64Array[] = [];
  for (const backend of ['wasm', 'unknown']) {
    await tf.setBackend(backend);
    const model = sequential({ layers: [create()] });
    const options = { samples: 4, seed: 2, masks: 'shared' } as const;
    means.push((await tfjs.monteCarloPredict(model, tf.ones([3, 8]), options)).mean);
  }
  expectSameBits(means[1]!, means[0]!);
  expectSameBits(means[1]!.subarray(8, 16), means[1]!.subarray(0, 8));
});
