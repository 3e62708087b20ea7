/** Every call in the column "dropout-wasm" of docs/coming-from.md runs, and every layer in it runs a forward. */
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import * as dropoutWasm from 'dropout-wasm';
import * as monteCarlo from 'dropout-wasm/monte-carlo';
import * as tfjs from 'dropout-wasm/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { Layer } from '../../src/layers/layer.js';
import { ones, size } from '../support/arrays.js';
import { runBody, withoutSnippets } from './snippets.js';

const page = readFileSync(new URL('../../docs/coming-from.md', import.meta.url), 'utf8');

/** The calls in the second column of the tables, by the heading above. */
const calls = withoutSnippets(page)
  .split(/^## /m)
  .slice(1)
  .map((section): [heading: string, calls: string[]] => [
    section.match(/^.*/)![0],
    [...section.matchAll(/^\|(?!---)[^|]*\|([^|]*)\|/gm)].flatMap(([, cell]) =>
      [...cell!.matchAll(/`([^`]*)`/g)].map(([, code]) => code!),
    ),
  ])
  .filter(([, calls]) => calls.length > 0);

/** A shape that a layer takes, by the name of its class. */
const shapeFor = (name: string): number[] =>
  ({ Dropout2d: [2, 3, 4, 5], Dropout3d: [2, 3, 4, 5, 6], DropBlock2d: [2, 3, 4, 5] })[name] ?? [2, 3, 4];

/** What the page says its names stand for, new for each call. */
function arrayScope() {
  const layer = new dropoutWasm.Dropout(0.5, { seed: 1 });
  const shape = [2, 3, 4];
  const x = ones(shape);
  layer.forward(x);
  return {
    ...dropoutWasm,
    ...monteCarlo,
    x,
    dy: ones(shape),
    data: x.data,
    bytes: new Uint8Array(size(shape)).fill(1),
    half: 'Float16Array' in globalThis ? new Float16Array(8) : new Float32Array(8),
    key: new dropoutWasm.Generator(1).next(),
    generator: new dropoutWasm.Generator(1),
    layer,
    layers: [layer],
    predict: () => layer.forward(x),
  };
}

function tfjsScope() {
  const layer = new tfjs.Dropout({ rate: 0.5 });
  const model = sequential({ layers: [new tfjs.Dropout({ rate: 0.5, inputShape: [3, 4] })] });
  return { ...tfjs, x: tf.ones([4, 3, 4]), key: new dropoutWasm.Generator(1).next(), layer, model };
}

/** Expects a layer to take a shape of its kind. Anything else passes. */
function expectForward(value: unknown): void {
  const shape = shapeFor(Object(value).constructor.name);
  if (value instanceof layers.Layer)
    expect((value.apply(tf.ones(shape), { training: true }) as tf.Tensor).shape).toEqual(shape);
  else if (value instanceof Layer) expect(value.forward(ones(shape)).shape).toEqual(shape);
}

beforeAll(() => tf.setBackend('cpu'));

describe.each(calls)('%s', (heading, calls) => {
  it.each([...new Set(calls)])('%s', async (code) => {
    const scope = heading === 'TensorFlow.js' ? tfjsScope() : arrayScope();
    const value = await runBody(`return ${code}`, scope);
    // setTraining returns nothing. A property that does not exist is undefined too.
    if (!code.startsWith('setTraining(')) expect(value).toBeDefined();
    expectForward(value);
  });
});

it('the page has a table for each library', () => {
  expect(calls.map(([heading]) => heading)).toEqual(
    [...page.matchAll(/^- \[(.*)\]\(#/gm)].map(([, heading]) => heading),
  );
});
