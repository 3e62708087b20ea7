/** The plane of the maps: a grid of points, and values at them. */
import { type Data, SIDE } from './data.js';

/** Nodes of the grid in a row, and in a column. */
export const NODES = 41;

/** The nodes of the grid, row by row from the top, as the input of a network. */
export const GRID = Float32Array.from({ length: 2 * NODES * NODES }, (_, i) => {
  const node = i >> 1;
  return i % 2 === 0 ? coordinate(node % NODES) : -coordinate(Math.floor(node / NODES));
});

function coordinate(index: number): number {
  return SIDE * ((2 * index) / (NODES - 1) - 1);
}

/** The margin between both logits at which a color of a map is full: the class has 98 %. */
const FULL_MARGIN = 4;

/** The margin of class 1 over class 0 in each row of logits, as values of a map. */
export function margins(logits: ArrayLike<number>): Float32Array {
  return Float32Array.from(
    { length: logits.length / 2 },
    (_, i) => (logits[2 * i + 1]! - logits[2 * i]!) / FULL_MARGIN,
  );
}

/** The same of probabilities. */
export const logOdds = (probabilities: Float64Array): Float32Array => margins(probabilities.map(Math.log));

/** Rows of coordinates: the nodes of the grid, then the points. */
export function withGrid({ x }: Data): Float32Array {
  const rows = new Float32Array(GRID.length + x.length);
  rows.set(GRID);
  rows.set(x, GRID.length);
  return rows;
}
