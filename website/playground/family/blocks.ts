/** What DropBlock2d keeps in expectation. */
import type { Settings } from './member.js';
import { SIDE } from './tiles.js';

/**
 * A pixel is kept if no block covers it. Every block lies inside the picture and is dropped with probability gamma, which
 * would drop p of the picture if no blocks overlapped.
 */
export function keptByBlocks({ p, block }: Settings): number {
  const positions = SIDE - block + 1;
  const gamma = Math.min(1, (p * SIDE ** 2) / (block * positions) ** 2);
  // How many positions of a block, along one axis, cover each row or column: fewer at the border. The other half is
  // its mirror image.
  const covering = Array.from({ length: SIDE / 2 }, (_, i) => Math.min(i + 1, block, positions));
  let sum = 0;
  for (const rows of covering) for (const columns of covering) sum += (1 - gamma) ** (rows * columns);
  return sum / covering.length ** 2;
}
