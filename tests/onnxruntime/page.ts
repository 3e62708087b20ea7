/** A page that runs the checks of the setting in its address, and makes the results its title, as JSON. */
// @ts-expect-error: the bundler makes it.
import * as digits from 'digits';
// @ts-expect-error: a part of onnxruntime-web, from the bundler.
import ort from 'onnxruntime';
import { type Ort, results, type SettingName } from './checks.js';

const name = decodeURIComponent(location.search.slice(1)) as SettingName;
const isGpu = name.endsWith('WebGPU');
const file = `ort-wasm-simd-threaded${isGpu ? '.asyncify' : ''}`;
Object.assign(ort.env.wasm, { wasmPaths: { wasm: `./${file}.wasm` }, numThreads: 1 });
const create = (model: Uint8Array, options: object) =>
  ort.InferenceSession.create(model, { executionProviders: [isGpu ? 'webgpu' : 'wasm'], ...options });

document.title = JSON.stringify(
  await results(name, { env: ort.env, Tensor: ort.Tensor, InferenceSession: { create } } as Ort, digits),
);
