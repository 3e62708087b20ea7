/** `dropout-wasm/inference`: the layers pass their input through, and check their arguments. */
import * as full from 'dropout-wasm';
import { describe, expect, it } from 'vitest';
import * as inference from '../../src/inference/index.js';
import { ramp, rampTensor } from '../support/arrays.js';
import { refuses, refusesBeforeWriting } from '../support/expect.js';
import { layerNames, layersOf, type Package } from '../support/layers.js';

type Class = typeof inference.Dropout;

const { Dropout, GaussianNoise, layersFromJSON, setTraining } = inference;
const refusal = /^dropout-wasm\/inference only evaluates: train with dropout-wasm$/;
const wrong = (value: unknown) => value as never;
const x = () => ramp(24);
const tensor = () => rampTensor([4, 6]);

const classIn = <C>(entry: object, name: string) => entry[name as never] as C;
/** Every layer of dropout-wasm by its name, as this entry has it and as dropout-wasm has it. */
const classes = layerNames(full as Package).map((name): [string, Class, typeof full.Dropout] => [
  name,
  classIn(inference, name),
  classIn(full, name),
]);

it('has every layer of dropout-wasm under its name, and its functions for lists of layers', () => {
  expect(classes.length).toBeGreaterThanOrEqual(11);
  for (const [name, Layer] of classes) {
    expect(Layer, `src/inference/index.ts does not export ${name}`).toBeDefined();
    expect([Layer.name, Layer.type]).toEqual([name, name]);
  }
  for (const name of ['layersFromJSON', 'setTraining']) expect(Object.keys(inference)).toContain(name);
});

describe.each(classes)('%s', (name, Layer, Twin) => {
  const isNoise = name === 'GaussianNoise';
  const parameter = isNoise ? 'stddev' : 'p';

  it('returns its input', () => {
    const layer = new Layer(0.5);
    for (const input of [x(), Float64Array.of(1, 2), { data: Float32Array.of(1, 2), shape: [1, 2] }])
      expect(layer.forward(input as Float32Array)).toBe(input);
    const input = x();
    expect(layer.eval().train(false).forward(input, { training: false })).toBe(input);
    expect(layer.training).toBe(false);
  });

  it('has the first argument, the defaults and the text of its twin', () => {
    const text = (layer: object) => String(layer).replace('training, unseeded', 'evaluation');
    for (const args of [[0.25], [0], [1], ...(isNoise ? [[7.5]] : [[]])] as [number][]) {
      const layer = new Layer(...args);
      expect(String(layer)).toBe(text(new Twin(...args)));
      expect(layer[parameter as 'p']).toBe(new Twin(...args)[parameter as 'p']);
    }
  });

  it('refuses a bad first argument', () => {
    for (const bad of [-0.1, Number.NaN, isNoise ? Number.POSITIVE_INFINITY : 1.1])
      refuses(() => new Layer(bad), RangeError, `${parameter} has to be `);
    for (const bad of ['0.5', null, {}, 1n])
      refuses(() => new Layer(wrong(bad)), TypeError, `${parameter} has to be a number, but got `);
  });

  it('takes the options of the layer in dropout-wasm, and refuses others', () => {
    const known = [...Object.keys(Twin.options), 'seed', 'generator', 'inplace', 'always'];
    for (const option of known) new Layer(0.5, { [option]: undefined });
    new Layer(0.5, { seed: 1n, inplace: true, always: false });
    refuses(
      () => new Layer(0.5, wrong({ sed: 1 })),
      TypeError,
      /^unknown option "sed": the options are seed, generator,/,
    );
    refuses(() => new Layer(0.5, wrong('last')), TypeError, /^options has to be an object, but got last$/);
    for (const bad of [null, 1, [0.5]])
      refuses(() => new Layer(0.5, wrong(bad)), TypeError, /^options has to be an object, but got /);
  });

  it('refuses to train', () => {
    const layer = new Layer(0.5);
    refuses(() => layer.train(), Error, refusal);
    refuses(() => layer.train(true), Error, refusal);
    refuses(() => new Layer(0.5, { always: true }), Error, refusal);
    refusesBeforeWriting((out) => layer.forward(x(), { training: true, out }), Error, refusal);
    refuses(() => layer.train(wrong('no')), TypeError, /^mode has to be a boolean, but got no$/);
    refuses(() => new Layer(0.5, { always: wrong(0) }), TypeError, /^always has to be a boolean, but got 0$/);
    refuses(() => layer.forward(x(), { training: wrong(1) }), TypeError, /^training has to be a boolean, but got 1$/);
    // Null is no default, as in the main entry.
    refuses(() => new Layer(0.5, { always: wrong(null) }), TypeError, /^always has to be a boolean, but got null$/);
    refusesBeforeWriting(
      (out) => layer.forward(x(), { training: wrong(null), out }),
      TypeError,
      /^training has to be a boolean, but got null$/,
    );
  });

  it('is restored from what dropout-wasm stored, alone and in a list', () => {
    for (const [caseName, shape, create] of layersOf(full as Package)) {
      if (caseName.split(/\W/)[0] !== name) continue;
      const layer = create(full as Package, 0.3, { seed: 1 });
      layer.forward(rampTensor(shape));
      const json = JSON.parse(JSON.stringify(layer));
      for (const restored of [Layer.fromJSON(json), layersFromJSON({ layers: [json] })[0]!]) {
        expect(restored).toBeInstanceOf(Layer);
        expect(restored).toMatchObject({ [parameter]: 0.3, training: false });
      }
    }
  });

  it('refuses the JSON of another layer, a string, and what no layer stored', () => {
    const { type, ...json } = new Twin(0.5).toJSON();
    refuses(
      () => Layer.fromJSON(wrong({ ...json, type: 'Flatten' })),
      TypeError,
      `type has to be "${name}", but got Flatten`,
    );
    refuses(() => Layer.fromJSON({ type, ...json, always: true }), Error, refusal);
    refuses(
      () => Layer.fromJSON({ type, ...json, [parameter]: undefined }),
      TypeError,
      `${parameter} has to be a number`,
    );
    refuses(() => Layer.fromJSON({ type, ...json, [parameter]: -1 }), RangeError, `${parameter} has to be `);
    refuses(() => Layer.fromJSON({ type, ...json, extra: 1 }), TypeError, /^unknown option "extra"/);
    refuses(() => Layer.fromJSON(wrong(JSON.stringify({ type, ...json }))), TypeError, 'a string: JSON.parse it');
    refuses(() => Layer.fromJSON(wrong(null)), TypeError, /^json has to be an object, but got null$/);
  });
});

describe('forward', () => {
  const layer = new Dropout();

  it('copies x to out, as an argument or an option, and returns out', () => {
    for (const pass of [(out: unknown) => out, (out: unknown) => ({ out })]) {
      const array = new Float32Array(26).fill(7);
      expect(layer.forward(x(), wrong(pass(array)))).toBe(array);
      expect([...array]).toEqual([...x(), 7, 7]);
      const out = { data: new Float32Array(24), shape: [4, 6] };
      expect(layer.forward(tensor(), wrong(pass(out)))).toBe(out);
      expect(out).toEqual(tensor());
    }
    const f64 = new Float64Array(2);
    layer.forward(Float64Array.of(Math.PI, -0), f64);
    expect([...f64]).toEqual([Math.PI, -0]);
    expect(layer.forward(x(), {})).toEqual(x());
    expect(layer.forward(x(), undefined)).toEqual(x());
  });

  it('copies between subclasses, without their own methods', () => {
    class Matrix extends Float32Array {
      override set(): void {
        throw new Error('a method of the subclass was called');
      }
    }
    const out = new Matrix(24);
    layer.forward(new Matrix(x()), out);
    expect([...out]).toEqual([...x()]);
  });

  it.each<[string, unknown, string]>([
    ['null', null, 'null'],
    ['undefined', undefined, 'undefined'],
    ['a number', 4, '4'],
    ['an array of numbers', [1, 2, 3], 'Array'],
    ['an int array', new Int32Array(24), 'Int32Array'],
    ['bytes', new Uint8Array(24), 'Uint8Array'],
    ['a DataView', new DataView(new ArrayBuffer(96)), 'DataView'],
    ['a tensor of ints', { data: new Int32Array(24), shape: [24] }, 'Int32Array'],
    ['a tensor of numbers', { data: [1, 2], shape: [2] }, 'Array'],
    ['an object', { shape: [24] }, 'Object'],
    ['a Proxy of an array', new Proxy(new Float32Array(24), {}), 'Object'],
  ])('refuses %s as x', (_, bad, got) => {
    const message = `x has to be a Float32Array, Float64Array, Float16Array or { data, shape }, but got ${got}`;
    refuses(() => layer.forward(wrong(bad)), TypeError, message);
    refusesBeforeWriting((out) => layer.forward(wrong(bad), wrong(out)), TypeError, message);
  });

  it('passes empty tensors of a huge shape through', () => {
    const empty = { data: new Float32Array(0), shape: [2 ** 600, 2 ** 600, 0] };
    expect(layer.forward(empty)).toBe(empty);
  });

  it('refuses a shape that does not fit', () => {
    const forward = (shape: unknown) => () => layer.forward({ data: x(), shape: wrong(shape) });
    for (const shape of [[5, 5], [], [24, 0], [-4, -6], [Number.NaN], [1.5, 16], ['24'], [24, undefined]])
      refuses(forward(shape), RangeError, `x.shape has to be of 24 elements, but got [${shape}]`);
    for (const shape of [undefined, null, 24, '24'])
      refuses(forward(shape), TypeError, `x.shape has to be an array of whole numbers, but got ${shape}`);
  });

  it.each<[string, unknown, new () => Error, string]>([
    ['null', null, TypeError, 'out has to be a Float32Array,'],
    ['true', true, TypeError, 'but got true'],
    ['an array of numbers', [1, 2], TypeError, 'out has to be a Float32Array,'],
    ['an int array', new Int32Array(24), TypeError, 'out has to be a Float32Array,'],
    ['another element type', new Float64Array(24), TypeError, 'out has to be of the type of x, but got Float64Array'],
    ['a tensor', tensor(), TypeError, 'out has to be of the type of x, but got Object'],
    ['a short array', new Float32Array(23), RangeError, 'out.length has to be at least 24, but got 23'],
  ])('refuses %s as out, and writes nothing', (_, bad, type, message) => {
    const before = structuredClone(bad);
    refuses(() => layer.forward(x(), wrong(bad)), type, message);
    if (bad !== null) refuses(() => layer.forward(x(), { out: wrong(bad) }), type, message);
    expect(bad).toEqual(before);
  });

  it('refuses an out of another kind or shape than a tensor, and writes nothing', () => {
    refusesBeforeWriting((out) => layer.forward(tensor(), wrong(out)), TypeError, 'out has to be of the type of x');
    refusesBeforeWriting(
      (data) => layer.forward(tensor(), { data, shape: [6, 4] }),
      RangeError,
      'out.shape has to be [4,6], but got [6,4]',
    );
  });

  it('refuses unknown options', () => {
    refusesBeforeWriting(
      (out) => layer.forward(x(), wrong({ out, trainng: false })),
      TypeError,
      /^unknown option "trainng": the options are out, training$/,
    );
  });
});

describe('lists of layers', () => {
  it('are restored from layersToJSON, in order', () => {
    const stored = full.layersToJSON([new full.Dropout(0.3), new full.GaussianNoise(0.1), new full.DropPath(0.2)]);
    const layers = layersFromJSON(JSON.parse(JSON.stringify(stored)));
    expect(layers.map(String)).toEqual([
      'Dropout(p=0.3, evaluation)',
      'GaussianNoise(stddev=0.1, evaluation)',
      'DropPath(p=0.2, evaluation)',
    ]);
    expect((layers[1] as inference.GaussianNoise).stddev).toBe(0.1);
    expect(layers[1]).not.toHaveProperty('p');
  });

  it('of version 0.1.0 are refused by name, and so are strings', () => {
    const json = { generators: [{ seed: '0x1', position: 0 }], layers: [] };
    refuses(() => layersFromJSON(json), Error, /^json is from layersToJSON of dropout-wasm 0\.1\.0/);
    refuses(() => layersFromJSON(wrong('{"layers":[]}')), TypeError, /^json has to be an object.*JSON\.parse it$/);
    refuses(() => layersFromJSON(wrong(undefined)), TypeError, /^json has to be an object, but got undefined$/);
    refuses(() => layersFromJSON(wrong({})), TypeError, /^layers has to be an array, but got undefined$/);
    refuses(
      () => layersFromJSON({ layers: new Array(1) }),
      TypeError,
      /^layer has to be an object, but got undefined$/,
    );
    refuses(
      () => layersFromJSON(wrong({ layers: [], layer: 1 })),
      TypeError,
      /^unknown option "layer": the options are layers$/,
    );
    refuses(() => layersFromJSON({ layers: [wrong(null)] }), TypeError, /^layer has to be an object, but got null$/);
    refuses(
      () => layersFromJSON({ layers: [wrong({ type: 'Flatten' })] }),
      TypeError,
      /^type has to be .* got Flatten$/,
    );
  });

  it('take setTraining(layers, false) alone', () => {
    const layers = [new Dropout(), new GaussianNoise(0.1)];
    expect(setTraining(layers, false)).toBeUndefined();
    refuses(() => setTraining(layers, true), Error, refusal);
    for (const mode of [undefined, null, 0, 'eval'])
      refuses(() => setTraining(layers, wrong(mode)), TypeError, `mode has to be a boolean, but got ${mode}`);
    for (const bad of [layers[0], undefined, [layers[0], null], new Array(1), [new full.Dropout()]])
      refuses(() => setTraining(wrong(bad), false), TypeError, /^layers has to be an array of layers, but got /);
  });
});
