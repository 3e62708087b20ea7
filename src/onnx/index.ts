/**
 * dropout-wasm/onnx: the ONNX operator Dropout, for programs that run ONNX graphs in JavaScript, and Monte-Carlo
 * dropout of models that ONNX Runtime runs.
 *
 * Its versions (https://onnx.ai/onnx/operators/onnx__Dropout.html): 7 and 10 only infer; 12 adds training, the ratio as
 * an input, and a seed; 13 and 22 add dtypes. The mask of version 7 has the dtype of data; later masks are bool.
 * @module
 */
import type { Input, Result } from 'dropout-wasm';
import { checkBoolean, checkOptions, checkRatio, Dropout, dropout, read, wrong, wrongValue } from './shared.js';

export {
  type OnnxMonteCarlo,
  type OnnxMonteCarloOptions,
  type OnnxSession,
  type OnnxStreamOptions,
  type OnnxTensor,
  onnxMonteCarlo,
} from './monte-carlo.js';
export type { PreparedDropout } from './prepare.js';

/** Attributes of the operator and of its graph. */
export interface OnnxDropoutOptions<Opset extends number = number> {
  /**
   * Seed of the call, so that every call gives the same mask. By default each call that drops takes the next child of
   * the default generator, which `manualSeed` reseeds.
   */
  seed?: number | bigint;
  /** The opset that the graph imports, an integer of at least 7. Default 22. */
  opset?: Opset;
}

/** Bytes, or an array or tensor like X in opsets without a bool mask. */
export type OnnxMask<X extends Input, Opset extends number> = number extends Opset
  ? Uint8Array | Result<X>
  : Opset extends 7 | 8 | 9
    ? Result<X>
    : Uint8Array;

/**
 * ONNX's Dropout: output = data · mask / (1 − ratio) in training, data itself otherwise. ONNX Runtime's DropoutGrad is
 * `applyMask(dy, mask, { p: ratio })`.
 *
 * @param data elements in row-major order, of any shape
 * @param ratio probability that an element is dropped, at least 0 and below 1. Default 0.5, as for a missing input
 * @param trainingMode whether elements are dropped. Default false; before opset 12 it must be false
 * @returns output, of the same kind as data, and mask, one byte for each element, 1 = kept. Before opset 10 the mask
 *   is of that kind too
 * @throws TypeError or RangeError that names the argument, before a key is drawn
 * @example
 * import { onnxDropout } from 'dropout-wasm/onnx';
 *
 * const { output, mask } = onnxDropout(Float32Array.of(1, 2, 3, 4), 0.5, true, { seed: 42 });
 * console.log(output, mask); // Float32Array(4) [ 2, 0, 0, 8 ] Uint8Array(4) [ 1, 0, 0, 1 ]
 */
export function onnxDropout<X extends Input, Opset extends number = 22>(
  data: X,
  ratio = 0.5,
  trainingMode = false,
  options: OnnxDropoutOptions<Opset> = {},
): {
  /** The result, of the same kind as data. */
  output: Result<X>;
  /** 1 for each kept element. */
  mask: OnnxMask<X, Opset>;
} {
  const { seed, opset = 22 } = checkOptions(options, ['seed', 'opset']);
  read(data, 'data');
  checkRatio(ratio, 'ratio');
  checkBoolean(trainingMode, 'trainingMode');
  if (!Number.isInteger(opset) || opset < 7) throw wrong('number', 'opset', 'a whole number of at least 7', opset);
  if (trainingMode && opset < 12) throw wrongValue('trainingMode', 'false before opset 12', trainingMode);

  const layer = new Dropout(ratio, seed === undefined ? {} : { seed }).train(trainingMode);
  const output = layer.forward(data);
  return { output, mask: (opset < 10 ? ones(data) : layer.mask()) as OnnxMask<X, Opset> };
}

/** An array or tensor of ones, like x. */
function ones<X extends Input>(x: X): Result<X> {
  const result = dropout(x, { p: 0, key: undefined });
  read(result, 'data').data.fill(1);
  return result;
}
