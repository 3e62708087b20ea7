/** Computes the samples of a task on several isolates and merges them. */
import { fromBytes, merge, monteCarlo } from 'dropout-wasm/monte-carlo';
import { createClassifier, weightsFromBytes } from '../digits/classifier.js';
import file from '../digits/weights.bin';
import { rangeRequest, readBody } from './request.js';

/** ms after which an isolate that has not answered counts as lost. */
const TIME_LIMIT = 5000;

/**
 * Samples after which a computation gives way to other requests, and notices that its own was abandoned. They take
 * about 4 ms; giving way takes 1 to 2 ms.
 */
const TURN = 200;

/** Bytes. An answer has at most 20 nodes of 21 numbers and 10 votes, about 4 KB; other models may need more. */
const MAX_ANSWER = 65_536;

/**
 * @typedef {{ fetch(request: Request): Promise<Response> }} Isolate a service binding
 * @typedef {import('./request.js').Task} Task
 * @typedef {import('dropout-wasm/monte-carlo').ClassResult} Result
 * @typedef {{ from: number, to: number }} Range
 */

const weights = weightsFromBytes(file);

/** @type {Promise<string> | undefined} */
let digest;

/** Names the weights: the start of their SHA-256. */
export function modelName() {
  digest ??= crypto.subtle.digest('SHA-256', file).then((buffer) => {
    const bytes = Array.from(new Uint8Array(buffer, 0, 8));
    return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  });
  return digest;
}

/**
 * Computes a range of the samples here.
 *
 * @param {Pick<Task, 'pixels' | 'seed'>} task
 * @param {Range} range
 * @param {AbortSignal} signal
 * @returns {Promise<Result>}
 */
export function compute({ pixels, seed }, { from, to }, signal) {
  // Each call has its own layers, since another request may be computed at the same time.
  const { predict, layers, kind } = createClassifier(weights, pixels);
  // A promise that is already fulfilled would not let another request run, nor the signal abort.
  const onSample = (/** @type {number} */ index) =>
    index % TURN === TURN - 1 ? new Promise((resolve) => setTimeout(resolve)) : undefined;
  return monteCarlo(predict, { from, samples: to - from, seed, layers, kind, signal, onSample });
}

/**
 * Computes all samples: a range on each isolate, and one here. The result has the same bits for any number of isolates.
 * The range of an isolate that fails is computed here.
 *
 * @param {Task} task
 * @param {Isolate[]} isolates
 * @param {AbortSignal} signal
 * @returns {Promise<Result>}
 */
export async function predict(task, isolates, signal) {
  const parts = Math.min(isolates.length + 1, task.samples);
  const edge = (/** @type {number} */ part) => Math.floor((part * task.samples) / parts);
  const helpers = isolates.slice(0, parts - 1);
  // Ask the other isolates before computing here.
  const results = helpers.map(async (isolate, i) => {
    const range = { from: edge(i), to: edge(i + 1) };
    try {
      return await ask(isolate, task, range, signal);
    } catch (error) {
      signal.throwIfAborted();
      console.warn(`samples ${range.from} to ${range.to - 1} are computed here: isolate ${i + 1} failed: ${error}`);
      return compute(task, range, signal);
    }
  });
  const own = compute(task, { from: edge(parts - 1), to: task.samples }, signal);
  return merge(...(await Promise.all([...results, own])));
}

/** @param {Isolate} isolate @param {Task} task @param {Range} range @param {AbortSignal} signal */
async function ask(isolate, task, range, signal) {
  const either = AbortSignal.any([signal, AbortSignal.timeout(TIME_LIMIT)]);
  const response = await isolate.fetch(rangeRequest(task, range, await modelName(), either));
  const bytes = await readBody(response, MAX_ANSWER);
  if (!response.ok) throw new Error(`${response.status} ${new TextDecoder().decode(bytes.subarray(0, 200))}`);
  const result = /** @type {Result} */ (fromBytes(bytes));
  const { kind, shape, ranges } = result;
  const got = JSON.stringify([kind, shape, ranges]);
  const expected = JSON.stringify(['logits', [1, 10], [[range.from, range.to]]]);
  if (got !== expected) throw new Error(`its answer has to be ${expected}, but got ${got.slice(0, 200)}`);
  return result;
}
