/**
 * The webgpu backend: the bits of the mask are uploaded, and a compute shader selects elements by them.
 * @module
 */
import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import type { Masked } from '../maps.js';
import type { Backend } from './path.js';

/** The members of the webgpu backend that are used. */
export interface WebgpuBackend extends Backend {
  readonly device: {
    readonly lost: Promise<{ message: string }>;
    pushErrorScope(filter: 'validation'): void;
    popErrorScope(): Promise<{ message: string } | null>;
  };
  makeTensorInfo(shape: readonly number[], dtype: 'float32' | 'int32', values: Float32Array | Int32Array): TensorInfo;
  /** Submits what has been recorded. */
  submitQueue(): void;
  runWebGPUProgram(
    program: SelectProgram,
    inputs: TensorInfo[],
    dtype: 'float32',
    uniforms: { type: 'float32'; data: number[] }[],
  ): TensorInfo;
}

const GROUP = 64;
/** The most work groups along one dimension. */
const MAX_GROUPS = 65535;

/** A program as the backend takes it: a WebGPUProgram. */
class SelectProgram {
  readonly variableNames = ['X', 'Mask'];
  readonly uniforms = 'scale : f32, shift : f32, fill : f32,';
  readonly workgroupSize = [GROUP, 1, 1];
  readonly size = true;
  readonly dispatchLayout = { x: [0] };
  declare readonly outputShape: number[];
  declare readonly shaderKey: string;
  declare readonly dispatch: number[];
  declare private readonly sum: string;

  constructor(n: number, hasShift: boolean) {
    this.outputShape = [n];
    // Without a shift, since the compiler may contract a product and a sum to one operation.
    this.sum = hasShift ? ' + uniforms.shift' : '';
    this.shaderKey = `dropout-wasm${this.sum}`;
    const groups = Math.ceil(n / GROUP);
    const rows = Math.ceil(groups / MAX_GROUPS);
    this.dispatch = [Math.ceil(groups / rows), rows, 1];
  }

  getUserCode(): string {
    return `
      fn main(index : i32) {
        if (index < uniforms.size) {
          let kept = ((u32(Mask[index / 32]) >> u32(index % 32)) & 1u) == 1u;
          setOutputAtIndex(index, select(uniforms.fill, X[index] * uniforms.scale${this.sum}, kept));
        }
      }`;
  }
}

/** Applies a mask of bits. The elements of a tensor lie in row-major order, whatever its shape. */
export function selectOnWebgpu(
  backend: WebgpuBackend,
  { dataId, dtype, shape, size: n }: Pick<Tensor, 'dataId' | 'dtype' | 'shape' | 'size'>,
  { bits, affine: { scale, shift, fill } }: Masked,
): TensorInfo {
  const words = new Int32Array(Math.ceil(n / 32));
  // WebGPU runs on little-endian machines alone.
  new Uint8Array(words.buffer).set(bits);
  const mask = backend.makeTensorInfo([words.length], 'int32', words);
  try {
    const y = backend.runWebGPUProgram(
      new SelectProgram(n, !!shift),
      [{ dataId, dtype, shape: [n] }, mask],
      'float32',
      [scale, shift, fill].map((value) => ({ type: 'float32', data: [value] })),
    );
    return { ...y, shape };
  } finally {
    backend.disposeData(mask.dataId);
  }
}

/**
 * Compiles and runs the program on a tensor of its own. WebGPU tells of a shader that does not compile only later, and
 * fails all that is submitted together with it. So nothing else is.
 *
 * @throws why the program cannot run
 */
export async function proveWebgpu(backend: WebgpuBackend): Promise<void> {
  const { device } = backend;
  const x = backend.makeTensorInfo([1], 'float32', new Float32Array(1));
  backend.submitQueue();
  device.pushErrorScope('validation');
  let thrown: unknown;
  try {
    for (const shift of [0, 1]) {
      const masked = { bits: new Uint8Array(1), affine: { scale: 1, shift, fill: 0 } };
      backend.disposeData(selectOnWebgpu(backend, { ...x, size: 1 }, masked).dataId);
    }
    backend.submitQueue();
  } catch (error) {
    thrown = error;
  }
  backend.disposeData(x.dataId);
  const error = thrown ?? (await device.popErrorScope());
  if (error) throw error;
}
