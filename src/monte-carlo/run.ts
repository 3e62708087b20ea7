/**
 * Runs of a stochastic function: one sample after another, and sums of their results.
 * @module
 */
import type { Generator as DropoutGenerator, Input, Layer } from 'dropout-wasm';
import { type ClassResult, type ResultOf, resultOf } from './result.js';
import { readSample } from './rows.js';
import {
  checkBoolean,
  checkLayers,
  checkOptions,
  checkPositive,
  checkShape,
  checkWhole,
  checkWord,
  defaultGenerator,
  Generator,
  read,
  sourceFor,
  wrong,
  wrongType,
  wrongValue,
} from './shared.js';
import { KINDS, type Kind, push, type Sums, sumsFor } from './sums.js';

/** A typed array of floats, which is one row, or elements in row-major order with their shape. */
export type Sample = Input;

/** What `predict` is called with. */
export interface SampleContext {
  /** The number of the sample. */
  readonly index: number;
  /**
   * The stream of the sample, for draws that no layer makes: ``fork(`sample ${index}`)`` of the run's generator. It is
   * another one for each sample.
   */
  readonly generator: DropoutGenerator;
}

/** Computes a sample: runs the model once on the same inputs. */
export type Predict = (context: SampleContext) => Sample | PromiseLike<Sample>;

/** When a run ends before `samples`. */
export interface Until {
  /** The run ends when no element of `standardError` is above this number, which is above 0. */
  standardError: number;
  /** The least number of samples. Default 1, which is 16 since that is the first look. */
  minSamples?: number;
}

/** What a run uses of an AbortSignal. */
export interface Signal {
  readonly aborted: boolean;
  readonly reason?: unknown;
}

/** Options of `monteCarlo`. */
export interface MonteCarloOptions<K extends Kind = Kind> {
  /** The number of samples, or the largest number with `until`. At least 1. */
  samples: number;
  /**
   * The number of the first sample. Default 0. Workers that each compute other samples of one run differ in `from`, and
   * `merge` gives the result of the whole.
   */
  from?: number;
  /** Seed of the run. By default layers draw from their own streams, and `generator` from the default generator. */
  seed?: number | bigint;
  /** Instead of `seed`, a generator. Its position stays, so that a run can be repeated. `seed: n` is `new Generator(n)`. */
  generator?: DropoutGenerator;
  /**
   * The layers that `predict` runs. Each is active in every sample, whatever its mode, and draws from
   * ``fork(`sample ${index}`)`` of its own stream or, where the run has a seed or generator, of child number k of that,
   * ``fork(`#${k}`)``, for the layer at index k of this list. Afterwards every layer is as it was before. Default none.
   */
  layers?: readonly Layer[];
  /**
   * What the samples hold: any numbers, or the probabilities or logits of classes along the last axis, where a row of
   * probabilities has a sum from 0.999 to 1.001. Default 'values'.
   */
  kind?: K;
  /**
   * Ends the run when the standard error of every element is small enough, which is looked at after every 16th sample.
   * Needs `from` 0, so that the number of samples is the same for any split.
   */
  until?: Until;
  /** Whether the result has the samples themselves, as `kept`. Default false: memory then does not grow with samples. */
  keep?: boolean;
  /**
   * An AbortSignal, which is looked at before and after each sample. The run rejects with its reason. Only a run that
   * waits for something else, in `predict` or `onSample`, leaves time for the events that abort it.
   */
  signal?: Signal;
  /**
   * Called after each sample with its number and a copy of its elements in f64, for logits their softmax; with `keep`,
   * the copy that is kept. The run waits for a promise that it returns.
   */
  onSample?: (index: number, sample: Float64Array) => unknown;
}

/** Options of `monteCarlo.stream`. */
export interface StreamOptions<K extends Kind = Kind> extends MonteCarloOptions<K> {
  /** The number of samples from one partial result to the next. Default 1. The last result always has all samples. */
  every?: number;
}

/** `monteCarlo`, and `monteCarlo.stream`. */
export interface MonteCarlo {
  /**
   * Runs a stochastic function for a number of samples and returns their mean, variance and, for classes, entropies.
   * Monte-Carlo dropout (Gal and Ghahramani 2016) is such a function: a model whose dropout stays active.
   *
   * Sample i depends on the streams and on i alone, so it can be computed again by its number, and any split of the
   * samples over calls, workers or machines gives the same bits (`merge`). Sums are f64.
   *
   * @param predict computes a sample on the same inputs each time: an array or `{ data, shape }`, or a promise of one
   * @returns the statistics of all samples
   * @throws (as a rejection) TypeError or RangeError that names the option, before anything is drawn; Error if another
   *   run has one of the layers, or if in the first sample no layer drew a key and `generator` was not used, since all
   *   samples would be equal; TypeError or RangeError that names the sample for one that is no array, is empty, not
   *   finite, of another shape or not of its kind; whatever `predict` throws; the reason of `signal`
   * @example
   * const layer = new Dropout(0.5, { seed: 42 });
   * const result = await monteCarlo(() => layer.forward(x), { samples: 100, layers: [layer] });
   * result.std; // how much the samples differ, element by element
   */
  <K extends Kind = 'values'>(predict: Predict, options: MonteCarloOptions<K>): Promise<ResultOf<K>>;

  /**
   * Runs like `monteCarlo` and gives a partial result after every `every` samples, which later samples do not change. The
   * last one has all samples. Between two partial results the layers are as before the run; the run has them until it
   * ends or is left, by `break` or `return()`.
   *
   * @throws at the first `next()` and later what `monteCarlo` rejects with
   * @example
   * for await (const { count, mean } of monteCarlo.stream(predict, { samples: 100, every: 10, seed: 42 })) {
   *   draw(mean, count);
   *   await new Promise(requestAnimationFrame); // shows it
   * }
   */
  stream<K extends Kind = 'values'>(predict: Predict, options: StreamOptions<K>): AsyncGenerator<ResultOf<K>, void>;
}

/** Runs a stochastic function and returns statistics of its samples; `monteCarlo.stream` gives partial results too. */
export const monteCarlo: MonteCarlo = /* @__PURE__ */ Object.assign(
  async <K extends Kind = 'values'>(predict: Predict, options: MonteCarloOptions<K>): Promise<ResultOf<K>> => {
    let result: () => unknown;
    for await (result of run(predict, checkOptions(options, OPTIONS)));
    return result!() as ResultOf<K>;
  },
  {
    async *stream<K extends Kind = 'values'>(
      predict: Predict,
      options: StreamOptions<K>,
    ): AsyncGenerator<ResultOf<K>, void> {
      const { every = 1 } = checkOptions(options, [...OPTIONS, 'every']);
      checkPositive(every, 'every');
      let count = 0;
      let result: () => unknown;
      for await (result of run(predict, options)) if (++count % every === 0) yield result() as ResultOf<K>;
      if (count % every) yield result!() as ResultOf<K>;
    },
  },
);

const OPTIONS = ['samples', 'from', 'seed', 'generator', 'layers', 'kind', 'until', 'keep', 'signal', 'onSample'];

/**
 * Computes the samples of a run. After each it yields a function that returns the result so far.
 * @throws what `monteCarlo` rejects with
 */
async function* run(predict: Predict, options = {} as MonteCarloOptions): AsyncGenerator<() => unknown, void> {
  const {
    samples,
    from = 0,
    seed,
    generator,
    layers = [],
    kind = 'values',
    until,
    keep = false,
    signal = { aborted: false },
    onSample,
  } = options;
  for (const [name, value] of [
    ['predict', predict],
    ['onSample', onSample === undefined ? predict : onSample],
  ] as const)
    if (typeof value !== 'function') throw wrongType(name, 'a function', value);
  checkPositive(samples, 'samples');
  checkWhole(from, 'from', 2 ** 53 - samples);
  checkWord<Kind>(kind, 'kind', KINDS);
  checkLayers(layers);
  const { standardError, minSamples = 1 } = checkOptions(until, ['standardError', 'minSamples'], 'until');
  if (until) {
    if (!Number.isFinite(standardError) || standardError! <= 0)
      throw wrong('number', 'until.standardError', 'a number above 0', standardError);
    checkPositive(minSamples, 'until.minSamples');
    if (from) throw wrongValue('from', '0 beside until', from);
  }
  checkBoolean(keep, 'keep');
  checkBoolean(Object(signal).aborted, 'signal.aborted');
  let root = sourceFor(seed, generator);
  const taken: Layer[] = [];
  try {
    for (const layer of layers) {
      if (layer.isTaken) throw new Error(`${layer} is in a run that has not ended, or twice`);
      layer.isTaken = true;
      taken.push(layer);
    }
    // Copies, since predict might call manualSeed.
    const streams = taken.map((layer, k) => new Generator((root ? root.fork(`#${k}`) : layer.generator).seed));
    // Lazy, since a run of layers alone takes no child of the default generator.
    const source = () => (root ??= new Generator(defaultGenerator.spawn().seed));
    const spare: Float64Array[] = [];
    let sums: Sums | undefined;
    const result = (): ClassResult => resultOf(sums!);
    for (let count = 0; count < samples; ) {
      throwIfAborted(signal);
      const index = from + count;
      const name = `sample ${index}`;
      const own = lazyFork(source, name);
      const forks = streams.map((stream) => stream.fork(name));
      const giveBacks = taken.map((layer, k) => layer.borrow(forks[k]!));
      let sample: Sample;
      try {
        const value = predict({ index, generator: own });
        // Not await for any value: in the meantime others might use the layers.
        sample = 'then' in Object(value) ? await value : (value as Sample);
      } finally {
        for (const giveBack of giveBacks) giveBack();
      }
      throwIfAborted(signal);
      if (!count && !own.isSeeded && !forks.some(({ position }) => position))
        throw new Error('no layer drew a key, generator was not used: pass layers, or samples would be equal');
      const { data, shape } = read(sample, name);
      sums ??= sumsFor(kind, [...shape], name);
      checkShape(shape, sums.shape, name);
      const parts = spare.pop() ?? new Float64Array(2 * data.length + sums.rows);
      readSample(data, parts, sums, name);
      const kept = (keep || onSample) && parts.slice(0, data.length);
      push(sums, { from: index, size: 1, parts, kept: keep && [kept!] }, spare);
      count++;
      await onSample?.(index, kept!);
      yield result;
      if (until && count % 16 === 0 && count >= minSamples && result().standardError.every((e) => e <= standardError!))
        break;
    }
  } finally {
    for (const layer of taken) layer.isTaken = false;
  }
}

/** A fork of a generator that is made at its first use, and has no seed before. */
function lazyFork(source: () => DropoutGenerator, label: string): DropoutGenerator {
  const fork = new Generator();
  fork.seedWord = () => {
    fork.reseed(source().fork(label).seed);
    delete (fork as Partial<DropoutGenerator>).seedWord;
    return fork.seedWord();
  };
  return fork;
}

/** @throws the reason of the signal */
function throwIfAborted(signal: Signal): void {
  if (signal.aborted) throw signal.reason ?? new Error('aborted');
}
