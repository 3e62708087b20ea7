/** Lists of layers as JSON, and invalid JSON. */
import { describe, expect, it } from 'vitest';
import type { Layer } from '../../../src/index.js';
import { tensor } from '../../support/arrays.js';
import { packages } from '../../support/backends.js';
import { tensorDigest } from '../../support/bits.js';
import { refuses } from '../../support/expect.js';
import { layersOf } from '../../support/layers.js';

describe.each(packages)('on %s', (_, pkg) => {
  const { Dropout, GaussianNoise, Generator, layersFromJSON, layersToJSON, setTraining } = pkg;
  const generator = new Generator(1);

  describe('layersToJSON and layersFromJSON', () => {
    it('restore every layer, each with its own stream', () => {
      const cases = layersOf(pkg);
      const layers = cases.map(([, , create], i) => create(pkg, 0.3, i % 3 ? { generator } : { seed: i }));
      const draw = (layers: Layer[]) => layers.map((layer, i) => tensorDigest(layer.forward(tensor(cases[i]![1]))));
      draw(layers);
      const stored = layersToJSON(layers);
      expect(stored).toEqual({ layers: layers.map((layer) => layer.toJSON()) });
      const restored = layersFromJSON(JSON.parse(JSON.stringify(stored)));
      expect(restored.map((layer) => layer.constructor)).toEqual(layers.map((layer) => layer.constructor));
      expect(draw(restored)).toEqual(draw(layers));
    });

    it('refuse what version 0.1.0 has stored, and say so', () => {
      const { generator: _, ...json } = new Dropout(0.5, { seed: 1 }).toJSON();
      const stored = { generators: [{ seed: '0x1', position: 0 }], layers: [{ ...json, generator: 0 }] };
      refuses(() => layersFromJSON(stored as never), Error, /^json is from layersToJSON of dropout-wasm 0\.1\.0/);
    });

    it('refuse an unknown type', () => {
      const json = new Dropout(0.5, { seed: 1 }).toJSON();
      refuses(
        () => layersFromJSON({ layers: [{ ...json, type: 'Zoneout' }] }),
        RangeError,
        /^type has to be "Dropout" or .* or "LockedDropout", but got "Zoneout"$/,
      );
    });

    it('refuse values that are not lists of layers', () => {
      for (const bad of [
        null,
        {},
        [],
        { layers: null },
        { layers: [null] },
        { layers: [5] },
        { layers: [{}] },
        { layers: new Array(1) },
      ])
        refuses(() => layersFromJSON(bad as never), TypeError, /has to be/);
      refuses(
        () => layersFromJSON({ layers: [], more: 1 } as never),
        TypeError,
        'unknown option "more": the options are layers',
      );
      refuses(() => layersFromJSON('{"layers":[]}' as never), TypeError, /"\{\\"layers\\":\[\]\}": JSON\.parse it$/);
      // A hole counts as undefined.
      for (const bad of [null, [5], new Array(2), [new Dropout().toJSON()], new Dropout()])
        refuses(() => layersToJSON(bad as never), TypeError, 'layers has to be an array of layers');
    });
  });

  describe('setTraining', () => {
    it('switches every layer of a list', () => {
      const layers = [new Dropout(), new GaussianNoise(0.1)];
      setTraining(layers, false);
      expect(layers.map(({ training }) => training)).toEqual([false, false]);
      setTraining(layers, true);
      expect(layers.map(({ training }) => training)).toEqual([true, true]);
    });

    it('refuses bad arguments before it switches any layer', () => {
      const layer = new Dropout();
      refuses(() => setTraining([layer, {}] as never, false), TypeError, 'layers has to be an array of layers');
      refuses(() => setTraining(layer as never, false), TypeError, 'layers has to be an array of layers');
      refuses(() => setTraining([layer], undefined as never), TypeError, 'mode has to be a boolean, but got undefined');
      expect(layer.training).toBe(true);
    });
  });

  it.each<[string, unknown, string]>([
    ['p', undefined, 'p has to be a number, but got undefined'],
    ['p', '0.5', 'p has to be a number between 0 and 1, but got "0.5"'],
    ['training', 'no', 'training has to be a boolean'],
    ['generator', null, 'generator has to be an object, but got null'],
    ['generator', undefined, 'generator has to be an object, but got undefined'],
    ['generator', 5, 'generator has to be an object, but got 5'],
    ['generator', { seed: 42, position: 0 }, 'seed has to be a whole number below 2^64 in a string, but got 42'],
    [
      'generator',
      { seed: '0x2a', position: 0, key: 1 },
      'unknown option "key": the options are seed, position, children',
    ],
    ['type', { constructor: { name: { toString: 1, valueOf: 1 } } }, 'type has to be "Dropout", but got an object'],
    ['seed', 42, 'unknown option "seed": the options are type, p,'],
    ['noiseShape', 0, 'noiseShape has to be an array of positive whole numbers and null, but got 0'],
  ])('fromJSON names the invalid field, %s: %j', (field, value, message) => {
    const json = new Dropout(0.5, { generator }).toJSON();
    refuses(() => Dropout.fromJSON({ ...json, [field]: value }), TypeError, message);
  });

  it('JSON that is still text, or no list, is refused with its name', () => {
    for (const restore of [layersFromJSON, Dropout.fromJSON.bind(Dropout)] as ((json: never) => unknown)[]) {
      refuses(() => restore('{}' as never), TypeError, /^json has to be an object, but got "\{\}": JSON\.parse it$/);
      refuses(() => restore(null as never), TypeError, /^json has to be an object, but got null$/);
      refuses(() => restore(undefined as never), TypeError, /^json has to be an object, but got undefined$/);
    }
    for (const layers of [undefined, null, { length: 0 }, '[]'])
      refuses(() => layersFromJSON({ layers } as never), TypeError, /^layers has to be an array, but got /);
  });

  it('fromJSON does not accept p in place of stddev', () => {
    const json = new GaussianNoise(0.5, { generator }).toJSON();
    refuses(() => GaussianNoise.fromJSON({ ...json, stddev: undefined }), TypeError, 'stddev has to be a number');
    refuses(
      () => GaussianNoise.fromJSON({ ...json, p: 1 }),
      TypeError,
      'unknown option "p": the options are type, stddev,',
    );
  });
});
