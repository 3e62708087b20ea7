/**
 * Baselines besides the loops: a bare copy of the same bytes, and TensorFlow.js.
 */

/**
 * The `memory.copy` instruction, between the same arrays that the layer works on.
 *
 * @param {WebAssembly.Memory} memory
 */
export async function memoryCopy(memory) {
  // Imported only when needed: the compiler takes a second to load.
  const { default: asc } = await import('assemblyscript/asc');
  const source = 'export function copy(dst: usize, src: usize, n: usize): void { memory.copy(dst, src, n); }';
  const { binary, text, stderr } = await asc.compileString(source, {
    runtime: 'stub',
    importMemory: true,
    noExportMemory: true,
    optimizeLevel: 3,
  });
  // Without bulk memory the compiler replaces the instruction with a loop.
  if (!binary || !text?.includes('memory.copy\n')) throw new Error(`no memory.copy in: ${text ?? stderr}`);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(binary)), { env: { memory } });
  const copy = /** @type {(dst: number, src: number, n: number) => void} */ (exports.copy);
  return (/** @type {Float32Array} */ x, /** @type {Float32Array} */ out) => {
    copy(out.byteOffset, x.byteOffset, x.byteLength);
  };
}

/** @type {import('@tensorflow/tfjs-core').Tensor | undefined} */
let latest;

/**
 * TF.js in its cheapest form: the tensor is in its memory before the clock starts, and the result is discarded
 * there instead of being read back into an array. Each call disposes the tensor of the previous one.
 *
 * @param {Float32Array} values
 * @param {number} p
 */
export async function tfjsWasm(values, p) {
  const { dropout, setBackend, tensor1d } = await import('@tensorflow/tfjs-core');
  await import('@tensorflow/tfjs-backend-wasm');
  if (!(await setBackend('wasm'))) throw new Error('the wasm backend of TF.js does not start');
  latest?.dispose();
  const x = tensor1d(values);
  latest = x;
  return () => dropout(x, p).dispose();
}
