/**
 * The webgpu backend: the bits of the mask are uploaded, and a compute shader selects elements by them.
 * @module
 */
import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import type { Masked } from '../../layers/maps.js';
import { tf } from '../shared.js';
import type { Backend } from './path.js';

/** The members of the webgpu backend that are used. */
export interface WebgpuBackend extends Backend {
  readonly device: { readonly lost: Promise<unknown> };
  readonly pipelineCache: Record<string, unknown>;
  makeTensorInfo(shape: readonly number[], dtype: 'float32' | 'int32', values: Float32Array | Int32Array): TensorInfo;
  /** Takes a WebGPUProgram. */
  runWebGPUProgram(
    program: object,
    inputs: TensorInfo[],
    dtype: 'float32',
    uniforms: { type: 'float32'; data: number[] }[],
  ): TensorInfo;
}

const WORKGROUP = 64;
/** With what the key of the pipeline starts. */
const KEY = 'dropout-wasm';

const SHADER = `
fn main(index : i32) {
  if (index < uniforms.size) {
    let kept = (Mask[index / 32] >> u32(index % 32)) & 1;
    setOutputAtIndex(index, select(uniforms.fill, X[index] * uniforms.scale + uniforms.shift, kept == 1));
  }
}`;

/** Applies a mask of bits. The elements of a tensor lie in row-major order, whatever its shape. */
export function selectOnWebgpu(
  backend: WebgpuBackend,
  { dataId, dtype, shape, size: n }: Tensor,
  { bits, affine: { scale, shift, fill } }: Masked,
): TensorInfo {
  const words = new Int32Array(2 * Math.ceil(n / 64));
  // WebGPU runs on little-endian machines alone.
  new Uint8Array(words.buffer).set(bits);
  // Of rank 2, so that all sizes share a pipeline: TensorFlow.js has others for inputs of equal shapes.
  const mask = backend.makeTensorInfo([words.length / 2, 2], 'int32', words);
  const program = {
    variableNames: ['X', 'Mask'],
    uniforms: 'scale: f32, shift: f32, fill: f32,',
    outputShape: [n],
    size: true,
    workgroupSize: [WORKGROUP, 1, 1],
    dispatchLayout: { x: [0] },
    // TensorFlow.js distributes more than one dimension holds.
    dispatch: [Math.ceil(n / WORKGROUP), 1, 1],
    shaderKey: KEY,
    getUserCode: () => SHADER,
  };
  try {
    const uniforms = [scale, shift, fill].map((value) => ({ type: 'float32' as const, data: [value] }));
    const y = backend.runWebGPUProgram(program, [{ dataId, dtype, shape: [n] }, mask], 'float32', uniforms);
    return { ...y, shape };
  } finally {
    backend.disposeData(mask.dataId);
  }
}

const COMPILE_ONLY = 'WEBGPU_ENGINE_COMPILE_ONLY';

/**
 * Compiles the program for up to 65,535 work groups. Until that is done, it must not run: a shader that does not compile
 * fails later, and everything submitted with it.
 *
 * @throws why it does not compile
 */
export async function compileOnWebgpu(backend: WebgpuBackend): Promise<void> {
  const env = tf.env();
  const before = env.getBool(COMPILE_ONLY);
  env.set(COMPILE_ONLY, true);
  tf.tidy(() => {
    try {
      const y = selectOnWebgpu(backend, tf.zeros([1]), { bits: new Uint8Array(1), affine: {} as never });
      backend.disposeData(y.dataId);
    } finally {
      env.set(COMPILE_ONLY, before);
    }
  });
  const { pipelineCache: cache } = backend;
  for (const [key, pipeline] of Object.entries(cache))
    if (key.startsWith(KEY)) {
      delete cache[key];
      cache[key] = await pipeline;
    }
}
