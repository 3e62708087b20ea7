/** A backend that the package does not know: `tf.where` selects, by an uploaded mask. */

import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { sequential } from '@tensorflow/tfjs-layers';
import * as tfjs from 'dropout-wasm/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { expectSameBits } from '../../support/expect.js';
import { valuesOf } from '../../support/tfjs.js';
import { LAYERS, run } from '../../support/tfjs-cases.js';

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
