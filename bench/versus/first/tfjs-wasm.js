import { dropout, setBackend, tensor1d } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';

export async function first() {
  await setBackend('wasm');
  return dropout(tensor1d([1, 2, 3, 4]), 0.5).data();
}
