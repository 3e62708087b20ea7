/** A thread in Node or, bundled by serve.js, a Web Worker: answers a range of samples with the bytes of its result. */
import { monteCarlo } from 'dropout-wasm/monte-carlo';
import workerpool from 'workerpool';
import { createModel } from './model.js';

/** @type {ReturnType<typeof createModel> | undefined} */
let model;

/** @param {import('./pool.js').Range} range */
async function compute({ from, samples, seed }) {
  // Not at the top of the module: workerpool reports only faults of this function with their reason.
  model ??= createModel();
  const { predict, layers, kind } = model;
  const result = await monteCarlo(predict, { from, samples, seed, layers, kind });
  const bytes = result.toBytes();
  return new workerpool.Transfer(bytes, [bytes.buffer]);
}

workerpool.worker({ compute });
