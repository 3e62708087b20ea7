/**
 * The part of the suite for dropout-wasm/monte-carlo: logarithms, exponentials and the bytes of results, from vectors
 * and from runs that are split and merged. It imports neither Node nor vitest.
 */
import type * as Entry from '../../src/monte-carlo/index.js';
import { exp, log } from '../../src/monte-carlo/numerics.js';
import { size } from '../support/arrays.js';
import type { Package } from '../support/layers.js';
import { float64Of, hexOf64, monteCarloVectors } from '../support/vectors.js';
import { Random } from './random.js';
import type { Recorder } from './recorder.js';

export type MonteCarlo = typeof Entry;
type Kind = Entry.Kind;
type Test = (pkg: Package, recorder: Recorder) => Promise<void>;

const KINDS: readonly Kind[] = ['values', 'probabilities', 'logits'];

const hexOfBytes = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Elements that only + − × ÷ compute; rows of probabilities have the sum 1. */
function fill(data: Float64Array, kind: Kind, unit: () => number, classes: number): Float64Array {
  for (let i = 0; i < data.length; i++) data[i] = kind === 'logits' ? 20 * unit() - 10 : unit();
  if (kind === 'probabilities')
    for (let at = 0; at < data.length; at += classes) {
      const sum = data.subarray(at, at + classes).reduce((a, b) => a + b, 0);
      for (let i = at; i < at + classes; i++) data[i]! /= sum;
    }
  return data;
}

export const monteCarloTests = ({ monteCarlo, merge, fromBytes, calibration }: MonteCarlo): [string, Test][] => [
  [
    'vectors: log and exp',
    async (_, recorder) => {
      for (const { x, y } of monteCarloVectors.log) recorder.expect(`log of ${x}`, hexOf64(log(float64Of(x))), y);
      for (const { x, y } of monteCarloVectors.exp) recorder.expect(`exp of ${x}`, hexOf64(exp(float64Of(x))), y);
    },
  ],
  [
    'vectors: runs',
    async (_, recorder) => {
      for (const { name, kind, shape, ranges, samples, bytes } of monteCarloVectors.runs) {
        const rest = [...samples];
        const parts: Entry.MonteCarloResult[] = [];
        for (const { from, to } of ranges)
          parts.push(
            await monteCarlo(
              ({ generator }) => {
                generator.next();
                return { data: Float64Array.from(rest.shift()!), shape };
              },
              { kind, from, samples: to - from, seed: 1 },
            ),
          );
        const result = parts.length > 1 ? merge(...parts.reverse()) : parts[0]!;
        recorder.expect(name, hexOfBytes(result.toBytes()), bytes);
      }
    },
  ],
  ...KINDS.map((kind): [string, Test] => [
    `splits: ${kind}`,
    async (_, recorder) => {
      const random = new Random(20261128);
      const shape = [5, 4];
      const predict: Entry.Predict = ({ generator }) => {
        const unit = () => Number(generator.next() >> 11n) / 2 ** 53;
        return { data: fill(new Float64Array(size(shape)), kind, unit, 4), shape };
      };
      for (const count of [1, 2, 7, 64, 100]) {
        const from = random.below(50);
        const run = (at: number, samples: number) => monteCarlo(predict, { kind, from: at, samples, seed: 42 });
        const whole = await run(from, count);
        recorder.add(`${count} from ${from}`, whole.toBytes(), whole.mean, whole.variance, whole.standardError);
        if ('entropy' in whole) {
          const { entropy, expectedEntropy, mutualInformation, variationRatio } = whole as Entry.ClassResult;
          recorder.add(`classes of ${count}`, entropy, expectedEntropy, mutualInformation, variationRatio);
        }
        const parts: (typeof whole)[] = [];
        for (let at = from; at < from + count; ) {
          const samples = 1 + random.below(from + count - at);
          parts.splice(random.below(parts.length + 1), 0, await run(at, samples));
          at += samples;
        }
        while (parts.length > 1) {
          const part = merge(parts.pop()!, parts.pop()!);
          parts.splice(random.below(parts.length + 1), 0, fromBytes(part.toBytes()) as typeof part);
        }
        recorder.expect(`splits of ${count}`, parts[0]!.toBytes(), whole.toBytes());
      }
    },
  ]),
  [
    'layers',
    async ({ Dropout, GaussianNoise, LockedDropout, Generator }, recorder) => {
      const layers = [
        new Dropout(0.3, { seed: 1 }).eval(),
        new GaussianNoise(0.1, { seed: 2 }),
        new LockedDropout(0.5, { generator: new Generator(3) }),
      ];
      const x = new Float32Array(120);
      new Random(5).fill(x);
      const finite = x.map((value) => (Math.abs(value) < 1e6 ? value : 1));
      const predict = () => {
        let y: Entry.Sample = { data: finite, shape: [3, 4, 10] };
        for (const layer of layers) y = layer.forward(y);
        return y;
      };
      for (const options of [{}, { seed: 7 }, { generator: new Generator(9, 5) }]) {
        const run = (from: number, samples: number) => monteCarlo(predict, { layers, from, samples, ...options });
        const whole = (await run(0, 21)).toBytes();
        recorder.expect('layers', merge(await run(16, 5), await run(0, 16)).toBytes(), whole);
      }
      recorder.add('layers afterwards', JSON.stringify(layers));
    },
  ],
  [
    'calibration',
    async (_, recorder) => {
      const random = new Random(11);
      const data = fill(new Float64Array(400), 'probabilities', () => random.unit(), 4);
      const labels = Array.from({ length: 100 }, () => random.below(4));
      for (const bins of [1, 10, 15]) {
        const { bins: rows, ...errors } = calibration({ data, shape: [100, 4] }, labels, { bins });
        recorder.add(`${bins} bins`, ...Object.values(errors), ...rows.flatMap((bin) => Object.values(bin)));
      }
    },
  ],
];
