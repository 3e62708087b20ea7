/**
 * Cutting a nest into pieces that one call of the kernel takes.
 * @module
 */
import type { Nest } from '../interface.js';

/**
 * Elements `at … at + n − 1` of x, which `noise` elements of the noise serve, from element `first` on: as rows ·
 * repeats · row · run elements in the terms of assembly/spread.ts.
 */
type Visit = (at: number, n: number, first: number, noise: number, repeats: number, row: number, run: number) => void;

/**
 * Calls `visit` for the pieces of a nest, in order: as many slabs of an axis as fit, of the outermost axis whose
 * slabs do.
 *
 * @param most elements in a piece
 * @param whole whether slabs with noise of their own may go beyond that together
 */
export function eachPiece(nest: Nest, most: number, whole: boolean, visit: Visit): void {
  const cut = (place: number, at: number, first: number): void => {
    const count = nest[place]!;
    const repeated = place % 2 === 1;
    // Elements in a slab, of x and of the noise.
    let slab = 1;
    let noise = 1;
    for (let inner = place + 1; inner < nest.length; inner++) {
      slab *= nest[inner]!;
      if (inner % 2 === 0) noise *= nest[inner]!;
    }
    const stride = repeated ? 0 : noise;
    if (slab > most || nest.length - place > 4) {
      for (let i = 0; i < count; i++) cut(place + 1, at + i * slab, first + i * stride);
      return;
    }
    const fit = whole && !repeated ? count : Math.floor(most / slab);
    // The axes of the piece, from its own on; those outside it have one element.
    const axis = (fromEnd: number, n: number) => {
      const outside = nest.length - fromEnd - place;
      return outside < 0 ? 1 : outside === 0 ? n : nest[nest.length - fromEnd]!;
    };
    for (let i = 0; i < count; i += fit) {
      const n = Math.min(fit, count - i);
      const row = axis(2, n);
      visit(at + i * slab, n * slab, first + i * stride, axis(4, n) * row, axis(3, n), row, axis(1, n));
    }
  };
  cut(0, 0, 0);
}
