/** The types of results. `npm run check` reads the types, vitest the values. */
import { Arena, Dropout, dropout, type Tensor } from 'dropout-wasm';
import { expect, expectTypeOf, it } from 'vitest';

const options = { p: 0.5, key: 1n };

it('a result has the type of x', () => {
  const f32 = dropout(new Float32Array(4), options);
  expectTypeOf(f32).toEqualTypeOf<Float32Array<ArrayBuffer>>();
  expect(f32).toBeInstanceOf(Float32Array);
  const f64 = dropout(new Float64Array(4), options);
  expectTypeOf(f64).toEqualTypeOf<Float64Array<ArrayBuffer>>();
  expect(f64).toBeInstanceOf(Float64Array);
  const tensor: Tensor<Float32Array> = { data: new Float32Array(4), shape: [2, 2] };
  const y = dropout(tensor, options);
  expectTypeOf(y).toEqualTypeOf<Tensor<Float32Array>>();
  expect(y).toEqual({ data: expect.any(Float32Array), shape: [2, 2] });
});

it('a result of a layer can be assigned to its input', () => {
  const layer = new Dropout(0.5);
  let x = new Float32Array(4);
  x = layer.forward(x);
  const out = new Arena({ bytes: 1024 }).float32(4);
  x = layer.backward(x, out);
  expect(x).toBe(out);
});

it('out has the type of x', () => {
  const x = new Float32Array(4);
  // @ts-expect-error another dtype
  expect(() => dropout(x, { ...options, out: new Float64Array(4) })).toThrow(TypeError);
  // @ts-expect-error a tensor for an array
  expect(() => dropout(x, { ...options, out: { data: x, shape: [4] } })).toThrow(TypeError);
});
