/** TensorFlow.js on its WebAssembly backend. */
import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { getBackend, setBackend } from '@tensorflow/tfjs-core';

/** @throws {Error} if TensorFlow.js cannot start this backend: it would go on with a slower one */
export async function useWasmBackend() {
  const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(dirname(entry) + sep);
  const started = await setBackend('wasm');
  if (!started || getBackend() !== 'wasm') {
    throw new Error(`TensorFlow.js did not start its wasm backend from ${dirname(entry)}`);
  }
}
