import { Dropout } from 'dropout-wasm';
import { line } from './entries.js';
import { LINE } from './report.js';

test('every entry gives the known bits', () => {
  expect(line()).toBe(LINE);
});

test('a result is an array of this realm, and a layer is printed as its text', () => {
  expect(new Dropout(0.5, { seed: 42 }).forward(Float32Array.of(1, 2, 3, 4))).toEqual(Float32Array.of(2, 0, 0, 8));
  console.log(new Dropout(0.5));
});
