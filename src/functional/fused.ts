/**
 * Bias, dropout and residual in one pass, as stateless calls.
 * @module
 */
import { fused } from '../backend/select.js';
import { checkOptions, checkWhole, wrongValue } from '../core/check.js';
import { checkDraws } from '../core/draws.js';
import {
  checkLength,
  type DataLike,
  type FloatArray,
  type Input,
  type Like,
  type OpenInput,
  open,
  openLike,
  type Result,
} from '../core/tensor.js';
import { type CallOptions, inverted } from './common.js';
import { apart, arraysOverlap, resultOf, withNew } from './result.js';

/** Options of `biasDropoutResidual`. */
export interface FusedOptions<X extends Input> extends CallOptions<X> {
  /** One row, added to every row of x. Its length is the last axis of x, or divides the length of a plain array. */
  bias: DataLike<X>;
  /** Added to the result of dropout: of the same kind and size as x. Default: nothing is added. */
  residual?: Like<X>;
}

/** Options of `biasDropoutResidualBackward`. */
export interface FusedBackwardOptions<X extends Input> extends Omit<CallOptions<X>, 'out'> {
  /** Length of bias. Default: the last axis of dy; required for a plain array. */
  features?: number;
  /** Where the gradients go. By default new arrays are allocated. */
  out?: {
    /** Where the gradient with respect to x goes. */
    dx?: Like<X>;
    /** Where the gradient with respect to bias goes. */
    dbias?: DataLike<X>;
  };
}

/**
 * Computes residual + dropout(x + bias) in one pass, as at the end of a transformer sublayer (Megatron-LM, ONNX
 * Runtime's BiasDropout). p = 0 adds without dropping, as in evaluation.
 *
 * @param x rows of bias.length elements
 * @returns `out`, or a new array or tensor like x; `out` may be x or residual
 * @throws TypeError or RangeError that names the argument, before anything is written
 * @example
 * import { biasDropoutResidual, Generator } from 'dropout-wasm';
 *
 * const x = { data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] };
 * const residual = { data: new Float32Array(4).fill(10), shape: [2, 2] };
 * const key = new Generator(42).next();
 * const y = biasDropoutResidual(x, { bias: Float32Array.of(0, 1), residual, p: 0.5, key });
 * console.log(y.data); // Float32Array(4) [ 12, 10, 10, 20 ]
 */
export function biasDropoutResidual<X extends Input>(x: X, options: FusedOptions<X>): Result<X> {
  const { bias, residual, p, key, offset = 0, out } = checkOptions(options, OPTIONS);
  const draws = checkDraws(p, key, offset);
  const input = open(x);
  const { data } = input;
  const row = openLike(bias, rowOf(input), 'bias');
  checkRows(input, row.length, 'bias.length');
  const added = residual === undefined ? undefined : openLike(residual, input, 'residual');
  if (added) checkLength(added, data.length, 'residual');
  return resultOf<X>(input, out, (target) => {
    if (arraysOverlap(row, row.length, target, data.length)) throw new RangeError('out overlaps bias');
    if (added && added.byteOffset !== target.byteOffset && arraysOverlap(added, data.length, target, data.length))
      throw new RangeError('out overlaps residual in part');
    fused().fused(input.data, apart(row, target), added && apart(added, target), target, draws, inverted(p).scale);
  });
}

const OPTIONS: readonly string[] = ['bias', 'residual', 'p', 'key', 'offset', 'out'];

/**
 * The gradients of `biasDropoutResidual` for the same p, key and offset, in one pass: dx = dropout(dy), and dbias sums
 * the rows of dx in order, in f64 if dy is f64 and in f32 otherwise. The gradient of residual is dy itself.
 *
 * @param dy the gradient with respect to the result, with as many elements as x
 * @returns the gradients, in `out` or in new arrays
 * @throws TypeError or RangeError that names the argument, before anything is written
 * @example
 * import { biasDropoutResidualBackward, Generator } from 'dropout-wasm';
 *
 * const dy = new Float32Array(4).fill(1);
 * const { dx, dbias } = biasDropoutResidualBackward(dy, { p: 0.5, key: new Generator(42).next(), features: 2 });
 * console.log(dx, dbias); // Float32Array(4) [ 2, 0, 0, 2 ] Float32Array(2) [ 2, 2 ]
 */
export function biasDropoutResidualBackward<X extends Input>(
  dy: X,
  options: FusedBackwardOptions<X>,
): {
  /** The gradient with respect to x, of the same kind as dy. */
  dx: Result<X>;
  /** The gradient with respect to bias. */
  dbias: DataLike<X>;
} {
  const { p, key, offset = 0, features, out: targets } = checkOptions(options, BACKWARD_OPTIONS);
  const out = checkOptions(targets, ['dx', 'dbias'], 'out');
  const draws = checkDraws(p, key, offset);
  const input = open(dy, 'dy');
  const { data, shape } = input;
  const count = features === undefined ? shape?.at(-1) : features;
  checkWhole(count!, 'features');
  checkRows(input, count!, 'features', 'dy');
  let { dbias } = out;
  const row = dbias === undefined ? undefined : openLike(dbias, rowOf(input), 'out.dbias', 'dy');
  if (row) checkLength(row, count!, 'out.dbias');
  // Here, so that a message names it in full.
  if (out.dx !== undefined) checkLength(openLike(out.dx, input, 'out.dx', 'dy'), data.length, 'out.dx', true);
  const dx = resultOf<X>(
    input,
    out.dx,
    (target) => {
      const write = (sums: FloatArray): void => {
        if (arraysOverlap(target, data.length, sums, count!) || arraysOverlap(data, data.length, sums, count!))
          throw new RangeError('out.dbias overlaps another argument');
        fused().fusedBackward(apart(input.data, sums), target, sums, draws, inverted(p).scale);
        dbias ??= sums as DataLike<X>;
      };
      if (row) write(row);
      else withNew(data, count!, write);
    },
    'dy',
  );
  return { dx, dbias: dbias! };
}

const BACKWARD_OPTIONS: readonly string[] = ['p', 'key', 'offset', 'features', 'out'];

/** The kind that a row must have: a plain array of the element type of x. */
const rowOf = ({ data }: OpenInput): OpenInput => ({ data, shape: undefined });

/** @throws RangeError unless the input consists of rows of `features` elements */
function checkRows({ data: { length }, shape }: OpenInput, features: number, name: string, of = 'x'): void {
  const last = shape?.at(-1);
  if (last !== undefined && last !== features) throw wrongValue(name, `${last}, the last axis`, features);
  if (features < 1 ? length > 0 : length % features)
    throw wrongValue(name, `a divisor of ${length}, the length of ${of}`, features);
}
