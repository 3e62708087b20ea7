/**
 * Bias, dropout and residual in one pass, as stateless calls.
 * @module
 */

import { extras } from '../backend/select.js';
import { checkWhole, given, wrongValue } from '../core/check.js';
import {
  checkInput,
  checkKind,
  checkLength,
  type DataLike,
  dataOf,
  type FloatArray,
  type Input,
  type Like,
  meetArrays,
  type Result,
  resultFor,
  sibling,
} from '../core/tensor.js';
import { type CallOptions, checkStream, units } from './common.js';

export interface FusedOptions<X extends Input> extends CallOptions<X> {
  /** One row, added to every row of x: as long as the last axis of x, or so that x.length is a multiple of it. */
  bias: DataLike<X>;
  /** Added to the result of dropout, of the kind and size of x. */
  residual?: Like<X>;
}

export interface FusedBackwardOptions<X extends Input> extends Omit<CallOptions<X>, 'out'> {
  /** Length of bias; the last axis of dy if that has a shape. */
  features?: number;
  /** Where the gradients go. */
  out?: { dx?: Like<X>; dbias?: DataLike<X> };
}

/**
 * residual + dropout(x + bias) in one pass, as a transformer's sub-layers end (Megatron-LM, ONNX Runtime's
 * BiasDropout). p = 0 adds, without dropping: that is its evaluation.
 *
 * @param x rows of bias.length elements
 * @returns `out`, or a new array of the kind of x; `out` may be x or residual
 * @throws TypeError, RangeError that names the argument, before anything is written
 * @example
 * const y = biasDropoutResidual(x, { bias, residual, p: 0.1, key });
 * const { dx, dbias } = biasDropoutResidualBackward(dy, { p: 0.1, key, features: bias.length });
 */
export function biasDropoutResidual<X extends Input>(x: X, options: FusedOptions<X>): Result<X> {
  const { bias, residual, p, key, offset = 0, out } = given(options);
  const word = checkStream(p, key, offset);
  const src = checkInput(x, 'x');
  checkRows(x, src, checkKind(bias, src, 'bias').length, 'bias.length');
  if (residual !== undefined) {
    checkKind(residual, x, 'residual');
    checkLength(dataOf(residual), src.length, 'residual');
  }
  const result = resultFor(x, out);
  const dst = dataOf(result);
  if (meetArrays(dst, src.length, bias, bias.length)) throw new RangeError('out overlaps bias');
  const added = residual && dataOf(residual);
  if (added && added.byteOffset !== dst.byteOffset && meetArrays(dst, src.length, added, src.length))
    throw new RangeError('out overlaps residual in part');
  extras().fused(src, bias, added, dst, word, offset, units(p), 1 / (1 - p));
  return result;
}

/**
 * The gradients of `biasDropoutResidual` for the same p, key and offset, in one pass: dx = dropout(dy), and dbias is
 * dx summed over its rows, in their order and in the dtype of dy. That of residual is dy itself.
 *
 * @throws TypeError, RangeError that names the argument, before anything is written
 */
export function biasDropoutResidualBackward<X extends Input>(
  dy: X,
  options: FusedBackwardOptions<X>,
): { dx: Result<X>; dbias: DataLike<X> } {
  const { p, key, offset = 0, features, out: places } = given(options);
  const out = given(places, 'out');
  const word = checkStream(p, key, offset);
  const src = checkInput(dy, 'dy');
  const count = features === undefined && !ArrayBuffer.isView(dy) ? dy.shape.at(-1) : features;
  checkWhole(count!, 'features');
  checkRows(dy, src, count!, 'features', 'dy');
  if (out.dbias !== undefined) checkLength(checkKind(out.dbias, src, 'out.dbias', 'dy'), count!, 'out.dbias');
  const dx = resultFor(dy, out.dx, 'dy', 'out.dx');
  const dbias = (out.dbias ?? sibling(src, count)) as DataLike<X>;
  if (meetArrays(dataOf(dx), src.length, dbias, count!) || meetArrays(src, src.length, dbias, count!))
    throw new RangeError('out.dbias overlaps another argument');
  extras().fusedBackward(src, dataOf(dx), dbias, word, offset, units(p), 1 / (1 - p));
  return { dx, dbias };
}

/** @throws RangeError unless x is rows of `features` elements */
function checkRows(x: Input, { length }: FloatArray, features: number, name: string, of = 'x'): void {
  const last = ArrayBuffer.isView(x) ? undefined : x.shape.at(-1);
  if (last !== undefined && last !== features) throw wrongValue(name, `${last}, the last axis`, features);
  if (features < 1 ? length > 0 : length % features)
    throw wrongValue(name, `a divisor of ${length}, the length of ${of}`, features);
}
