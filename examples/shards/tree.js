/**
 * Sums with the same bits for any number of processes.
 *
 * Floating-point addition is not associative: (a + b) + c and a + (b + c) are rounded differently. If each process
 * summed all of its rows, and the coordinator the results, the bits of the gradient would depend on the number of
 * processes. Therefore the rows of a batch form groups of a fixed size, and the sums of the groups are added along a
 * binary tree that depends on nothing but the number of groups:
 *
 *     level 2          ┌───────┴───────┐                   │
 *     level 1      ┌───┴───┐       ┌───┴───┐           ┌───┴───┐
 *     groups       0       1       2       3           4       5        (2 processes: 0 1 2 and 3 4 5)
 *
 * A process adds what it can, and sends the nodes that are left: here 0–1 and 2 from one process, 3 and 4–5 from the
 * other. The coordinator adds the rest. That is one node if a process has a whole subtree, and at most two a level.
 */

/**
 * @typedef {object} Node the sum of groups index · 2^level to (index + 1) · 2^level − 1
 * @property {number} level
 * @property {number} index
 * @property {Float32Array} sum
 */

/**
 * Appends a node to nodes on its left, and adds it to its sibling if that is the last of them.
 *
 * @param {Node[]} nodes changed in place, with their sums
 * @param {Node} node
 */
export function push(nodes, node) {
  for (;;) {
    const last = nodes.at(-1);
    if (!last || last.level !== node.level || node.index % 2 === 0) break;
    nodes.pop();
    node = { level: node.level + 1, index: last.index / 2, sum: add(last.sum, node.sum) };
  }
  nodes.push(node);
}

/**
 * The sum of all groups.
 *
 * @param {Node[]} nodes that cover all groups of a batch, in order; their sums are overwritten
 */
export function total(nodes) {
  /** @type {Node[]} */
  const joined = [];
  for (const node of nodes) push(joined, node);
  // Of six groups, 0–3 and 4–5 are left, for any number of processes.
  return joined.map(({ sum }) => sum).reduceRight((right, left) => add(left, right));
}

/** @param {Float32Array} left receives the sum @param {Float32Array} right */
function add(left, right) {
  for (let i = 0; i < left.length; i++) {
    left[i] = /** @type {number} */ (left[i]) + /** @type {number} */ (right[i]);
  }
  return left;
}
