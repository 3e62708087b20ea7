/**
 * The checks of tests/tfjs on the backends that run in Node: cpu, and wasm with SIMD and without. Those of pages run in
 * tests/packaging/tfjs-browser.test.ts.
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, it } from 'vitest';
import { runCheck, SETTINGS } from '../tfjs/check.js';
import { checksOf } from '../tfjs/checks.js';

const folder = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));

/** Makes these files of the wasm backend the ones in use. */
async function startWasm(file: (variant: string) => string): Promise<void> {
  const variants = ['', '-simd', '-threaded-simd'].map((variant) => `tfjs-backend-wasm${variant}.wasm`);
  setWasmPaths(Object.fromEntries(variants.map((name) => [name, join(folder, file(name))])));
  const factory = tf.findBackendFactory('wasm');
  tf.removeBackend('wasm');
  tf.registerBackend('wasm', factory);
  await tf.setBackend('wasm');
}

const START = {
  cpu: () => startWasm((name) => name),
  wasm: () => startWasm((name) => name),
  'wasm without SIMD': () => startWasm(() => 'tfjs-backend-wasm.wasm'),
};

describe.each(Object.keys(START) as (keyof typeof START)[])('TensorFlow.js on %s', (name) => {
  beforeAll(() => START[name]());

  it.each(checksOf(name))('%s', async (...check) => {
    await runCheck(SETTINGS[name], check);
  });
});
