/** A worker: a thread of Node or, bundled by serve.js, a Web Worker. It answers a range with the bytes of its result. */
import { monteCarlo } from 'dropout-wasm/monte-carlo';
import workerpool from 'workerpool';
import { createModel } from './model.js';

/** @type {ReturnType<typeof createModel> | undefined} */
let model;

/** @param {import('./pool.js').Range} range */
async function compute({ from, samples, seed }) {
  // Not at the top: the pool learns the reason of a fault from this function alone.
  model ??= createModel();
  const { predict, layers, kind } = model;
  const result = await monteCarlo(predict, { from, samples, seed, layers, kind });
  const bytes = result.toBytes();
  return new workerpool.Transfer(bytes, [bytes.buffer]);
}

workerpool.worker({ compute });
