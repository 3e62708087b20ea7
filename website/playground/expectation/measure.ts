/** The experiment: many masks on one array, and what theory says about them. It needs no page. */
import { applyMask, Dropout, Generator, gaussianNoise } from 'dropout-wasm';
import { type MonteCarloResult, merge, monteCarlo } from 'dropout-wasm/monte-carlo';
import { type Moments, meanOf, momentsOf } from '../moments.js';

export interface Settings {
  seed: number;
  p: number;
  /** 'normals' have the mean 1 and the standard deviation SPREAD. */
  x: 'ones' | 'normals';
  elements: number;
}

export const SPREAD = 0.5;

/** Masks from one partial result to the next. */
const EVERY = 5;

export interface Measurement {
  settings: Settings;
  x: Float32Array;
  /** The result of the latest mask: kept elements are multiplied by 1 / (1 − p). */
  y: Float32Array;
  /** Over all masks: the mean of x · mask / (1 − p), and that of x · mask. */
  means: MonteCarloResult<'values'>;
}

/**
 * Measures masks 0 to `masks` − 1 and yields the measurement so far after every few.
 *
 * @param before continues this measurement if it has the same settings and fewer masks
 */
export async function* measure(settings: Settings, masks: number, before?: Measurement): AsyncGenerator<Measurement> {
  const { seed, p, elements } = settings;
  const generator = new Generator(seed).fork('expectation');
  const x = input(settings, generator.fork('x'));
  const y = new Float32Array(elements);
  const unscaled = new Float32Array(elements);
  const layer = new Dropout(p);
  const sample = () => {
    layer.forward(x, y);
    applyMask(x, layer.mask('bits'), { p: 0, format: 'bits', out: unscaled });
    return Float64Array.of(meanOf(y), meanOf(unscaled));
  };
  const known = before && isSame(before.settings, settings) && before.means.count < masks ? before.means : undefined;
  const from = known?.count ?? 0;
  const run = { generator, layers: [layer], from, samples: masks - from, keep: true, every: EVERY };
  for await (const part of monteCarlo.stream(sample, run)) {
    yield { settings, x, y, means: known ? merge(known, part) : part };
  }
}

function input({ x, elements }: Settings, generator: Generator): Float32Array {
  const ones = new Float32Array(elements).fill(1);
  return x === 'ones' ? ones : gaussianNoise(ones, { stddev: SPREAD, key: generator.next() });
}

const isSame = (a: Settings, b: Settings) => JSON.stringify(a) === JSON.stringify(b);

export interface Comparison {
  measured: Moments;
  theory: Moments;
}

/** The elements of the latest result. */
export function compareElements({ settings: { p }, x, y }: Measurement): Comparison {
  const mean = meanOf(x);
  return {
    measured: momentsOf(y),
    theory: { mean, std: Math.sqrt(meanSquare(x) / (1 - p) - mean ** 2) },
  };
}

/** The mean of a result, over all masks. */
export function compareMeans({ settings: { p, elements }, x, means }: Measurement): Comparison {
  return {
    measured: { mean: means.mean[0]!, std: means.std[0]! },
    theory: { mean: meanOf(x), std: Math.sqrt(((p / (1 - p)) * meanSquare(x)) / elements) },
  };
}

/** A way to scale, and the mean of the result in training, over all masks, and in evaluation. */
export interface Way {
  /** Where it multiplies. */
  name: 'inverted' | 'evaluation' | 'forgotten';
  training: number;
  evaluation: number;
}

export function compareWays({ settings: { p }, x, means }: Measurement): Way[] {
  const [scaled, unscaled] = means.mean as unknown as [number, number];
  // What an evaluation without dropout gives: x itself.
  const off = meanOf(new Dropout(p).eval().forward(x));
  return [
    { name: 'inverted', training: scaled, evaluation: off },
    { name: 'evaluation', training: unscaled, evaluation: off * (1 - p) },
    { name: 'forgotten', training: unscaled, evaluation: off },
  ];
}

const meanSquare = (values: Float32Array) => meanOf(values.map((value) => value ** 2));
