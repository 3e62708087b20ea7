/**
 * The webgl backend: the bits of the mask are uploaded, and a fragment shader selects elements by them.
 * @module
 */
import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import type { Masked } from '../maps.js';
import type { Backend } from './path.js';

/** The members of the webgl backend that are used. */
export interface WebglBackend extends Backend {
  readonly gpgpu?: { readonly gl?: { isContextLost?(): boolean } };
  makeTensorInfo(shape: readonly number[], dtype: 'float32', values: Float32Array): TensorInfo;
  disposeIntermediateTensorInfo(info: TensorInfo): void;
  runWebGLProgram(program: SelectProgram, inputs: TensorInfo[], dtype: 'float32', uniforms: number[][]): TensorInfo;
}

/** A program as the backend takes it: a GPGPUProgram. */
class SelectProgram {
  readonly variableNames = ['X', 'Mask'];
  readonly customUniforms = ['scale', 'shift', 'fill'].map((name) => ({ name, type: 'float' }));
  declare readonly outputShape: readonly number[];
  declare readonly userCode: string;

  constructor(shape: readonly number[], hasShift: boolean) {
    this.outputShape = shape;
    const { length: rank } = shape;
    const axes = 'xyzwuv';
    // Row-major: ((x · size of y + y) · size of z + z) …
    const index = shape.reduce((sum, size, axis) => `(${sum} * ${size} + c.${axes[axis]})`, '0');
    // Without a shift, since the compiler may contract a product and a sum to one operation.
    this.userCode = `
      void main() {
        ${rank < 2 ? 'int' : `ivec${rank}`} c = getOutputCoords();
        int i = ${rank < 2 ? 'c' : index};
        int word = int(getMask(i / 16));
        bool kept = ((word >> (i % 16)) & 1) == 1;
        setOutput(kept ? getXAtOutCoords() * scale${hasShift ? ' + shift' : ''} : fill);
      }`;
  }
}

/** Applies a mask of bits. A texel is a float also in an int32 tensor, so it holds 16 bits. */
export function selectOnWebgl(backend: WebglBackend, x: Tensor, { bits, affine }: Masked): TensorInfo {
  const words = new Float32Array(Math.ceil(x.size / 16));
  for (let i = 0; i < words.length; i++) words[i] = bits[2 * i]! | ((bits[2 * i + 1] ?? 0) << 8);
  const { scale, shift, fill } = affine;
  const mask = backend.makeTensorInfo([words.length], 'float32', words);
  try {
    const program = new SelectProgram(x.shape, shift !== 0);
    return backend.runWebGLProgram(program, [x, mask], 'float32', [[scale], [shift], [fill]]);
  } finally {
    backend.disposeIntermediateTensorInfo(mask);
  }
}
