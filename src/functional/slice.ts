/**
 * A slice of a global tensor: x gets the bits that it would have as a part of the whole.
 *
 * Between the draws of two rows of x lie those of elements outside of the slice. Backends leave them out where a
 * broadcast says so. That takes a call for each row, and draws a block of the stream again for each row that it serves.
 * So rows that are close together are copied to a padded tensor first, whose draws are consecutive:
 *
 *   global [3, 8]       slice at [0, 2]    its draws     padded [3, 8], from draw 2 on
 *   . . a b c . . .     a b c              2  3  4       a b c . . . . .
 *   . . d e f . . .     d e f              10 11 12      d e f . . . . .
 *   . . g h i . . .     g h i              18 19 20      g h i . . . . .
 * @module
 */
import { Arena } from '../arena.js';
import { settle } from '../backend/wasm/memory.js';
import { checkOptions, checkWhole, wrongType, wrongValue } from '../core/check.js';
import { type Broadcast, drawStrides, mergeAxes, type NoiseShape } from '../core/shapes.js';
import { type FloatArray, newArray, setArray, subarray } from '../core/tensor.js';

/** Which part of a global tensor x is. */
export interface Slice {
  /** The shape of the global tensor, which has as many axes as x. */
  of: readonly number[];
  /** The index of the first element of x along each axis of the global tensor. */
  at: readonly number[];
}

/** The draws of a call: that of the first element of x, and those of the others, counted from there. */
export interface SliceDraws {
  readonly first: number;
  readonly broadcast: Broadcast | undefined;
}

/** Writes a result whose draws start at `offset`. */
type Write = (x: FloatArray, out: FloatArray, offset: number, broadcast: Broadcast | undefined) => void;

/**
 * The most elements from one row to the next for which rows are padded. Rows of 512 that are 600 elements apart take
 * 0.6 ns per element then, and 1.0 in calls of their own, which draw a block of the stream up to four times; rows that
 * are 2048 apart 1.0 and 0.7 (`npm run bench -- --only slice`).
 */
const MAX_PITCH = 1024;

/** The most elements of a padded tensor. With half as many, more blocks are drawn again at its ends. */
const MAX_PADDED = 16384;

/** Rows shorter than this are copied by a loop, which saves the 35 ns of a view. */
const SHORT_ROW = 32;

/**
 * The draws of a call with these options. Without a slice they start at the offset, default 0.
 *
 * @param shape that of x
 * @throws TypeError, RangeError that names the option, unless x is a part of the global tensor
 */
export function sliceDraws(
  slice: Slice | undefined,
  shape: readonly number[],
  offset: number | undefined,
  noiseShape?: NoiseShape | null,
): SliceDraws {
  if (slice === undefined) return { first: offset ?? 0, broadcast: mergeAxes(shape, drawStrides(shape, noiseShape)) };
  const { of, at } = checkOptions(slice, SLICE_OPTIONS, 'slice');
  if (offset !== undefined) throw wrongType('offset', 'left out beside a slice', offset);
  checkAxes(of, 'slice.of', shape);
  checkAxes(at, 'slice.at', shape);
  shape.forEach((size, axis) => {
    if (at[axis]! + size > of[axis]!)
      throw wrongValue('slice.at', `such that x of shape [${shape}] ends within [${of}]`, at);
  });
  if (of.reduce((product, size) => product * size, 1) > 2 ** 53)
    throw wrongValue('slice.of', 'of at most 2^53 elements', of);
  const strides = drawStrides(of, noiseShape);
  return {
    first: at.reduce((sum, index, axis) => sum + index * strides[axis]!, 0),
    broadcast: mergeAxes(shape, strides),
  };
}

const SLICE_OPTIONS: readonly string[] = ['of', 'at'];

/** @throws TypeError, RangeError unless a list has a whole number for each axis of x */
function checkAxes(list: readonly number[], name: string, shape: readonly number[]): void {
  if (!Array.isArray(list)) throw wrongType(name, 'an array of whole numbers', list);
  if (list.length !== shape.length) throw wrongValue(name, `of as many axes as x, whose shape is [${shape}]`, list);
  // Not `forEach`, which skips holes.
  for (let axis = 0; axis < list.length; axis++) checkWhole(list[axis]!, `${name}[${axis}]`);
}

/** Writes a slice in as few calls of `write` as its draws allow. */
export function writeSlice({ first, broadcast }: SliceDraws, x: FloatArray, out: FloatArray, write: Write): void {
  // An empty tensor of a huge shape has as many rows as any other of that shape.
  if (x.length === 0) return;
  const { padded, separate } = pad(broadcast);
  if (!broadcast || !padded) {
    write(x, out, first, broadcast);
    return;
  }
  // Before x is read: an interrupted call may still be at work on it.
  settle(x);
  settle(out);
  const { sizes, strides } = broadcast;
  // The number of elements inside of each axis, in the slice and in the padded tensor.
  const inside = insideOf(sizes);
  const insidePadded = insideOf(padded);
  /** The axis of the rows, which are copied as a whole, and their length. */
  const row = inside.findIndex((n, axis) => n === insidePadded[axis]);
  const length = sizes[row]! * inside[row]!;

  /** Copies the rows of n elements along an axis. The steps are the elements inside of each axis. */
  const copyRows = (
    axis: number,
    n: number,
    from: FloatArray,
    i: number,
    steps: readonly number[],
    to: FloatArray,
    j: number,
    stepsTo: readonly number[],
  ): void => {
    const [step, stepTo] = [steps[axis]!, stepsTo[axis]!];
    if (axis + 1 === row) copyEach(n, length, from, i, step, to, j, stepTo);
    else
      for (let k = 0; k < n; k++)
        copyRows(axis + 1, sizes[axis + 1]!, from, i + k * step, steps, to, j + k * stepTo, stepsTo);
  };
  const visit = (axis: number, at: number, offset: number): void => {
    const size = sizes[axis]!;
    const stride = strides[axis]!;
    const slab = inside[axis]!;
    const slabPadded = insidePadded[axis]!;
    if (axis < separate || slabPadded > MAX_PADDED) {
      for (let i = 0; i < size; i++) visit(axis + 1, at + i * slab, offset + i * stride);
      return;
    }
    const tensor = spaceFor(x);
    const fit = Math.floor(MAX_PADDED / slabPadded);
    for (let i = 0; i < size; i += fit) {
      const n = Math.min(fit, size - i);
      const part = subarray(tensor, 0, n * slabPadded);
      copyRows(axis, n, x, at + i * slab, inside, tensor, 0, insidePadded);
      write(part, part, offset + i * stride, mergeAxes([n, ...padded.slice(axis + 1)], strides.slice(axis)));
      copyRows(axis, n, tensor, 0, insidePadded, out, at + i * slab, inside);
    }
  };
  visit(0, 0, first);
}

/**
 * Pads the axes of a slice, from the inside out, until all draws are consecutive or the next rows are far apart: the
 * `separate` outermost axes take a tensor for each index. Undefined if nothing has to be padded.
 */
function pad(broadcast: Broadcast | undefined): { padded?: number[]; separate: number } {
  if (!broadcast) return { separate: 0 };
  const { sizes, strides } = broadcast;
  const padded = [...sizes];
  let isPadded = false;
  let elements = 1;
  let separate = 0;
  for (let axis = sizes.length - 1; axis >= 0; axis--) {
    const row = axis + 2;
    if (axis % 2 === 0 && sizes[axis]! > 1 && row < sizes.length) {
      const wide = strides[axis]! / strides[row]!;
      const pitch = (elements / padded[row]!) * wide;
      if (wide !== padded[row]) {
        if (pitch > MAX_PITCH) {
          separate = axis + 1;
          break;
        }
        padded[row] = wide;
        isPadded = true;
      }
      elements = pitch;
    }
    elements *= sizes[axis]!;
  }
  return isPadded ? { padded, separate } : { separate };
}

/** The product of the sizes inside of each axis. */
function insideOf(sizes: readonly number[]): number[] {
  const inside = [1];
  for (let axis = sizes.length - 1; axis > 0; axis--) inside.unshift(inside[0]! * sizes[axis]!);
  return inside;
}

/** Space for padded tensors, by the size of an element. An arena's arrays are worked on in place. */
const spaces: Record<number, FloatArray> = {};

function spaceFor(x: FloatArray): FloatArray {
  const size = x.BYTES_PER_ELEMENT;
  const create = (): FloatArray => {
    if (size === 2) return newArray(x, MAX_PADDED);
    const arena = new Arena({ bytes: size * MAX_PADDED });
    return arena[size === 4 ? 'float32' : 'float64'](MAX_PADDED);
  };
  spaces[size] ??= create();
  return spaces[size];
}

/** Copies n rows of `length` elements, whose first elements are `step` apart. */
function copyEach(
  n: number,
  length: number,
  from: FloatArray,
  i: number,
  step: number,
  to: FloatArray,
  j: number,
  stepTo: number,
): void {
  for (let k = 0; k < n; k++, i += step, j += stepTo)
    if (length >= SHORT_ROW) setArray(to, subarray(from, i, i + length), j);
    else for (let e = 0; e < length; e++) to[j + e] = from[i + e]!;
}
