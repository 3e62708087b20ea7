/**
 * Results as bytes, little-endian on any machine:
 *
 *   bytes   content
 *   4       "DWMC"
 *   4       version, u32
 *   4       kind, u32: 0 values, 1 probabilities, 2 logits
 *   4       number of axes, u32
 *   8 each  f64: the sizes of the axes; the number of nodes; from and size of each node; the sums of each node (tree.ts),
 *           without the second part for a single sample; for classes the votes
 * @module
 */
import { KINDS } from './classes.js';
import type { Sums } from './tree.js';

export const MAGIC = 0x434d5744;
export const VERSION = 1;
export const HEADER = 16;

/** The bytes of a result. */
export function toBytes({ kind, shape, nodes, extent, votes }: Sums): Uint8Array {
  const { length } = extent;
  const numbers = [...shape, nodes.length, ...nodes.flatMap(({ from, size }) => [from, size])];
  const arrays: ArrayLike<number>[] = [numbers];
  for (const { size, sums } of nodes)
    if (size > 1) arrays.push(sums);
    else arrays.push(sums.subarray(0, length), sums.subarray(2 * length));
  arrays.push(votes);
  const bytes = new Uint8Array(HEADER + 8 * arrays.reduce((sum, array) => sum + array.length, 0));
  const view = new DataView(bytes.buffer);
  [MAGIC, VERSION, KINDS.indexOf(kind), shape.length].forEach((n, i) => {
    view.setUint32(4 * i, n, true);
  });
  let at = HEADER;
  for (const array of arrays) for (let i = 0; i < array.length; i++, at += 8) view.setFloat64(at, array[i]!, true);
  return bytes;
}
