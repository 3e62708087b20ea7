/**
 * The reference backend: the bits of the kernel in plain TypeScript, for reading, for tests, and for engines without
 * WebAssembly SIMD. Its core is `threshold` and `pieces` in stream.ts.
 * @module
 */
import type { Broadcast } from '../../core/shapes.js';
import { zero } from '../../core/tensor.js';
import type { Kernel } from '../interface.js';
import { affineWriter } from './affine.js';
import { drawsOf, eachRun } from './stream.js';

export const referenceKernel: Kernel = {
  dropout(x, out, draws, affine, broadcast) {
    const write = affineWriter(x, out, affine);
    if (!broadcast) {
      drawsOf(draws)(0, x.length, write);
      return;
    }
    const kept = new Uint8Array(broadcast.sizes.reduce((n, size, axis) => (axis % 2 ? n : n * size), 1));
    referenceKernel.mask(kept, kept.length, false, draws, broadcast);
    for (let i = 0; i < x.length; i++) write(i, kept[drawOf(i, broadcast)] === 1);
  },

  mask(out, length, bits, draws, broadcast) {
    const perByte = bits ? 8 : 1;
    zero(out, Math.ceil(length / perByte));
    const run = drawsOf(draws);
    const write = (i: number, kept: boolean) => {
      out[Math.floor(i / perByte)]! |= Number(kept) << (i % perByte);
    };
    if (broadcast) eachRun(broadcast, (at, first, n) => run(first, n, (i, kept) => write(at + i, kept)));
    else run(0, length, write);
  },
};

/** Which draw of a broadcast element i takes, from its coordinates along the axes that have draws of their own. */
function drawOf(i: number, { sizes }: Broadcast): number {
  let draw = 0;
  let stride = 1;
  for (let axis = sizes.length - 1; axis >= 0; axis--) {
    const size = sizes[axis]!;
    if (axis % 2 === 0) {
      draw += stride * (i % size);
      stride *= size;
    }
    i = Math.floor(i / size);
  }
  return draw;
}
