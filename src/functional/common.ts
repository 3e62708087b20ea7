/**
 * Shared by the stateless calls. Which elements are dropped depends on key, offset and p alone (docs/SPEC.md).
 * @module
 */
import type { Affine } from '../backend/interface.js';
import { kernel } from '../backend/select.js';
import { checkOptions } from '../core/check.js';
import { checkDraws, type Draws } from '../core/draws.js';
import { type Broadcast, broadcastOf, type NoiseShape } from '../core/shapes.js';
import { type FloatArray, type Input, type Like, type OpenInput, open, type Result, shapeOf } from '../core/tensor.js';
import { clear, copy, newResult, resultOf, targetOf } from './result.js';
import { checkSlice, type Slice, sliceDraws, writeSlice } from './slice.js';

/** Options of the stateless calls. */
export interface CallOptions<X extends Input> {
  /** Probability that an element is dropped, from 0 to 1. */
  p: number;
  /**
   * Key of the call's stream, from a Generator or `layer.key`, or the same as a string of hex digits, such as '0x2a',
   * which JSON can hold. It may be undefined where p is 0 or 1.
   */
  key: bigint | string | undefined;
  /** Element i of x (or of its noise shape) takes draw `offset + i` of the stream. An integer up to 2^53, default 0. */
  offset?: number;
  /**
   * Where the result goes: an array at least as long as x, or a tensor of its shape. It may be x itself but must
   * not partly overlap x. By default a new one is allocated.
   */
  out?: Like<X>;
}

/** Options of the calls that take a slice. */
export interface SliceOptions<X extends Input> extends CallOptions<X> {
  /**
   * Instead of an offset: x is a part of a global tensor, cut along any axes, and gets the bits that it would have as a
   * part of the whole. Rows 256 to 383 of a tensor of shape [1024, 512] are `{ of: [1024, 512], at: [256, 0] }`, for x
   * of shape [128, 512].
   */
  slice?: Slice;
}

/** Options of `dropout`, `alphaDropout` and `alphaDropoutBackward`. */
export interface DropoutOptions<X extends Input> extends SliceOptions<X> {
  /**
   * The shape of the draws, which are broadcast to the shape of x: 1 shares a draw along an axis, null copies the size
   * of x. It has as many axes as x, or fewer, aligned to the last axis. By default every element has its own draw. With
   * `slice`, this is the noise shape of the global tensor.
   */
  noiseShape?: NoiseShape | null | undefined;
}

/** The names of SliceOptions. */
export const SLICE_OPTIONS: readonly string[] = ['p', 'key', 'offset', 'slice', 'out'];
const DROPOUT_OPTIONS: readonly string[] = ['p', 'key', 'offset', 'slice', 'noiseShape', 'out'];

export const scaleBy = (scale: number): Affine => ({ scale, shift: -0, fill: 0 });

/** Inverted dropout: kept elements are scaled by 1 / (1 − p), which keeps the expectation. */
export const inverted = (p: number): Affine => scaleBy(1 / (1 - p));

/** The affine maps of kept and dropped elements in forward and in backward. */
export interface Scaling {
  readonly forward: AffineFor;
  readonly gradient: AffineFor;
}

/** An affine map as a function of p, and of the mask of n elements where a caller supplies it. */
type AffineFor = (p: number, mask?: Uint8Array, bits?: boolean, n?: number) => Affine;

export const INVERTED: Scaling = { forward: inverted, gradient: inverted };

/** A stateless call that drops elements: checks its arguments and writes the result. */
export function callDropout<X extends Input>(
  x: X,
  options: DropoutOptions<X>,
  affineFor: (p: number) => Affine,
): Result<X> {
  const { p, key, offset, slice, out, noiseShape } = checkOptions(options, DROPOUT_OPTIONS);
  const draws = checkDraws(p, key, offset);
  const part = checkSlice(slice, offset);
  const input = open(x);
  if (part) {
    const own = sliceDraws(part, shapeOf(input), noiseShape);
    const affine = affineFor(p);
    return resultOf<X>(input, out, (target) =>
      writeSlice(own, input.data, target, (x, out, offset, broadcast) =>
        dropoutInto(x, out, p, affine, { ...draws, offset }, broadcast),
      ),
    );
  }
  const broadcast = noiseShape == null ? undefined : broadcastOf(noiseShape, shapeOf(input));
  const affine = affineFor(p);
  if (out === undefined) return newDropout<X>(input, p, affine, draws, broadcast);
  const target = targetOf<X>(input, out);
  dropoutInto(input.data, target, p, affine, draws, broadcast);
  return out as unknown as Result<X>;
}

const newDropout = <X extends Input>(
  input: OpenInput,
  p: number,
  affine: Affine,
  draws: Draws,
  broadcast: Broadcast | undefined,
): Result<X> => newResult<X>(input, (target) => dropoutInto(input.data, target, p, affine, draws, broadcast));

/** Dropout on checked arguments. p = 0 copies and p = 1 writes zeros, without reading the stream. */
export function dropoutInto(
  x: FloatArray,
  out: FloatArray,
  p: number,
  affine: Affine,
  draws: Draws,
  broadcast?: Broadcast,
): void {
  // An empty tensor of a huge shape has as many draws as any other of that shape: they are not made.
  if (x.length === 0) return;
  if (p === 1) clear(out, x.length);
  else if (p > 0) (affine.part ?? kernel)().dropout(x, out, draws, affine, broadcast);
  else copy(x, out);
}
