import { Dropout, dropout, Generator } from 'dropout-wasm';
import { Dropout as InferenceDropout } from 'dropout-wasm/inference';
import { calibration } from 'dropout-wasm/monte-carlo';
import { onnxDropout } from 'dropout-wasm/onnx';
import * as reference from 'dropout-wasm/reference';

const x = Float32Array.of(1, 2, 3, 4);

test('every entry has types and gives the known bits', () => {
  const key: bigint = new Generator(42).next();
  const y: Float32Array = new Dropout(0.5, { seed: 42 }).forward(x);
  expect([...y]).toEqual([2, 0, 0, 8]);
  expect(dropout(x, { p: 0.5, key })).toEqual(y);
  expect(reference.dropout(x, { p: 0.5, key })).toEqual(y);
  expect(onnxDropout(x, 0.5, true, { seed: 42 }).output).toEqual(y);
  const score: number = calibration(Float32Array.of(0.75, 0.25), [0]).brierScore;
  expect(score).toBe(0.125);
  expect(new InferenceDropout(0.5).forward(x)).toEqual(x);
});

test('a wrong argument is a type error', () => {
  // @ts-expect-error: p is a number
  expect(() => new Dropout('0.5')).toThrow('p has to be a number');
});
