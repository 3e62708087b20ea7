/** `onnxDropout` beyond the node tests of ONNX (tests/conformance/onnx.test.ts): kinds, seeds, opsets, bad arguments. */
import { Arena, applyMask, Dropout, Generator, manualSeed, mask, type Tensor } from 'dropout-wasm';
import { onnxDropout } from 'dropout-wasm/onnx';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { ramp } from '../support/arrays.js';
import { refuses } from '../support/expect.js';

describe('the result', () => {
  it('matches the docstring example', () => {
    const { output, mask } = onnxDropout(Float32Array.of(1, 2, 3, 4), 0.5, true, { seed: 42 });
    expect([...output]).toEqual([2, 0, 0, 8]);
    expect(mask).toEqual(Uint8Array.of(1, 0, 0, 1));
  });

  it('has the same kind as data and stays in its arena', () => {
    const f64 = onnxDropout(Float64Array.from(ramp(64)), 0.3, true, { seed: 1 });
    expect(f64.output).toBeInstanceOf(Float64Array);
    expect([...f64.output]).toEqual([...ramp(64)].map((v, i) => (f64.mask[i] ? v * (1 / (1 - 0.3)) : 0)));

    const tensor = onnxDropout({ data: ramp(64), shape: [4, 16] }, 0.3, true, { seed: 1 });
    expect(tensor.output.shape).toEqual([4, 16]);
    expect(tensor.output.data).toEqual(onnxDropout(ramp(64), 0.3, true, { seed: 1 }).output);
    expect(tensor.mask).toEqual(f64.mask);

    const arena = new Arena({ bytes: 1024 });
    const x = arena.float32(64);
    x.set(ramp(64));
    const { output } = onnxDropout(x, 0.3, true, { seed: 1 });
    expect(output.buffer).toBe(arena.memory.buffer);
    expect([...output]).toEqual([...tensor.output.data]);
  });

  it('is data itself in evaluation, and a new array in training', () => {
    const x = ramp(64);
    expect(onnxDropout(x, 0.5).output).toBe(x);
    const copy = onnxDropout(x, 0, true);
    expect(copy.output).not.toBe(x);
    expect(copy.output).toEqual(x);
    expect(copy.mask).toEqual(new Uint8Array(64).fill(1));
  });

  it('keeps the shapes of empty tensors and scalars', () => {
    const empty = { data: new Float32Array(0), shape: [0, 3] };
    expect(onnxDropout(empty, 0.5, true)).toEqual({ output: empty, mask: new Uint8Array(0) });
    const scalar = { data: Float32Array.of(3), shape: [] };
    const { output, mask } = onnxDropout(scalar, 0.5, true, { seed: 1 });
    expect(output).toEqual({ data: Float32Array.of(6 * mask[0]!), shape: [] });
  });

  it('has a gradient: applyMask on dy', () => {
    const layer = new Dropout(0.3, { seed: 9 });
    layer.forward(ramp(64));
    const { mask } = onnxDropout(ramp(64), 0.3, true, { seed: 9 });
    expect(applyMask(ramp(64), mask, { p: 0.3 })).toEqual(layer.backward(ramp(64)));
  });
});

describe('the seed', () => {
  it.each([0, 42, 2 ** 53, 2n ** 64n - 1n])(
    '%s gives the mask of the first key of its generator, in every call',
    (seed) => {
      const expected = mask(64, { p: 0.4, key: new Generator(seed).next() });
      for (let call = 0; call < 2; call++) expect(onnxDropout(ramp(64), 0.4, true, { seed }).mask).toEqual(expected);
    },
  );

  it('changes the mask', () => {
    expect(onnxDropout(ramp(64), 0.5, true, { seed: 1 }).mask).not.toEqual(
      onnxDropout(ramp(64), 0.5, true, { seed: 2 }).mask,
    );
  });

  it('is optional: without a seed, each call that drops takes the next child of the default generator', () => {
    const generator = manualSeed(7);
    const expected = [0, 1].map((k) => mask(64, { p: 0.5, key: new Generator(7).fork(`#${k}`).next() }));
    const masks = [0, 1].map(() => onnxDropout(ramp(64), 0.5, true).mask);
    expect(masks).toEqual(expected);
    expect(masks[0]).not.toEqual(masks[1]);
    onnxDropout(ramp(64), 0.5);
    onnxDropout(ramp(64), 0, true);
    onnxDropout(ramp(64), 0.5, true, { seed: 1 });
    expect(generator.toJSON()).toEqual({ seed: '0x7', position: 0, children: 2 });
    manualSeed(7);
    expect(onnxDropout(ramp(64), 0.5, true).mask).toEqual(expected[0]);
  });
});

describe('the opset', () => {
  it.each([7, 8, 9])('%s has a mask of the same kind as data', (opset) => {
    const x = ramp(4);
    expect(onnxDropout(x, 0.5, false, { opset })).toEqual({ output: x, mask: Float32Array.of(1, 1, 1, 1) });
    const tensor = { data: Float64Array.of(3, 4), shape: [2, 1] };
    const { output, mask } = onnxDropout(tensor, 0.5, false, { opset });
    expect(output).toBe(tensor);
    expect(mask).toEqual({ data: Float64Array.of(1, 1), shape: [2, 1] });
    expect([...tensor.data]).toEqual([3, 4]);
  });

  it.each([10, 11, 12, 13, 22, 23])('%s has a mask of bytes', (opset) => {
    const x = ramp(4);
    expect(onnxDropout(x, 0.5, false, { opset })).toEqual({ output: x, mask: Uint8Array.of(1, 1, 1, 1) });
  });

  it.each([7, 8, 9, 10, 11])('%s refuses training', (opset) => {
    refuses(
      () => onnxDropout(ramp(64), 0.5, true, { opset }),
      RangeError,
      /^trainingMode has to be false before opset 12, but got true$/,
    );
  });

  it('does not change the result from 12 on', () => {
    const latest = onnxDropout(ramp(64), 0.3, true, { seed: 1 });
    expect(latest.mask).toContain(0);
    for (const opset of [12, 13, 22]) expect(onnxDropout(ramp(64), 0.3, true, { seed: 1, opset })).toEqual(latest);
  });

  // `npm run check` reads the types, vitest the values.
  it('determines the type of the mask', () => {
    const x = new Float32Array(2);
    const tensor: Tensor<Float64Array> = { data: new Float64Array(2), shape: [2] };
    const latest = onnxDropout(x, 0.5, true, { seed: 1 });
    expectTypeOf(latest.output).toEqualTypeOf<Float32Array<ArrayBuffer>>();
    expectTypeOf(latest.mask).toEqualTypeOf<Uint8Array>();
    expect([latest.output, latest.mask]).toEqual([expect.any(Float32Array), expect.any(Uint8Array)]);
    const opset13 = onnxDropout(x, 0.5, true, { opset: 13 });
    expectTypeOf(opset13.mask).toEqualTypeOf<Uint8Array>();
    expect(opset13.mask).toBeInstanceOf(Uint8Array);
    const opset7 = onnxDropout(tensor, 0.5, false, { opset: 7 });
    expectTypeOf(opset7.mask).toEqualTypeOf<Tensor<Float64Array>>();
    expect(opset7.mask).toEqual({ data: expect.any(Float64Array), shape: [2] });
    const either = onnxDropout(tensor, 0.5, false, { opset: 7 as number });
    expectTypeOf(either.mask).toEqualTypeOf<Uint8Array | Tensor<Float64Array>>();
    expect(either).toEqual(opset7);
  });
});

describe('bad arguments are refused, and no key is drawn', () => {
  type Row = [name: string, call: unknown[], type: typeof Error, message: string];

  it.each<Row>([
    ['ratio 1', [ramp(64), 1, true], RangeError, 'ratio has to be from 0 to below 1, but got 1'],
    ['ratio 1 without training', [ramp(64), 1], RangeError, 'ratio has to be from 0 to below 1, but got 1'],
    ['ratio −0.1', [ramp(64), -0.1, true], RangeError, 'ratio has to be from 0 to below 1, but got -0.1'],
    ['ratio NaN', [ramp(64), Number.NaN, true], RangeError, 'ratio has to be from 0 to below 1, but got NaN'],
    ['ratio "0.5"', [ramp(64), '0.5', true], TypeError, 'ratio has to be a number, but got "0.5"'],
    ['ratio null', [ramp(64), null, true], TypeError, 'ratio has to be a number, but got null'],
    ['ratio as a tensor', [ramp(64), ramp(1), true], TypeError, 'ratio has to be a number, but got Float32Array'],
    ['trainingMode 1', [ramp(64), 0.5, 1], TypeError, 'trainingMode has to be a boolean, but got 1'],
    [
      'opset 6',
      [ramp(64), 0.5, false, { opset: 6 }],
      RangeError,
      'opset has to be a whole number of at least 7, but got 6',
    ],
    [
      'opset 12.5',
      [ramp(64), 0.5, true, { opset: 12.5 }],
      RangeError,
      'opset has to be a whole number of at least 7, but got 12.5',
    ],
    [
      'opset "13"',
      [ramp(64), 0.5, true, { opset: '13' }],
      TypeError,
      'opset has to be a whole number of at least 7, but got "13"',
    ],
    ...[null, Number.NaN, true, 12n].map(
      (opset): Row => [
        `opset ${opset}`,
        [ramp(64), 0.5, false, { opset }],
        typeof opset === 'number' ? RangeError : TypeError,
        'opset has to be a whole number of at least 7, but got ',
      ],
    ),
    ['seed −1', [ramp(64), 0.5, true, { seed: -1 }], RangeError, 'seed has to be a whole number'],
    ['seed 2^64', [ramp(64), 0.5, true, { seed: 2n ** 64n }], RangeError, 'seed has to be a whole number'],
    ['seed "1"', [ramp(64), 0.5, true, { seed: '1' }], TypeError, 'seed has to be a whole number'],
    ['seed null', [ramp(64), 0.5, true, { seed: null }], TypeError, 'seed has to be a whole number'],
    ['ratio 50', [ramp(64), 50, true], RangeError, 'ratio has to be from 0 to below 1, but got 50: 0.5 is 50 %'],
    ['options null', [ramp(64), 0.5, true, null], TypeError, 'options has to be an object, but got null'],
    ['options 13', [ramp(64), 0.5, true, 13], TypeError, 'options has to be an object, but got 13'],
    ['options of 0.5', [ramp(64), 0.5, true, [0.5]], TypeError, 'options has to be an object, but got [0.5]'],
    ['Opset', [ramp(64), 0.5, true, { Opset: 13 }], TypeError, 'unknown option "Opset"'],
    [
      'training_mode without training',
      [ramp(64), 0.5, false, { training_mode: true }],
      TypeError,
      'unknown option "training_mode": the options are seed, opset',
    ],
    ['seed 0.5 without training', [ramp(64), 0.5, false, { seed: 0.5 }], RangeError, 'seed has to be a whole number'],
    ['int32 data', [new Int32Array(4), 0.5, true], TypeError, 'data has to be a Float32Array or'],
    ['int32 data without training', [new Int32Array(4)], TypeError, 'data has to be a Float32Array or'],
    ['a shape of 6', [{ data: ramp(4), shape: [2, 3] }, 0.5, true], RangeError, 'data.shape has to be of 4 elements'],
  ])('%s', (_, call, type, message) => {
    const generator = manualSeed(7);
    refuses(() => onnxDropout(...(call as [Float32Array])), type, message);
    expect(generator.toJSON()).toEqual({ seed: '0x7', position: 0, children: 0 });
  });

  it('takes undefined for a missing option', () => {
    const { mask } = onnxDropout(ramp(64), 0.5, true, { seed: 1, opset: undefined as never });
    expect(mask).toEqual(onnxDropout(ramp(64), 0.5, true, { seed: 1 }).mask);
  });
});
