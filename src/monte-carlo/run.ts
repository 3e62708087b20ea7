/**
 * Runs of a stochastic function: its samples, one after another, and their sums.
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

/** A typed array of floats, which is one row, or `{ data, shape }` with elements in row-major order. */
export type Sample = Input;

/** What `predict` is called with. */
export interface SampleContext {
  /** The number of the sample. */
  readonly index: number;
  /**
   * The stream for draws that no layer makes: ``fork(`sample ${index}`)`` of the run's generator, so each sample has
   * its own. Without a seed or generator, the run's generator is a new child of the default one.
   */
  readonly generator: DropoutGenerator;
}

/** Computes a sample: runs the model once, on the same inputs for every sample. */
export type Predict = (context: SampleContext) => Sample | PromiseLike<Sample>;

/** When a run ends before `samples`. */
export interface Until {
  /** The run ends when no element of the result's `standardError` exceeds this limit, a number above 0. */
  standardError: number;
  /** The minimum number of samples. Default 1. The limit is first checked after 16 samples. */
  minSamples?: number;
}

/** What a run uses of an AbortSignal. */
export interface Signal {
  /** Whether the run has to end. */
  readonly aborted: boolean;
  /** What the run rejects with. */
  readonly reason?: unknown;
}

/** Options of `monteCarlo`. */
export interface MonteCarloOptions<K extends Kind = Kind> {
  /** The number of samples, from 1. With `until`, the maximum. */
  samples: number;
  /**
   * The number of the first sample. Default 0. Workers that share a run each compute a range of its samples, and
   * `merge` gives the result of the whole run.
   */
  from?: number;
  /**
   * Seed of the run: a bigint from 0 to 2^64 − 1 or an integer from 0 to 2^53. By default layers draw from their own
   * streams, and `generator` is a child of the default generator.
   */
  seed?: number | bigint;
  /** Instead of `seed`: a generator, whose position does not change. `seed: n` is the same as `new Generator(n)`. */
  generator?: DropoutGenerator;
  /**
   * All dropout and noise layers that `predict` runs. Default none. Each is active in every sample, whatever its mode,
   * and as before when the run has ended. In sample i it draws from ``fork(`sample ${i}`)`` of its own stream. If the
   * run has a seed or generator, layer k of this list draws from the same fork of that generator's child
   * ``fork(`#${k}`)`` instead.
   */
  layers?: readonly Layer[];
  /**
   * What the samples hold: any numbers, or the probabilities or logits of classes, which lie on the last axis. The sum
   * of a row of probabilities has to be from 0.999 to 1.001. Default 'values'.
   */
  kind?: K;
  /**
   * Ends the run when the standard error of every element is small enough. This is checked after every 16th sample. It
   * needs `from` 0: a run that starts later does not have the samples that decide.
   */
  until?: Until;
  /** Whether the result has all samples, as `kept`. Default false: memory grows with the logarithm of their number. */
  keep?: boolean;
  /**
   * An AbortSignal, which is checked before and after each sample. The run rejects with its reason. Timers and events
   * can abort a run only while `predict` or `onSample` waits for a timer, a frame or I/O.
   */
  signal?: Signal;
  /**
   * Called after each sample with its number and its elements in f64, or their softmax if they are logits. The array is
   * a copy; with `keep`, it is the one in `kept`. If it returns a promise, the run waits for it.
   */
  onSample?: (index: number, sample: Float64Array) => unknown;
}

/** Options of `monteCarlo.stream`. */
export interface StreamOptions<K extends Kind = Kind> extends MonteCarloOptions<K> {
  /** The number of samples from one partial result to the next, from 1. Default 1. The last result has all samples. */
  every?: number;
}

/** `monteCarlo`, and `monteCarlo.stream`. */
export interface MonteCarlo {
  /**
   * Runs a stochastic function for a number of samples and returns their mean, variance and, for classes, entropies.
   * Monte-Carlo dropout (Gal and Ghahramani 2016) is such a function: a model whose dropout stays active.
   *
   * Sample i depends only on i and the streams, so it can be recomputed by its number, and any split of the samples
   * over calls, workers or machines gives the same bits (`merge`). Sums are f64.
   *
   * @param predict returns a sample, computed from the same inputs each time: a typed array of floats,
   *   `{ data, shape }`, or a promise of one
   * @returns the statistics of all samples
   * @throws (as a rejection) TypeError or RangeError that names the option, before anything is drawn; Error if a layer
   *   is in another run, or twice in `layers`; Error if the first sample neither drew a key of a layer nor used
   *   `generator`, since all samples would be equal; TypeError or RangeError that names the sample if it is not an
   *   array of floats, is empty, not finite, not of the first sample's shape or not of this kind; what `predict` or
   *   `onSample` throws; the reason of `signal`
   * @example
   * import { Dropout } from 'dropout-wasm';
   * import { monteCarlo } from 'dropout-wasm/monte-carlo';
   *
   * const layer = new Dropout(0.5, { seed: 42 });
   * const predict = () => layer.forward(Float32Array.of(1, 2));
   * const { mean, std } = await monteCarlo(predict, { samples: 1000, layers: [layer] });
   * console.log(Array.from(mean, Math.round), Array.from(std, Math.round)); // [ 1, 2 ] [ 1, 2 ]
   */
  <K extends Kind = 'values'>(predict: Predict, options: MonteCarloOptions<K>): Promise<ResultOf<K>>;

  /**
   * Runs like `monteCarlo`, and yields a result of the samples so far after every `every` samples, and at the end.
   * Later samples do not change it. Between two results the layers are as before the run, but no other run can use them
   * until this one ends, or is left by `break` or `return()`.
   *
   * @param predict as for `monteCarlo`
   * @throws (as a rejection of `next()`) what `monteCarlo` rejects with
   * @example
   * import { Dropout } from 'dropout-wasm';
   * import { monteCarlo } from 'dropout-wasm/monte-carlo';
   *
   * const layer = new Dropout(0.5, { seed: 42 });
   * const predict = () => layer.forward(Float32Array.of(1, 2));
   * const counts = [];
   * for await (const { count } of monteCarlo.stream(predict, { samples: 100, every: 40, layers: [layer] })) {
   *   counts.push(count); // in a page, also: await new Promise(requestAnimationFrame)
   * }
   * console.log(counts); // [ 40, 80, 100 ]
   */
  stream<K extends Kind = 'values'>(predict: Predict, options: StreamOptions<K>): AsyncGenerator<ResultOf<K>, void>;
}

/**
 * Runs a stochastic function and returns statistics of its samples. `monteCarlo.stream` also yields partial results.
 */
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
 * Computes the samples of a run. After each one it yields a function that computes the result so far.
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
  if (typeof predict !== 'function') throw wrongType('predict', 'a function', predict);
  if (onSample !== undefined && typeof onSample !== 'function') throw wrongType('onSample', 'a function', onSample);
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
  const release = (giveBacks: (() => void)[]) => {
    for (const giveBack of giveBacks) giveBack();
    for (const layer of taken) layer.isTaken = false;
  };
  try {
    for (const layer of layers) {
      if (layer.isTaken) throw new Error(`layers[${taken.length}] is in another run, or twice in layers`);
      layer.isTaken = true;
      taken.push(layer);
    }
    // Copies, since predict may call manualSeed.
    const streams = taken.map((layer, k) => new Generator((root ? root.fork(`#${k}`) : layer.generator).seed));
    // Lazy, so that a run of layers alone takes no child of the default generator.
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
      let isOnStack = true;
      // V8 may end predict without running `finally`, as Ctrl-C in the REPL of Node does. A microtask runs as soon as
      // the stack is empty, before the next line of the REPL.
      Promise.resolve().then(() => isOnStack && release(giveBacks));
      let sample: Sample;
      try {
        const value = predict({ index, generator: own });
        isOnStack = false;
        // Only a promise is awaited: while the run waits, other code may use the layers.
        sample = 'then' in Object(value) ? await value : (value as Sample);
      } finally {
        isOnStack = false;
        for (const giveBack of giveBacks) giveBack();
      }
      throwIfAborted(signal);
      if (!count && !own.isSeeded && !forks.some(({ position }) => position))
        throw new Error('all samples would be equal: pass layers, or use generator');
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
    release([]);
  }
}

/** A fork of a generator, made at its first use. Until then it has no seed. */
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
