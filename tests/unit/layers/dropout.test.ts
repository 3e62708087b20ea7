/** The layer `Dropout`: keys, modes, gradients and JSON. every-layer.test.ts repeats most of it for all layers. */
import { describe, expect, it } from 'vitest';
import { ramp } from '../../support/arrays.js';
import { packages } from '../../support/backends.js';

describe.each(packages)('Dropout on %s', (_, { Dropout, Generator, dropout, mask }) => {
  const create = (p = 0.5, options = {}) => new Dropout(p, { seed: 42, ...options });

  it('drops half of its input by default', () => {
    expect(new Dropout().p).toBe(0.5);
  });

  it('draws a key in each training forward, and a new mask with it', () => {
    const generator = new Generator(42);
    const layer = create();
    const { generator: stream } = layer;
    const first = layer.forward(ramp(100));
    expect([stream.position, layer.key]).toEqual([1, generator.keyAt(0)]);
    const second = layer.forward(ramp(100));
    expect([stream.position, layer.key]).toEqual([2, generator.keyAt(1)]);
    expect(first).toEqual(dropout(ramp(100), { p: 0.5, key: generator.keyAt(0) }));
    expect(second).not.toEqual(first);
  });

  it.each([false, true])('returns its input in evaluation and draws no key, inplace: %s', (inplace) => {
    const layer = create(0.5, { inplace }).eval();
    const x = ramp(10);
    const tensor = { data: x, shape: [2, 5] };
    expect(layer.forward(x)).toBe(x);
    expect(layer.forward(tensor)).toBe(tensor);
    expect(layer.backward(x)).toBe(x);
    expect([...layer.mask()]).toEqual(new Array(10).fill(1));
    const out = new Float32Array(10);
    expect(layer.forward(x, out)).toBe(out);
    expect(layer.backward(x, out)).toBe(out);
    expect(out).toEqual(ramp(10));
    expect([layer.generator.position, layer.key, layer.training]).toEqual([0, undefined, false]);
  });

  it.each([0, 0.5, 1])('returns its input in training only if it works in place, p = %s', (p) => {
    const x = ramp(10);
    expect(create(p).forward(x)).not.toBe(x);
    expect(x).toEqual(ramp(10));
    expect(create(p, { inplace: true }).forward(x)).toBe(x);
    expect(x).toEqual(create(p).forward(ramp(10)));
  });

  it.each([5e-324, 1e-10, 0.0005, 1 - 2 ** -53])('draws a key for p = %s', (p) => {
    const layer = create(p);
    layer.forward(ramp(10));
    expect(layer.generator.position).toBe(1);
  });

  it.each([0, 1])('draws no key for p = %s', (p) => {
    const layer = create(p);
    const y = layer.forward(ramp(10));
    expect([layer.generator.position, layer.key]).toEqual([0, undefined]);
    expect(dropout(ramp(10), { p, key: layer.key })).toEqual(y);
  });

  it('goes backward through its latest forward, regardless of later changes', () => {
    const layer = create(0.3);
    const y = layer.forward(ramp(50));
    const { key } = layer;
    layer.p = 0.9;
    expect(layer.backward(ramp(50))).toEqual(y);
    expect(layer.key).toBe(key);
    expect([...y].map((v) => Number(v !== 0))).toEqual([...layer.mask()]);
    expect(layer.mask('bits')).toEqual(mask(50, { p: 0.3, key, format: 'bits' }));
    layer.eval();
    expect(layer.backward(ramp(50))).toEqual(y);
    layer.forward(ramp(50));
    const dy = ramp(50);
    expect(layer.backward(dy)).toBe(dy);
    expect(layer.key).toBe(key);
  });

  it('goes backward in place, to out, in f64 and for { data, shape }', () => {
    const layer = create();
    const y = layer.forward({ data: ramp(6), shape: [2, 3] });
    const dy = { data: ramp(6), shape: [2, 3] };
    expect(layer.backward(dy, dy)).toBe(dy);
    expect(dy).toEqual(y);
    const x = { data: ramp(6), shape: [2, 3] };
    layer.forward(x);
    x.shape.reverse();
    expect(layer.backward({ data: ramp(6), shape: [2, 3] }).shape).toEqual([2, 3]);
    const out = new Float64Array(6);
    expect(layer.backward(Float64Array.from(ramp(6)), out)).toBe(out);
    expect([...out]).toEqual([...layer.backward(ramp(6))]);
  });

  it('writes to out even if it works in place', () => {
    const x = ramp(10);
    const out = new Float32Array(10);
    expect(create(0.5, { inplace: true }).forward(x, out)).toBe(out);
    expect(x).toEqual(ramp(10));
  });

  it('switches between training and evaluation', () => {
    const layer = create();
    expect(layer.training).toBe(true);
    expect(layer.eval().training).toBe(false);
    expect(layer.train().training).toBe(true);
    expect(layer.train(false).training).toBe(false);
    expect(layer.train()).toBe(layer);
  });

  it('has a string form', () => {
    expect(String(create(0.2))).toBe('Dropout(p=0.2, training, seed 42 at 0)');
    expect(String(create(0.2, { noiseShape: [null, 1] }))).toBe(
      'Dropout(p=0.2, noiseShape=[null,1], training, seed 42 at 0)',
    );
  });

  it('continues from its JSON with the next masks', () => {
    const layer = create(0.3);
    layer.forward(ramp(10));
    const json = JSON.parse(JSON.stringify(layer));
    expect(json).toEqual({
      type: 'Dropout',
      p: 0.3,
      inplace: false,
      always: false,
      training: true,
      generator: { seed: '0x2a', position: 1, children: 0 },
    });
    const restored = Dropout.fromJSON(json);
    for (let call = 0; call < 2; call++) expect(restored.forward(ramp(100))).toEqual(layer.forward(ramp(100)));
  });

  it('reads JSON of older versions and the mode', () => {
    const json = create(0.3).toJSON();
    const { always, ...older } = { ...json, generator: { seed: '0x2a', position: 0 } };
    expect(Dropout.fromJSON(older as never).toJSON()).toEqual(json);
    const restored = Dropout.fromJSON({ ...json, inplace: true, training: false });
    expect([restored.inplace, restored.training]).toEqual([true, false]);
  });
});
