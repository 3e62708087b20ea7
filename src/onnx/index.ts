/**
 * dropout-wasm/onnx: the operator Dropout of ONNX, for programs that run ONNX graphs in JavaScript.
 *
 * What its versions say (https://onnx.ai/onnx/operators/onnx__Dropout.html): 7 and 10 only infer; 12 brings training,
 * a ratio that is an input, and a seed; 13 and 22 add dtypes. The mask of 7 has the dtype of data, later ones are bool.
 * @module
 */
import { Dropout, dropout, Generator, type Input, type Result } from 'dropout-wasm';
import { checkBoolean, wrongType, wrongValue } from '../core/check.js';
import { checkInput, dataOf } from '../core/tensor.js';

export interface OnnxDropoutOptions<Opset extends number = number> {
  /** The operator's seed, as for `Generator`: the same mask at every call. Without it the default generator draws. */
  seed?: number | bigint;
  /** The opset that the graph imports, a whole number from 7 on; 22 without it. */
  opset?: Opset;
}

/** Bytes, or what is of the kind of X in opsets that have no bool mask yet. */
export type OnnxMask<X extends Input, Opset extends number> = number extends Opset
  ? Uint8Array | Result<X>
  : Opset extends 7 | 8 | 9
    ? Result<X>
    : Uint8Array;

/**
 * ONNX's Dropout: output = data · mask / (1 − ratio) in training, else data itself. What ONNX Runtime calls
 * DropoutGrad is `applyMask(dy, mask, { p: ratio })`.
 *
 * @param data elements in row-major order, any shape
 * @param ratio probability that an element is dropped, from 0 to below 1; undefined, as a missing input, is 0.5
 * @param trainingMode without it nothing is dropped; before opset 12 there is no other mode
 * @returns output, of the kind of data, and mask, a byte for each element: 1 = kept. Where nothing is dropped all are
 *   kept. Before opset 10, mask is of the kind of data too
 * @throws TypeError, RangeError that names the argument; no key is drawn then
 * @example
 * import { onnxDropout } from 'dropout-wasm/onnx';
 * const { output, mask } = onnxDropout(Float32Array.of(1, 2, 3, 4), 0.5, true, { seed: 42 }); // 2, 0, 0, 8; 1, 0, 0, 1
 */
export function onnxDropout<X extends Input, Opset extends number = 22>(
  data: X,
  ratio = 0.5,
  trainingMode = false,
  { seed, opset }: OnnxDropoutOptions<Opset> = {},
): { output: Result<X>; mask: OnnxMask<X, Opset> } {
  checkInput(data, 'data');
  if (typeof ratio !== 'number') throw wrongType('ratio', 'a number', ratio);
  if (!(ratio >= 0 && ratio < 1)) throw wrongValue('ratio', 'from 0 to below 1', ratio);
  checkBoolean(trainingMode, 'trainingMode');
  const version = checkOpset(opset ?? 22);
  if (trainingMode && version < 12) throw wrongValue('trainingMode', 'false before opset 12', trainingMode);

  const layer = new Dropout(ratio, seed === undefined ? {} : { generator: new Generator(seed) }).train(trainingMode);
  const output = layer.forward(data);
  return { output, mask: (version < 10 ? ones(data) : layer.mask()) as OnnxMask<X, Opset> };
}

function checkOpset(opset: number): number {
  if (!Number.isInteger(opset) || opset < 7)
    throw (typeof opset === 'number' ? wrongValue : wrongType)('opset', 'a whole number from 7 on', opset);
  return opset;
}

/** Ones of the kind of x. */
function ones<X extends Input>(x: X): Result<X> {
  const result = dropout(x, { p: 0, key: undefined });
  dataOf(result as Input).fill(1);
  return result;
}
