/** Axes that are merged: the fewest that describe which draw each element takes. */
import { expect, it } from 'vitest';
import { type Broadcast, broadcastOf, type NoiseShape } from '../../src/core/shapes.js';
import { sliceDraws } from '../../src/functional/slice.js';

it.each<[shape: number[], noiseShape: NoiseShape, Broadcast | undefined]>([
  [[4, 6], [4, 6], undefined],
  [[4, 6], [null], { sizes: [1, 4, 6, 1], strides: [0, 0, 1, 0] }],
  [[1, 6], [null], undefined],
  [[4, 6], [null, 1], { sizes: [4, 6], strides: [1, 0] }],
  [[4, 6, 1], [null, null, 1], undefined],
  [[4, 6], [1, 1], { sizes: [1, 24], strides: [0, 0] }],
  [[8, 64, 28, 28], [null, null, 1, 1], { sizes: [512, 784], strides: [1, 0] }],
  [[2, 3, 4, 5], [null, 1, null, 1], { sizes: [2, 3, 4, 5], strides: [4, 0, 1, 0] }],
  [[], [], undefined],
])('elements of %j with noise shape %j', (shape, noiseShape, expected) => {
  expect(broadcastOf(noiseShape, shape)).toEqual(expected);
});

it.each<[shape: number[], of: number[], at: number[], first: number, Broadcast | undefined]>([
  [[2, 6], [4, 6], [1, 0], 6, undefined],
  [[1, 3], [4, 6], [1, 2], 8, undefined],
  [[2, 3], [4, 6], [1, 2], 8, { sizes: [2, 1, 3, 1], strides: [6, 0, 1, 0] }],
  // Columns: the innermost draws are those of one element.
  [[3, 1], [4, 6], [1, 2], 8, { sizes: [3, 1, 1, 1], strides: [6, 0, 1, 0] }],
  [[2, 3, 4], [5, 3, 4], [1, 0, 0], 12, undefined],
  [[2, 2, 4], [5, 3, 4], [1, 1, 0], 16, { sizes: [2, 1, 8, 1], strides: [12, 0, 1, 0] }],
  [[], [], [], 0, undefined],
])('a slice of shape %j of %j at %j', (shape, of, at, first, broadcast) => {
  expect(sliceDraws({ of, at }, shape)).toEqual({ first, broadcast });
});
