/**
 * The webgpu backend: the bits of the mask are uploaded, and a compute shader selects elements by them.
 * @module
 */
import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import type { Masked } from '../../layers/maps.js';
import type { Backend } from './path.js';

/** The members of the webgpu backend that are used. */
export interface WebgpuBackend extends Backend {
  readonly device: { readonly lost: Promise<unknown> };
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

const SHADER = `
fn main(index : i32) {
  if (index < uniforms.size) {
    let kept = ((u32(Mask[index / 32]) >> u32(index % 32)) & 1u) == 1u;
    setOutputAtIndex(index, select(uniforms.fill, X[index] * uniforms.scale + uniforms.shift, kept));
  }
}`;

/** Applies a mask of bits. The elements of a tensor lie in row-major order, whatever its shape. */
export function selectOnWebgpu(
  backend: WebgpuBackend,
  { dataId, dtype, shape, size: n }: Tensor,
  { bits, affine: { scale, shift, fill } }: Masked,
): TensorInfo {
  const words = new Int32Array(Math.ceil(n / 32));
  // WebGPU runs on little-endian machines alone.
  new Uint8Array(words.buffer).set(bits);
  const mask = backend.makeTensorInfo([words.length], 'int32', words);
  const program = {
    variableNames: ['X', 'Mask'],
    uniforms: 'scale : f32, shift : f32, fill : f32,',
    outputShape: [n],
    size: true,
    workgroupSize: [WORKGROUP, 1, 1],
    dispatchLayout: { x: [0] },
    // TensorFlow.js distributes more than one dimension holds.
    dispatch: [Math.ceil(n / WORKGROUP), 1, 1],
    shaderKey: 'dropout-wasm',
    getUserCode: () => SHADER,
  };
  try {
    const inputs = [{ dataId, dtype, shape: [n] }, mask];
    const uniforms = [scale, shift, fill].map((value) => ({ type: 'float32' as const, data: [value] }));
    return { ...backend.runWebGPUProgram(program, inputs, 'float32', uniforms), shape };
  } finally {
    backend.disposeData(mask.dataId);
  }
}
