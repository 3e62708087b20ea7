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
import { createMemory, type LinearMemory, register, settle } from '../backend/wasm/memory.js';
import { checkOptions, checkWhole, wrongType, wrongValue } from '../core/check.js';
import { type Broadcast, drawStrides, mergeAxes, type NoiseShape } from '../core/shapes.js';
import { classOf, type FloatArray, setArray, subarray } from '../core/tensor.js';

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
type Write<A> = (x: A, out: A, offset: number, broadcast: Broadcast | undefined) => void;

/**
 * The most elements from one row to the next for which rows are padded. Measured with other values here, by `npm run
 * bench -- --only slice`: rows of 512 that are 600 elements apart take 0.6 ns per element padded and 1.0 in calls of
 * their own; rows that are 2048 apart take 1.0 and 0.7.
 */
const MAX_PITCH = 1024;

/** The most elements of a padded tensor. With half as many, more blocks are drawn again at its ends. */
const MAX_PADDED = 16384;

/** Rows shorter than this are copied by a loop, which saves the 35 ns of a view. */
const SHORT_ROW = 32;

/**
 * Checks a slice without x, and copies it. That comes before x is opened, since its getters may do anything.
 *
 * @param offset the option, which a slice replaces
 * @throws TypeError, RangeError that names the option
 */
export function checkSlice(slice: Slice | undefined, offset: number | undefined): Slice | undefined {
  if (slice === undefined) return undefined;
  if (offset !== undefined) throw wrongType('offset', 'left out beside a slice', offset);
  const { of, at } = checkOptions(slice, SLICE_OPTIONS, 'slice');
  return { of: checkSizes(of, 'slice.of'), at: checkIndices(at, 'slice.at') };
}

/**
 * The draws of a slice.
 *
 * @param slice from `checkSlice`
 * @param shape that of x
 * @throws TypeError, RangeError that names the option, unless x is a part of the global tensor
 */
export function sliceDraws({ of, at }: Slice, shape: readonly number[], noiseShape?: NoiseShape | null): SliceDraws {
  for (const list of [of, at])
    if (list.length !== shape.length)
      throw wrongValue(
        list === of ? 'slice.of' : 'slice.at',
        `of as many axes as the shape [${shape}]`,
        list,
        'x is { data, shape }, and mask takes a shape',
      );
  shape.forEach((size, axis) => {
    if (at[axis]! + size > of[axis]!)
      throw wrongValue('slice.at', `such that the shape [${shape}] ends within [${of}]`, at);
  });
  const strides = drawStrides(of, noiseShape);
  return {
    first: at.reduce((sum, index, axis) => sum + index * strides[axis]!, 0),
    broadcast: mergeAxes(shape, strides),
  };
}

const SLICE_OPTIONS: readonly string[] = ['of', 'at'];

/** A copy of a shape. @throws TypeError, RangeError unless it is an array of whole numbers, of up to 2^53 elements */
export function checkSizes(shape: readonly number[], name: string): number[] {
  const copy = checkIndices(shape, name);
  if (copy.reduce((product, size) => product * size, 1) > 2 ** 53)
    throw wrongValue(name, 'of at most 2^53 elements', copy);
  return copy;
}

/** A copy of a list, without holes. @throws TypeError, RangeError unless it is an array of whole numbers */
function checkIndices(list: readonly number[], name: string): number[] {
  if (!Array.isArray(list)) throw wrongType(name, 'an array of whole numbers', list);
  const copy = [...list];
  copy.forEach((n, axis) => {
    // A name for each would take longer than the checks.
    if (!(Number.isInteger(n) && n >= 0)) checkWhole(n, `${name}[${axis}]`);
  });
  return copy;
}

/** Writes a slice in as few calls of `write` as its draws allow. */
export function writeSlice<A extends FloatArray | Uint8Array>(
  { first, broadcast }: SliceDraws,
  x: A,
  out: A,
  write: Write<A>,
): void {
  // An empty tensor of a huge shape has as many rows as any other of that shape.
  if (x.length === 0) return;
  const padding = broadcast && pad(broadcast);
  if (!padding) {
    write(x, out, first, broadcast);
    return;
  }
  // Before x is read: an interrupted call may still be at work on it.
  settle(x);
  settle(out);
  const { sizes, strides } = broadcast;
  const { padded, axis, row } = padding;
  // The number of elements from one index of an axis to the next, in x and in the padded tensor.
  const steps = stepsOf(sizes);
  const paddedSteps = stepsOf(padded);
  const length = steps[row - 1]!;
  const tensor = spaceFor(x);
  /** Copies the rows of n elements along an axis, from x or to out. */
  const copyRows = (axis: number, n: number, at: number, to: number, isLoad: boolean): void => {
    for (let i = 0; i < n; i++, at += steps[axis]!, to += paddedSteps[axis]!)
      if (axis + 1 < row) copyRows(axis + 1, sizes[axis + 1]!, at, to, isLoad);
      else if (isLoad) copyRow(x, at, tensor, to, length);
      else copyRow(tensor, to, out, at, length);
  };
  for (let at = 0, n = 0; at < x.length; at += n * steps[axis]!) {
    let index = at / steps[axis]!;
    n = Math.min(Math.floor(MAX_PADDED / paddedSteps[axis]!) || 1, sizes[axis]! - (index % sizes[axis]!));
    let offset = first;
    for (let a = axis; a >= 0; a--) {
      offset += (index % sizes[a]!) * strides[a]!;
      index = Math.floor(index / sizes[a]!);
    }
    const part = subarray(tensor, 0, n * paddedSteps[axis]!);
    copyRows(axis, n, at, 0, true);
    write(part, part, offset, mergeAxes([n, ...padded.slice(axis + 1)], strides.slice(axis)));
    copyRows(axis, n, at, 0, false);
  }
}

/** Whether `writeSlice` copies rows. */
export const isPadded = (broadcast: Broadcast): boolean => pad(broadcast) !== undefined;

/**
 * Pads the axes of a slice, from the inside out, until all draws are consecutive, the next rows are far apart, or the
 * tensor is large. Undefined if there is nothing to pad.
 *
 * @returns the padded sizes, the outermost axis of padded tensors, and the axis of the rows
 */
function pad({ sizes, strides }: Broadcast): { padded: number[]; axis: number; row: number } | undefined {
  const padded = [...sizes];
  let row = 0;
  let elements = 1;
  let axis = sizes.length;
  for (; axis > 0 && elements <= MAX_PADDED; axis--) {
    // The next axis, and the one inside of it that has draws of its own too.
    const outer = axis - 1;
    const inner = axis + 1;
    if (outer % 2 === 0 && sizes[outer]! > 1 && inner < sizes.length) {
      const size = strides[outer]! / strides[inner]!;
      const pitch = (elements / padded[inner]!) * size;
      if (size > padded[inner]!) {
        if (pitch > MAX_PITCH) break;
        padded[inner] = size;
        row ||= inner;
      }
      elements = pitch;
    }
    elements *= sizes[outer]!;
  }
  return row ? { padded, axis, row } : undefined;
}

/** The number of elements from one index of each axis to the next, in row-major order. */
function stepsOf(sizes: readonly number[]): number[] {
  const steps = [1];
  for (let axis = sizes.length - 1; axis > 0; axis--) steps.unshift(steps[0]! * sizes[axis]!);
  return steps;
}

let space: LinearMemory | undefined;

/** Space for a padded tensor like x, in memory that the kernel works on in place. */
function spaceFor<A extends FloatArray | Uint8Array>(x: A): A {
  if (!space) {
    space = createMemory(8 * MAX_PADDED);
    register(space);
  }
  return new (classOf(x))(space.memory.buffer, 0, MAX_PADDED);
}

function copyRow<A extends FloatArray | Uint8Array>(from: A, i: number, to: A, j: number, n: number): void {
  if (n < SHORT_ROW) for (let k = 0; k < n; k++) to[j + k] = from[i + k]!;
  else setArray(to, subarray(from, i, i + n), j);
}
