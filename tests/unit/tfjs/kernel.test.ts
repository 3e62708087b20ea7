/** The kernel that every layer and function for TensorFlow.js runs. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { Dropout, dropout, tfjsPath } from 'dropout-wasm/tfjs';
import { expect, it } from 'vitest';
import { train } from '../../support/tfjs.js';

const NAME = 'DropoutWasm';
const isRegistered = (backend: string) => tf.getKernel(NAME, backend) !== undefined;

it('is registered with a backend when it first serves it, not at import', () => {
  expect([isRegistered('wasm'), tf.getGradient(NAME)]).toEqual([false, undefined]);
  expect(tfjsPath()).toEqual({ backend: 'wasm', path: 'heap' });
  const layer = new Dropout({ rate: 0.5, seed: 1 });
  layer.apply(tf.ones([4]));
  expect(isRegistered('wasm')).toBe(false);
  train(layer, tf.ones([4]));
  expect([isRegistered('wasm'), isRegistered('cpu'), tf.getGradient(NAME) !== undefined]).toEqual([true, false, true]);
  tf.setBackend('cpu');
  dropout([1, 2], 0.5);
  expect(isRegistered('cpu')).toBe(true);
  expect(tfjsPath()).toEqual({ backend: 'cpu', path: 'values' });
});
