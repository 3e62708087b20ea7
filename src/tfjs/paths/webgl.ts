/**
 * The webgl backend: the bits of the mask are uploaded, and a fragment shader selects elements by them.
 * @module
 */
import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import type { Masked } from '../../layers/maps.js';
import type { Backend } from './path.js';

/** The members of the webgl backend that are used. */
export interface WebglBackend extends Backend {
  readonly gpgpu?: { readonly gl?: { isContextLost?(): boolean } };
  makeTensorInfo(shape: readonly number[], dtype: 'float32', values: Float32Array): TensorInfo;
  disposeIntermediateTensorInfo(info: TensorInfo): void;
  /** Takes a GPGPUProgram. */
  runWebGLProgram(program: object, inputs: TensorInfo[], dtype: 'float32', uniforms: number[][]): TensorInfo;
}

/** Applies a mask of bits. A texel is a float also in an int32 tensor, so it holds 16 bits. */
export function selectOnWebgl(backend: WebglBackend, x: Tensor, masked: Masked): TensorInfo {
  const { scale, shift, fill } = masked.affine;
  const bits = masked.bits();
  const words = new Float32Array(Math.ceil(x.size / 16));
  for (let i = 0; i < words.length; i++) words[i] = bits[2 * i]! | ((bits[2 * i + 1] ?? 0) << 8);
  const { shape, rank } = x;
  // Row-major: ((x · size of y + y) · size of z + z) …
  const index = shape.reduce((sum, size, axis) => `(${sum} * ${size} + at.${'xyzwuv'[axis]})`, '0');
  const program = {
    variableNames: ['X', 'Mask'],
    customUniforms: ['scale', 'shift', 'fill'].map((name) => ({ name, type: 'float' })),
    outputShape: shape,
    userCode: `
void main() {
  ${rank < 2 ? 'int' : `ivec${rank}`} at = getOutputCoords();
  int index = ${rank < 2 ? 'at' : index};
  int kept = (int(getMask(index / 16)) >> (index % 16)) & 1;
  setOutput(kept == 1 ? getXAtOutCoords() * scale + shift : fill);
}`,
  };
  const mask = backend.makeTensorInfo([words.length], 'float32', words);
  try {
    return backend.runWebGLProgram(program, [x, mask], 'float32', [[scale], [shift], [fill]]);
  } finally {
    backend.disposeIntermediateTensorInfo(mask);
  }
}
