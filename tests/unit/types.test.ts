/** What the types promise, checked by `npm run check`: the kind of x comes back, on its memory, and out is of that kind. */
import { Arena, Dropout, dropout, type Tensor } from 'dropout-wasm';
import { expect, expectTypeOf, it } from 'vitest';

it('gives back the kind of x', () => {
  const layer = new Dropout(0.5);
  const options = { p: 0.5, key: 1n };
  let x = new Float32Array(4);
  x = layer.forward(x);
  x = layer.backward(x, new Arena({ bytes: 1024 }).float32(4));
  expectTypeOf(dropout(x, options)).toEqualTypeOf<Float32Array<ArrayBuffer>>();
  expectTypeOf(dropout(new Float64Array(4), options)).toEqualTypeOf<Float64Array<ArrayBuffer>>();
  const tensor: Tensor<Float32Array> = { data: x, shape: [2, 2] };
  expectTypeOf(dropout(tensor, options)).toEqualTypeOf<Tensor<Float32Array>>();
  // @ts-expect-error out of another dtype
  expect(() => dropout(x, { ...options, out: new Float64Array(4) })).toThrow(TypeError);
  // @ts-expect-error out of another kind
  expect(() => dropout(x, { ...options, out: tensor })).toThrow(TypeError);
});
