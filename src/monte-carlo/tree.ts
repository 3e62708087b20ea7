/**
 * Sums along a canonical binary tree over sample numbers, so that floating-point sums are the same bits for any split
 * and order. A node covers the samples from k·2^j to (k + 1)·2^j − 1; siblings are joined as soon as both are there.
 *
 *   samples 0 … 6          [0 1 2 3] [4 5] [6]
 *   and sample 7 arrives   [0 1 2 3  4 5  6 7]
 *
 * The sums of a node are one array. Those of a single sample have no second part.
 *
 *   mean of each element | sum of squared deviations of each element | sum of the entropies of each row
 * @module
 */
import type { Kind } from './classes.js';

/** The sums of the samples from … from + size − 1. */
export interface Node {
  from: number;
  /** A power of two. */
  size: number;
  sums: Float64Array;
  /** Whether a result holds the sums too, so that they must not change. */
  isShared: boolean;
}

/** The number of elements and, for classes, of rows. */
export interface Extent {
  readonly length: number;
  readonly rows: number;
}

/** What a result is computed from. */
export interface Sums {
  readonly kind: Kind;
  /** The shape of each sample. */
  readonly shape: readonly number[];
  readonly extent: Extent;
  /** The maximal nodes, from the lowest range to the highest. */
  readonly nodes: readonly Node[];
  /** For classes, how many samples have each class as the most probable of its row. Otherwise empty. */
  readonly votes: Float64Array;
  /** The samples themselves, in the order of their numbers, if they were kept. */
  readonly kept?: readonly Float64Array[] | undefined;
}

/** Nodes, added from the lowest sample number to the highest. */
export class Tree {
  /** The maximal nodes, from the lowest range to the highest. */
  readonly nodes: Node[] = [];
  private readonly spare: Float64Array[] = [];

  constructor(readonly extent: Extent) {}

  /** An array for the sums of a node. Its elements are arbitrary. */
  allocate(): Float64Array {
    const { length, rows } = this.extent;
    return this.spare.pop() ?? new Float64Array(2 * length + rows);
  }

  /** Adds a node above all others. Its sums become the tree's, unless they are shared. */
  push(node: Node): void {
    const { nodes } = this;
    let top = node;
    for (let left = nodes.at(-1); left && areSiblings(left, top); left = nodes.at(-1)) {
      nodes.pop();
      const [sums = this.allocate(), ...others] = [left, top].filter(({ isShared }) => !isShared).map(sumsOf);
      join(left.sums, top.sums, sums, this.extent, left.size);
      this.spare.push(...others);
      top = { from: left.from, size: 2 * left.size, sums, isShared: false };
    }
    nodes.push(top);
  }

  /** The nodes, which later additions do not change. */
  share(): Node[] {
    for (const node of this.nodes) node.isShared = true;
    return [...this.nodes];
  }
}

const sumsOf = ({ sums }: Node): Float64Array => sums;

const areSiblings = (a: Node, b: Node): boolean =>
  a.size === b.size && a.from + a.size === b.from && a.from % (2 * a.size) === 0;

/** Writes the sums of two siblings of `size` samples each (Chan, Golub and LeVeque 1983). `out` may be a or b. */
function join(a: Float64Array, b: Float64Array, out: Float64Array, { length, rows }: Extent, size: number): void {
  if (size === 1) {
    for (let i = 0; i < length; i++) {
      const x = a[i]!;
      const y = b[i]!;
      const delta = y - x;
      // Halved before they are added, since the sum might overflow.
      out[i] = 0.5 * x + 0.5 * y;
      out[length + i] = 0.5 * delta * delta;
    }
  } else {
    const weight = size / 2;
    for (let i = 0; i < length; i++) {
      const x = a[i]!;
      const y = b[i]!;
      const delta = y - x;
      out[i] = 0.5 * x + 0.5 * y;
      out[length + i] = a[length + i]! + b[length + i]! + weight * delta * delta;
    }
  }
  for (let i = 2 * length; i < 2 * length + rows; i++) out[i] = a[i]! + b[i]!;
}

/** The sums of all nodes, from the lowest range to the highest. */
export function fold(nodes: readonly Node[], { length, rows }: Extent): Float64Array {
  const [first, ...others] = nodes as [Node, ...Node[]];
  const total = first.sums.slice();
  if (first.size === 1) total.fill(0, length, 2 * length);
  let count = first.size;
  for (const { size, sums } of others) {
    const share = size / (count + size);
    const weight = count * share;
    for (let i = 0; i < length; i++) {
      const delta = sums[i]! - total[i]!;
      total[i]! += delta * share;
      total[length + i]! += (size > 1 ? sums[length + i]! : 0) + weight * delta * delta;
    }
    for (let i = 2 * length; i < 2 * length + rows; i++) total[i]! += sums[i]!;
    count += size;
  }
  return total;
}
