/**
 * Sums along a canonical binary tree over sample numbers, so that floating-point sums have the same bits for any split
 * and order. A node covers the samples from k·2^j to (k + 1)·2^j − 1. Siblings are joined as soon as both exist.
 *
 *   samples 0 … 6          [0 1 2 3] [4 5] [6]
 *   and sample 7 arrives   [0 1 2 3  4 5  6 7]
 *
 * The sums of a node are one array:
 *
 *   mean of each element | sum of squared deviations of each element | sum of the entropies of each row
 * @module
 */
import { wrongValue } from './shared.js';

/** What a sample holds: any numbers, or the probabilities or logits of classes along the last axis. */
export type Kind = 'values' | 'probabilities' | 'logits';

export const KINDS: readonly Kind[] = ['values', 'probabilities', 'logits'];

/** The sums of the samples from … from + size − 1. */
export interface Node {
  readonly from: number;
  /** A power of two. */
  readonly size: number;
  readonly parts: Float64Array;
  /** Whether a result uses the node too, so that `parts` must not change. */
  isShared?: boolean;
  /** The samples themselves, if they are kept. */
  readonly kept?: Float64Array[] | false | undefined;
}

/** The state of a run, from which results are computed. */
export interface Sums {
  readonly kind: Kind;
  /** The shape of each sample. */
  readonly shape: readonly number[];
  /** The number of elements of a sample. */
  readonly length: number;
  /** The number of rows of classes; 0 unless samples hold classes. */
  readonly rows: number;
  /** The number of classes. */
  readonly classes: number;
  /** The maximal nodes, from the lowest range to the highest. */
  readonly nodes: Node[];
  /** For classes, how many samples have each class as the most probable of its row. Otherwise empty. */
  readonly votes: Float64Array;
}

/**
 * The sums before the first sample.
 * @param name of what has the shape, for the error
 * @param max the largest number of elements
 * @throws RangeError for a shape without elements or with too many and, unless kind is 'values', without an axis
 */
export function sumsFor(kind: Kind, shape: readonly number[], name: string, max = 1 / 0): Sums {
  const length = shape.reduce((a, b) => a * b, 1);
  const classes = shape[shape.length - 1] ?? 0;
  // Infinity if there is no axis.
  const rows = kind === 'values' ? 0 : length / classes;
  if (!length || rows > length || length > max)
    throw wrongValue(`${name}.shape`, 'non-empty, with classes last', shape);
  return { kind, shape, length, rows, classes, nodes: [], votes: new Float64Array(rows && length) };
}

/**
 * Adds a node whose samples come after all others, and joins it with its siblings.
 * @param spare unused arrays for the sums of further nodes
 * @throws RangeError unless all samples so far are below the node
 */
export function push({ nodes, length }: Sums, node: Node, spare: Float64Array[] = []): void {
  let left = nodes[nodes.length - 1];
  if (left && left.from + left.size > node.from) throw new RangeError(`results share sample ${node.from}`);
  while (left?.size === node.size && left.from + left.size === node.from) {
    const { from, size, parts: a, isShared, kept } = left;
    if (from % (2 * size)) break;
    nodes.pop();
    const b = node.parts;
    const parts = isShared ? (node.isShared ? (spare.pop() ?? new Float64Array(a.length)) : b) : a;
    add(a, size, b, size, length, parts);
    if (!node.isShared && parts !== b) spare.push(b);
    node = { from, size: 2 * size, parts, kept: kept && node.kept && [...kept, ...node.kept] };
    left = nodes[nodes.length - 1];
  }
  nodes.push(node);
}

/**
 * Writes the sums of m samples and n samples taken together to out, which may be a or b (Chan, Golub and LeVeque 1983).
 * @param length the number of elements of a sample
 */
export function add(a: Float64Array, m: number, b: Float64Array, n: number, length: number, out: Float64Array): void {
  const share = n / (m + n);
  const weight = m * share;
  for (let i = 0; i < length; i++) {
    const mean = a[i]!;
    const delta = b[i]! - mean;
    out[i] = mean + share * delta;
    out[length + i] = a[length + i]! + b[length + i]! + weight * delta * delta;
  }
  for (let i = 2 * length; i < out.length; i++) out[i] = a[i]! + b[i]!;
}
