/**
 * Cuts a broadcast into chunks, each processed by one kernel call.
 * @module
 */
import type { Broadcast } from '../../core/shapes.js';

/**
 * Elements at … at + length − 1 of x, which share `noise` draws starting at draw `first`. In the terms of
 * assembly/spread.ts they are rows · repeats · row · run elements.
 */
export interface Chunk {
  readonly at: number;
  readonly length: number;
  readonly first: number;
  readonly noise: number;
  readonly repeats: number;
  readonly row: number;
  readonly run: number;
}

/** The most elements of x in a chunk of repeated rows. More would leave the L2 cache between repeats. */
const L2_ELEMENTS = 32768;

/**
 * Calls `visit` for the chunks of a broadcast, in order. A chunk holds as many slabs as fit, along the outermost axis
 * whose slabs fit and whose draws are consecutive.
 *
 * @param tile elements that fit a tile; undefined where the arrays are worked on in place, when slabs with draws of
 *   their own may exceed L2_ELEMENTS in total
 */
export function eachChunk(
  { sizes, strides }: Broadcast,
  tile: number | undefined,
  visit: (chunk: Chunk) => void,
): void {
  const max = tile ?? L2_ELEMENTS;
  const cut = (axis: number, at: number, first: number): void => {
    const count = sizes[axis]!;
    const repeated = axis % 2 === 1;
    // The elements and the draws in a slab.
    let slab = 1;
    let noise = 1;
    for (let inner = axis + 1; inner < sizes.length; inner++) {
      slab *= sizes[inner]!;
      if (inner % 2 === 0) noise *= sizes[inner]!;
    }
    const stride = strides[axis]!;
    const isConsecutive = repeated || count === 1 || stride === noise;
    if (slab > max || sizes.length - axis > 4 || !isConsecutive) {
      for (let i = 0; i < count; i++) cut(axis + 1, at + i * slab, first + i * stride);
      return;
    }
    const fit = !tile && !repeated ? count : Math.floor(max / slab);
    // The size of an axis of the chunk, counted from the innermost; axes outside the chunk have one element.
    const sizeOf = (fromEnd: number, n: number) => {
      const outside = sizes.length - fromEnd - axis;
      return outside < 0 ? 1 : outside === 0 ? n : sizes[sizes.length - fromEnd]!;
    };
    for (let i = 0; i < count; i += fit) {
      const n = Math.min(fit, count - i);
      const row = sizeOf(2, n);
      visit({
        at: at + i * slab,
        length: n * slab,
        first: first + i * stride,
        noise: sizeOf(4, n) * row,
        repeats: sizeOf(3, n),
        row,
        run: sizeOf(1, n),
      });
    }
  };
  cut(0, 0, 0);
}
