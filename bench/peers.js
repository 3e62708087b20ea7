/**
 * What dropout-wasm is measured against: the fastest thing that could be done with the same bytes, the
 * loop that people write by hand, and TensorFlow.js.
 */
import { dropout, setBackend, tensor1d } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import asc from 'assemblyscript/asc';

/**
 * The `memory.copy` instruction on a memory of ours, between the very arrays that the layer works on.
 *
 * @param {WebAssembly.Memory} memory
 */
export async function memoryCopy(memory) {
  const source = 'export function copy(dst: usize, src: usize, n: usize): void { memory.copy(dst, src, n); }';
  const { binary, text, stderr } = await asc.compileString(source, {
    runtime: 'stub',
    importMemory: true,
    noExportMemory: true,
    optimizeLevel: 3,
  });
  // Without bulk memory the compiler would put a loop of its own in its place.
  if (!binary || !text?.includes('memory.copy\n')) throw new Error(`no memory.copy in: ${text ?? stderr}`);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(binary)), { env: { memory } });
  const copy = /** @type {(dst: number, src: number, n: number) => void} */ (exports.copy);
  return (/** @type {Float32Array} */ x, /** @type {Float32Array} */ out) => {
    copy(out.byteOffset, x.byteOffset, x.byteLength);
  };
}

/**
 * @param {Float32Array} x
 * @param {Float32Array} out
 * @param {number} p
 */
export function mathRandomLoop(x, out, p) {
  const scale = 1 / (1 - p);
  for (let i = 0; i < x.length; i++) out[i] = Math.random() < p ? 0 : /** @type {number} */ (x[i]) * scale;
}

/**
 * TF.js in its cheapest form: the tensor lies in its memory before the clock starts, and the result is
 * dropped there instead of being read back into an array.
 *
 * @param {Float32Array} values
 */
export async function tfjsWasm(values) {
  if (!(await setBackend('wasm'))) throw new Error('the wasm backend of TF.js does not start');
  const x = tensor1d(values);
  return {
    run: (/** @type {number} */ p) => dropout(x, p).dispose(),
    dispose: () => x.dispose(),
  };
}
