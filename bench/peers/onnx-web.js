import { InferenceSession, Tensor } from 'onnxruntime-web';
import { SESSION_OPTIONS } from '../versus/onnx-options.js';

/** @param {Uint8Array} model */
export async function first(model) {
  const session = await InferenceSession.create(model, SESSION_OPTIONS);
  return session.run({ x: new Tensor('float32', Float32Array.of(1, 2, 3, 4), [4]) }, ['y']);
}
