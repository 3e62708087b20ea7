/**
 * Hostile JSON and bytes for every entry that reads them: each part of what the package stores is replaced by values of
 * a wrong type, by huge and deep ones, and by names that reach prototypes.
 */
import * as tf from '@tensorflow/tfjs-core';
import { layers as tfLayers } from '@tensorflow/tfjs-layers';
import * as main from 'dropout-wasm';
import { fromBytes, merge, monteCarlo } from 'dropout-wasm/monte-carlo';
import { onnxMonteCarlo } from 'dropout-wasm/onnx';
import * as tfjs from 'dropout-wasm/tfjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as inference from '../../src/inference/index.js';
import { ramp, tensor } from '../support/arrays.js';
import { layersOf } from '../support/layers.js';
import '../support/tfjs.js';

const nested = (depth: number): unknown => JSON.parse(`${'[{"a":'.repeat(depth)}1${'}]'.repeat(depth)}`);
const trap = () => {
  throw new EvalError('a trap');
};

const VALUES: [string, unknown][] = [
  ['null', null],
  ['true', true],
  ['a number', 7],
  ['−1', -1],
  ['a fraction', 0.25],
  ['1e400', JSON.parse('1e400')],
  ['2^53 + 2', 2 ** 53 + 2],
  ['1e308', 1e308],
  ['an empty string', ''],
  ['a name of Object.prototype', '__proto__'],
  ['a name of a class', 'constructor'],
  ['a number as text', '12'],
  ['a million digits', '9'.repeat(1e6)],
  ['a list', [1, 2, 3]],
  ['an empty list', []],
  ['a list of 10^5', new Array(1e5).fill(0)],
  ['an object', {}],
  ['a key __proto__', JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}')],
  ['a converter', JSON.parse('{"toString":1,"valueOf":1,"toJSON":1,"length":1e9}')],
  ['a thousand levels', nested(1000)],
  ['a getter that throws', Object.defineProperty({}, 'seed', { enumerable: true, get: trap })],
  ['a Proxy that throws', new Proxy({}, { get: trap, has: trap, ownKeys: trap, getPrototypeOf: trap })],
];

/** All values with one part replaced, at any depth, and those with one more part. */
function* changed(value: unknown, replacement: unknown): Generator<unknown> {
  yield replacement;
  if (Array.isArray(value))
    for (const [i, part] of value.entries()) for (const other of changed(part, replacement)) yield value.with(i, other);
  else if (typeof value === 'object' && value !== null) {
    for (const [name, part] of Object.entries(value))
      for (const other of changed(part, replacement)) yield { ...value, [name]: other };
    for (const name of ['__proto__', 'constructor', 'prototype', 'other']) {
      const more = { ...value };
      // An own property, as JSON.parse makes it.
      Object.defineProperty(more, name, { value: replacement, enumerable: true });
      yield more;
    }
  }
}

/** Of an engine, for a value that was used unchecked. */
const UNCHECKED = new RegExp(
  [
    'Cannot (read|set|convert|destructure|mix|create|assign|delete|use)',
    'is not (a function|iterable|a constructor|defined|valid|extensible)',
    'Invalid (array|typed|string|time|regular)',
    'call stack',
    'read only',
  ].join('|'),
);

/** Expects that a call succeeds, or throws an error that names the mistake in a few words. */
function expectClear(call: () => unknown, label: string): void {
  let error: unknown;
  try {
    call();
  } catch (thrown) {
    error = thrown;
  }
  if (error === undefined) return;
  // The traps of a Proxy are the caller's own code.
  if (error instanceof EvalError) return;
  expect(error, label).toBeInstanceOf(Error);
  const { message } = error as Error;
  expect(message, label).not.toMatch(UNCHECKED);
  expect(message.length, `${label}: ${message.slice(0, 500)}`).toBeLessThan(500);
}

const PROTOTYPES = [Object, Array, Function, String, Number, Float32Array, Map, main.Dropout, main.Generator].map(
  ({ prototype }) => prototype as object,
);
const members = () => PROTOTYPES.map((prototype) => Reflect.ownKeys(prototype).length);

describe('of every stored form, on the entries that read it', () => {
  const untouched = new main.Dropout(0.5, { seed: 42 });
  const free = new main.Dropout(0.5);
  let before: unknown;
  const state = () => [members(), JSON.stringify(untouched), String(free), tf.memory().numTensors];
  beforeEach(() => {
    before = state();
  });
  afterEach(() => {
    expect(state()).toEqual(before);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    const x = new Float32Array(8).fill(1);
    expect(new main.Dropout(0.5, { seed: 42 }).forward(x)).toEqual(
      main.dropout(x, { p: 0.5, key: untouched.generator.keyAt(0) }),
    );
  });

  const stored = layersOf(main).map(([name, shape, create]) => {
    const layer = create(main, 0.4, { seed: 1 });
    layer.forward(tensor(shape));
    return [name, layer, JSON.parse(JSON.stringify(layer))] as const;
  });

  describe.each(VALUES)('%s', (value, replacement) => {
    it('in layers, for dropout-wasm and dropout-wasm/inference', () => {
      for (const [name, layer, json] of stored) {
        const Trained = layer.constructor as typeof main.Dropout;
        const Evaluated = Reflect.get(inference, layer.constructor.name) as typeof inference.Dropout;
        for (const other of changed(json, replacement)) {
          const label = `${name} with ${value}`;
          expectClear(() => `${Trained.fromJSON(other as never)}`, label);
          expectClear(() => `${Evaluated.fromJSON(other as never)}`, label);
        }
      }
      const list = { layers: stored.slice(0, 2).map(([, , json]) => json) };
      for (const other of changed(list, replacement)) {
        expectClear(() => main.layersFromJSON(other as never).map(String), `a list with ${value}`);
        expectClear(() => inference.layersFromJSON(other as never).map(String), `a list with ${value}`);
      }
    });

    it('in generators', () => {
      for (const other of changed({ seed: '0x2a', position: 7, children: 3 }, replacement))
        expectClear(() => `${main.Generator.fromJSON(other as never)}`, value);
    });

    it('in the configurations of TensorFlow.js', () => {
      const all = [
        new tfjs.Dropout({ rate: 0.4, seed: 1, noiseShape: [null, 1] }),
        new tfjs.LockedDropout({ rate: 0.4, seed: 1 }),
        new tfjs.DropBlock2d({ rate: 0.4, seed: 1 }),
        new tfjs.GaussianNoise({ stddev: 0.4, seed: 1 }),
      ];
      for (const layer of all) {
        const config = JSON.parse(JSON.stringify(layer.getConfig()));
        // What every layer of TF.js has is read by TF.js.
        const { name, trainable, ...own } = config;
        for (const other of changed(own, replacement)) {
          if (other === replacement) continue;
          const full = { name, trainable, ...(other as object) };
          const Class =
            layer.constructor as unknown as tf.serialization.SerializableConstructor<tf.serialization.Serializable> & {
              fromConfig: (cls: unknown, config: unknown) => unknown;
            };
          expectClear(() => Class.fromConfig(Class, full), `${layer.getClassName()} with ${value}`);
        }
      }
      for (const other of changed({ generator: { seed: '0x2a', position: 7, children: 0 } }, replacement)) {
        expectClear(() => tfjs.recurrentDropout(other as never), `recurrentDropout with ${value}`);
        expectClear(
          () => tfjs.setRecurrentDropout(tfLayers.gru({ units: 2, dropout: 0.5 }), other as never),
          `setRecurrentDropout with ${value}`,
        );
      }
    });

    it('in the topology of a model, for toBuiltins', () => {
      const topology = {
        class_name: 'Sequential',
        config: {
          name: 'model',
          layers: [
            { class_name: 'DropoutWasm', config: { name: 'drop', rate: 0.5, always: false, noise_shape: null } },
            {
              class_name: 'AlphaDropoutWasm',
              config: { name: 'alpha', rate: 0.5 },
              inbound_nodes: [[['in', 0, 0, {}]]],
            },
          ],
        },
      };
      for (const other of changed(topology, replacement)) expectClear(() => tfjs.toBuiltins(other as never), value);
    });

    it('in results of Monte-Carlo runs', async () => {
      const layers = [new main.Dropout(0.5, { seed: 1 })];
      const result = await monteCarlo(() => layers[0]!.forward(ramp(2)), { samples: 3, layers });
      for (const other of changed(JSON.parse(JSON.stringify(result)), replacement)) {
        expectClear(() => merge(other as never), value);
        expectClear(() => merge(result, other as never), value);
      }
      expectClear(() => fromBytes(replacement as never), value);
      expect(fromBytes(result.toBytes()).mean).toEqual(result.mean);
    });

    it('in the dropouts of an ONNX model', async () => {
      const session = {
        inputNames: ['x', 'mask'],
        outputNames: ['y', 'shape'],
        run: async () => ({
          y: { type: 'float32', data: Float32Array.of(1), dims: [1] },
          shape: { type: 'int64', data: BigInt64Array.of(1n), dims: [1] },
        }),
      };
      const feeds = { x: { type: 'float32', data: Float32Array.of(1), dims: [1] } };
      for (const other of changed([{ name: 'drop', mask: 'mask', shape: 'shape', ratio: 0.5 }], replacement)) {
        const error = await onnxMonteCarlo(session as never, other as never, feeds as never, { samples: 1 }).then(
          () => undefined,
          (thrown) => thrown,
        );
        expectClear(() => {
          if (error) throw error;
        }, value);
      }
    });
  });
});
