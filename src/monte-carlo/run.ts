/**
 * Runs of a stochastic function: one sample after another, and sums of their results.
 * @module
 */
import type { Generator as DropoutGenerator, Layer, Tensor } from 'dropout-wasm';
import {
  checkFinite,
  checkProbabilities,
  classesOf,
  entropies,
  KINDS,
  type Kind,
  largest,
  softmax,
} from './classes.js';
import { type ResultOf, resultOf } from './result.js';
import {
  brandOf,
  checkBoolean,
  checkLayers,
  checkOptions,
  checkPositive,
  checkShape,
  checkWhole,
  checkWord,
  defaultGenerator,
  Generator,
  open,
  settle,
  wrong,
  wrongType,
  wrongValue,
} from './shared.js';
import { Tree } from './tree.js';

/** A typed array of floats, which is one row, or elements in row-major order with their shape. */
export type Sample = Float32Array | Float64Array | Tensor;

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
  /** The least number of samples. Default 16. */
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

export const monteCarlo: MonteCarlo = /* @__PURE__ */ Object.assign(
  async <K extends Kind = 'values'>(predict: Predict, options: MonteCarloOptions<K>): Promise<ResultOf<K>> => {
    const run = new Run<K>(predict, checkOptions(options, OPTIONS));
    for await (const _ of run.samples());
    return run.result();
  },
  {
    async *stream<K extends Kind = 'values'>(
      predict: Predict,
      options: StreamOptions<K>,
    ): AsyncGenerator<ResultOf<K>, void> {
      const { every = 1, ...others } = checkOptions(options, [...OPTIONS, 'every']);
      checkPositive(every, 'every');
      const run = new Run<K>(predict, others);
      let isReported = false;
      for await (const count of run.samples()) {
        isReported = count % every === 0;
        if (isReported) yield run.result();
      }
      if (!isReported) yield run.result();
    },
  },
);

const OPTIONS = ['samples', 'from', 'seed', 'generator', 'layers', 'kind', 'until', 'keep', 'signal', 'onSample'];

/** The number of samples from one look at `until` to the next. */
const LOOK = 16;

/** A stream that takes its seed from another one when it is first used, and tells whether it was. */
class SampleStream extends Generator {
  isUsed = false;

  constructor(
    private readonly source: DropoutGenerator,
    private readonly label: string,
  ) {
    super();
  }

  override seedWord(): ReturnType<DropoutGenerator['seedWord']> {
    if (!this.isUsed) {
      this.isUsed = true;
      this.reseed(this.source.fork(this.label).seed);
    }
    return super.seedWord();
  }
}

/** One run: its options, checked, and the sums so far. */
class Run<K extends Kind> {
  declare private readonly options: MonteCarloOptions<K>;
  declare private readonly layers: readonly Layer[];
  /** The generator of the whole run, if it has a seed or generator. */
  declare private readonly root: DropoutGenerator | undefined;
  declare private readonly from: number;
  declare private readonly kind: Kind;
  private shape: readonly number[] = [];
  private classes = 0;
  private votes = new Float64Array(0);
  private tree: Tree | undefined;
  private readonly kept: Float64Array[] = [];

  /** @throws TypeError, RangeError that names the option, before anything is drawn */
  constructor(
    private readonly predict: Predict,
    options: MonteCarloOptions<K>,
  ) {
    const { samples, from = 0, seed, generator, layers = [], kind = 'values', until, keep, signal, onSample } = options;
    checkFunction(predict, 'predict');
    checkPositive(samples, 'samples');
    checkWhole(from, 'from', 2 ** 53 - samples);
    checkWord<Kind>(kind, 'kind', KINDS);
    checkLayers(layers);
    if (new Set(layers).size < layers.length) throw wrongValue('layers', 'a list without repetitions', layers);
    if (until !== undefined) {
      const { standardError, minSamples = LOOK } = checkOptions(until, ['standardError', 'minSamples'], 'until');
      if (typeof standardError !== 'number' || !(standardError > 0))
        throw wrong('number', 'until.standardError', 'a number above 0', standardError);
      checkPositive(minSamples, 'until.minSamples');
      if (from > 0) throw wrongValue('from', '0 beside until', from, 'run a fixed number of samples, and merge');
    }
    if (keep !== undefined) checkBoolean(keep, 'keep');
    if (signal !== undefined && typeof Object(signal).aborted !== 'boolean')
      throw wrongType('signal', 'an AbortSignal', signal, 'pass the signal of the AbortController');
    if (onSample !== undefined) checkFunction(onSample, 'onSample');
    if (generator !== undefined) {
      if (seed !== undefined) throw wrongType('generator', 'left out beside a seed', generator);
      if (brandOf(generator) !== 'Generator')
        throw wrongType(
          'generator',
          'a Generator',
          generator,
          typeof generator === 'number' ? `seed: ${generator}` : undefined,
        );
    }
    this.root = seed === undefined ? generator : new Generator(seed);
    this.options = options;
    this.layers = [...layers];
    this.from = from;
    this.kind = kind;
  }

  /** Computes the samples. Gives their number so far after each. */
  async *samples(): AsyncGenerator<number, void> {
    const { predict, layers, root, from, options } = this;
    const { samples, signal, onSample } = options;
    for (const layer of layers)
      if (layer.isTaken)
        throw new Error(`${layer} is in a run that has not ended: await it, or leave its stream by break or return()`);
    for (const layer of layers) layer.isTaken = true;
    try {
      // Copies of the seeds, since predict might call manualSeed.
      const streams = layers.map((layer, k) => new Generator((root ? root.fork(`#${k}`) : layer.generator).seed));
      const source = root ? new Generator(root.seed) : defaultGenerator.follower();
      for (let count = 0; count < samples && !this.isDone(count); ) {
        throwIfAborted(signal);
        const index = from + count;
        const label = `sample ${index}`;
        const generator = new SampleStream(source, label);
        const forks = streams.map((stream) => stream.fork(label));
        const giveBacks = layers.map((layer, k) => layer.borrow(forks[k]!));
        let sample: Sample;
        try {
          const value = predict({ index, generator });
          // Not await for any value: in the meantime others might use the layers.
          sample = isPromiseLike(value) ? await value : value;
        } finally {
          for (const giveBack of giveBacks) giveBack();
        }
        if (count === 0 && !generator.isUsed && !forks.some(({ position }) => position > 0))
          throw new Error(
            `no layer drew a key in ${label} and predict did not use generator, so all samples would be equal: ` +
              'pass as layers those that predict runs, with p between 0 and 1, or draw from generator',
          );
        throwIfAborted(signal);
        const elements = this.add(index, sample, label);
        await onSample?.(index, elements!);
        yield ++count;
      }
    } finally {
      for (const layer of layers) layer.isTaken = false;
    }
  }

  /** The result of the samples so far, which later ones do not change. */
  result(): ResultOf<K> {
    const { kind, shape, kept, options } = this;
    const { extent } = this.tree!;
    const nodes = this.tree!.share();
    return resultOf({
      kind,
      shape,
      extent,
      nodes,
      votes: this.votes.slice(),
      kept: options.keep ? [...kept] : undefined,
    });
  }

  /** Whether no standard error is above that of `until`, looked at after every 16th sample. */
  private isDone(count: number): boolean {
    const { until } = this.options;
    if (!until || count === 0 || count % LOOK || count < (until.minSamples ?? LOOK)) return false;
    return this.result().standardError.every((error) => error <= until.standardError);
  }

  /**
   * Adds a sample to the sums.
   *
   * @returns a copy of its elements if there is use for it
   * @throws TypeError, RangeError that names the sample
   */
  private add(index: number, sample: Sample, name: string): Float64Array | undefined {
    const { kind, options } = this;
    const { keep, onSample } = options;
    const { data, shape = [data.length] } = open(sample, name);
    const { length } = data;
    if (this.tree) checkShape(shape, this.shape, name);
    else {
      if (length === 0) throw wrongValue(`${name}.shape`, 'one with elements', shape);
      if (kind !== 'values') {
        this.classes = classesOf(shape, name);
        this.votes = new Float64Array(length);
      }
      this.shape = [...shape];
      this.tree = new Tree({ length, rows: this.classes && length / this.classes });
    }
    const { tree, classes, votes } = this;
    settle(data);
    const sums = tree.allocate();
    sums.set(data);
    if (kind === 'probabilities') checkProbabilities(sums, length, classes, name);
    else checkFinite(sums, length, name);
    if (kind === 'logits') softmax(sums, length, classes);
    if (kind !== 'values') {
      entropies(sums, length, classes, sums, 2 * length);
      for (let row = 0; row < length; row += classes) votes[largest(sums, row, row + classes)]! += 1;
    }
    const elements = keep || onSample ? sums.slice(0, length) : undefined;
    if (keep) this.kept.push(elements!);
    tree.push({ from: index, size: 1, sums, isShared: false });
    return elements;
  }
}

function checkFunction(value: unknown, name: string): void {
  if (typeof value !== 'function') throw wrongType(name, 'a function', value);
}

const isPromiseLike = <T>(value: T | PromiseLike<T>): value is PromiseLike<T> =>
  typeof (value as PromiseLike<T> | undefined)?.then === 'function';

/** @throws the reason of the signal */
function throwIfAborted(signal: Signal | undefined): void {
  if (signal?.aborted) throw signal.reason ?? Object.assign(new Error('the run was aborted'), { name: 'AbortError' });
}
