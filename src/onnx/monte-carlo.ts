/**
 * Monte-Carlo dropout of ONNX models, on ONNX Runtime.
 * @module
 */
import type { FloatArray } from 'dropout-wasm';
import {
  type Kind,
  type MonteCarloOptions,
  monteCarlo,
  type ResultOf,
  type Sample,
  type SampleContext,
} from 'dropout-wasm/monte-carlo';
import { fromFloat16 } from './float16.js';
import type { PreparedDropout } from './prepare.js';
import {
  checkOptions,
  checkRatio,
  checkShape,
  checkWord,
  Dropout,
  isOptions,
  wrong,
  wrongType,
  wrongValue,
} from './shared.js';

/** What a run uses of a tensor of ONNX Runtime. */
export interface OnnxTensor {
  /** The type of the elements, such as 'float32'. */
  readonly type: string;
  /** The shape. */
  readonly dims: readonly number[];
  /** The elements, where they are in the memory of JavaScript. */
  readonly data: unknown;
  /** Where the elements are: 'cpu' or 'none', on a GPU, or undefined where there is nothing else. */
  readonly location?: string;
  /** Reads the elements back from where they are. */
  getData?(): Promise<unknown>;
  /** Frees the elements. */
  dispose?(): void;
}

/** What a run uses of an `InferenceSession` of onnxruntime-node, onnxruntime-web or onnxruntime-react-native. */
export interface OnnxSession {
  /** The names of the inputs of the model. */
  readonly inputNames: readonly string[];
  /** The names of the outputs of the model. */
  readonly outputNames: readonly string[];
  /** What the session tells of its inputs. */
  readonly inputMetadata?: readonly {
    /** The name of the input. */
    readonly name: string;
    /** The type of the input's elements. */
    readonly type?: string;
  }[];
  /** Runs the model on inputs, and returns the outputs that are named. */
  run(feeds: Readonly<Record<string, OnnxTensor>>, fetches: readonly string[]): Promise<Record<string, OnnxTensor>>;
}

/** Options of `onnxMonteCarlo`: `masks`, `output`, and those of `monteCarlo` but `layers`, which `dropouts` gives. */
export interface OnnxMonteCarloOptions<K extends Kind = Kind> extends Omit<MonteCarloOptions<K>, 'layers'> {
  /**
   * 'each' (the default): each index along the first axis of a Dropout's input, in most models a row of the batch, has
   * its own mask. 'shared': all indices share one mask, so a sample is one function of the inputs, and a row has the
   * same bits in a run of its own.
   */
  masks?: 'each' | 'shared';
  /** The name of the output that is a sample. By default the only one beside the shapes. */
  output?: string;
}

/** Options of `onnxMonteCarlo.stream`. */
export interface OnnxStreamOptions<K extends Kind = Kind> extends OnnxMonteCarloOptions<K> {
  /** The number of samples from one partial result to the next, from 1. Default 1. The last result has all samples. */
  every?: number;
}

/** `onnxMonteCarlo`, and `onnxMonteCarlo.stream`. */
export interface OnnxMonteCarlo {
  /**
   * Runs a prepared ONNX model for a number of samples with dropout active, and returns the mean, variance and, for
   * classes, entropies: Monte-Carlo dropout (Gal and Ghahramani 2016). A first run with dropout off gives the shapes of
   * the masks. All other operators run as in inference.
   *
   * Sample i depends only on i and the seed, so it can be recomputed by its number, and any split of the samples over
   * calls, workers or machines gives the same bits, as far as the execution provider repeats them (`merge`). Dropout k
   * of the list draws the mask of `new Dropout(ratio)` from ``fork(`sample ${i}`)`` of child k of the run's generator,
   * like layer k of `monteCarlo`: the same bits in all runtimes. Without a seed or generator, each dropout takes the
   * next child of the default generator.
   *
   * @param session an `InferenceSession` of `prepare(bytes).model`
   * @param dropouts `prepare(bytes).dropouts`, or what JSON made of it
   * @param feeds the inputs of the original model by name: tensors, which are neither changed nor disposed
   * @returns the statistics of all samples, in the shape of the output. Integers and booleans count as numbers
   * @throws (as a rejection) TypeError or RangeError that names the argument, before the model runs; what `session.run`
   *   rejects with, in the first run before anything is drawn; what `monteCarlo` rejects with; RangeError if the shape
   *   of a Dropout's input is not that of the first run
   * @example
   * import { onnxMonteCarlo } from 'dropout-wasm/onnx';
   *
   * // In place of ort.Tensor and ort.InferenceSession of ONNX Runtime: the prepared model y = x · mask.
   * class Tensor {
   *   constructor(type, data, dims) {
   *     Object.assign(this, { type, data, dims });
   *   }
   * }
   * const session = {
   *   inputNames: ['x', 'mask'],
   *   outputNames: ['y', 'shape'],
   *   run: async ({ x, mask }) => ({
   *     y: new Tensor('float32', x.data.map((value, i) => value * mask.data[i % mask.data.length]), x.dims),
   *     shape: new Tensor('int64', BigInt64Array.from(x.dims, BigInt), [x.dims.length]),
   *   }),
   * };
   * const dropouts = [{ name: 'drop', mask: 'mask', shape: 'shape', ratio: 0.5 }]; // prepare(bytes).dropouts
   *
   * const x = new Tensor('float32', Float32Array.of(1, 2), [1, 2]);
   * const { mean, std } = await onnxMonteCarlo(session, dropouts, { x }, { samples: 1000, seed: 42 });
   * console.log(Array.from(mean, Math.round), Array.from(std, Math.round)); // [ 1, 2 ] [ 1, 2 ]
   */
  <K extends Kind = 'values'>(
    session: OnnxSession,
    dropouts: readonly Readonly<PreparedDropout>[],
    feeds: Readonly<Record<string, OnnxTensor>>,
    options: OnnxMonteCarloOptions<K>,
  ): Promise<ResultOf<K>>;

  /**
   * Runs like `onnxMonteCarlo`, and yields a result of the samples so far after every `every` samples, and at the end.
   *
   * @param session as for `onnxMonteCarlo`, like `dropouts` and `feeds`
   * @throws (as a rejection of `next()`) what `onnxMonteCarlo` rejects with
   */
  stream<K extends Kind = 'values'>(
    session: OnnxSession,
    dropouts: readonly Readonly<PreparedDropout>[],
    feeds: Readonly<Record<string, OnnxTensor>>,
    options: OnnxStreamOptions<K>,
  ): AsyncGenerator<ResultOf<K>, void>;
}

type Feeds = Readonly<Record<string, OnnxTensor>>;
type Arguments<K extends Kind> = Parameters<typeof onnxMonteCarlo.stream<K>>;

/** Runs a prepared model with dropout active and returns statistics of an output. `.stream` yields partial results. */
export const onnxMonteCarlo: OnnxMonteCarlo = /* @__PURE__ */ Object.assign(
  async <K extends Kind = 'values'>(...args: Arguments<K>): Promise<ResultOf<K>> =>
    monteCarlo<K>(...(await argumentsFor(args, NAMES))),
  {
    async *stream<K extends Kind = 'values'>(...args: Arguments<K>): AsyncGenerator<ResultOf<K>, void> {
      yield* monteCarlo.stream<K>(...(await argumentsFor(args, [...NAMES, 'every'])));
    },
  },
);

/** The options of `monteCarlo` that stay as they are. */
const NAMES = ['samples', 'from', 'seed', 'generator', 'kind', 'until', 'keep', 'signal', 'onSample'];

/**
 * Checks the arguments, runs the model with dropout off, and returns the arguments of `monteCarlo`.
 * @throws (as a rejection) TypeError, RangeError that names the argument; what `session.run` rejects with
 */
async function argumentsFor<K extends Kind>(
  args: Arguments<K>,
  names: string[],
): Promise<Parameters<typeof monteCarlo.stream<K>>> {
  const [session, dropouts, feeds, options] = args;
  const { layers: given } = Object(options);
  if (given !== undefined) throw wrongType('layers', 'left out, since dropouts has them', given);
  const { masks = 'each', output } = checkOptions(options, [...names, 'masks', 'output']);
  checkWord(masks, 'masks', ['each', 'shared']);
  const sampled = checkModel(session, dropouts, output);
  checkFeeds(session, dropouts, feeds);
  // By name, since `...` leaves out what an object inherits, such as a seed of common options.
  const rest = Object.fromEntries(names.map((name) => [name, Object(options)[name]])) as never as MonteCarloOptions<K>;
  await checkRest(rest);
  const [predict, layers] = await predictorFor(session, dropouts, feeds, masks, sampled);
  return [predict, { ...rest, layers }];
}

/** Checks what `prepare` made. Returns the name of the output that is a sample. */
function checkModel(session: OnnxSession, dropouts: readonly PreparedDropout[], chosen: string | undefined): string {
  const { run, inputNames, outputNames } = Object(session) as OnnxSession;
  if (typeof run !== 'function' || !Array.isArray(inputNames) || !Array.isArray(outputNames))
    throw wrongType('session', 'an InferenceSession', session, 'await InferenceSession.create(model)');
  if (!Array.isArray(dropouts)) throw wrongType('dropouts', 'a list', dropouts, 'prepare(bytes).dropouts');
  const inputs = [...inputNames];
  const outputs = [...outputNames];
  // forEach would skip the holes of a list.
  for (const [k, dropout] of dropouts.entries()) {
    const { name, mask, shape, ratio } = Object(dropout);
    take(mask, `dropouts[${k}].mask`, inputs, 'an input');
    take(shape, `dropouts[${k}].shape`, outputs, 'an output');
    checkRatio(ratio, `dropouts[${k}].ratio`);
    if (typeof name !== 'string') throw wrongType(`dropouts[${k}].name`, 'a string', name);
  }
  if (!dropouts.some(({ ratio }) => ratio > 0))
    throw wrongValue(
      'dropouts',
      'a list with a ratio above 0',
      dropouts.map(({ ratio }) => ratio),
    );
  return checkWord(outputs.length === 1 && chosen === undefined ? outputs[0]! : chosen!, 'output', outputs);
}

/** Checks that there is a tensor for each input of the original model, and no other. */
function checkFeeds({ inputNames }: OnnxSession, dropouts: readonly PreparedDropout[], feeds: Feeds): void {
  const inputs = inputNames.filter((name) => !dropouts.some(({ mask }) => mask === name));
  if (!isOptions(feeds)) throw wrongType('feeds', 'tensors by the names of inputs', feeds);
  for (const name of Object.keys(feeds)) checkWord(name, 'a name in feeds', inputs);
  for (const name of inputs) {
    const tensor = Object(feeds[name]) as Partial<OnnxTensor>;
    const { dims, location = 'cpu' } = tensor;
    const hasData = location === 'cpu' ? Object(tensor.data).slice : location !== 'none';
    if (!Array.isArray(dims) || !hasData)
      throw wrongType(`feeds.${name}`, 'a tensor that is not disposed', feeds[name]);
  }
}

/** Lets `monteCarlo` check its options and the signal. The run ends before it draws anything. */
async function checkRest(options: MonteCarloOptions): Promise<void> {
  const checked = new Error();
  const check = () => {
    throw checked;
  };
  await monteCarlo
    .stream(check, options)
    .next()
    .catch((error) => {
      if (error !== checked) throw error;
    });
}

/**
 * Runs the model with dropout off, which gives the shapes of the masks.
 * @returns what `monteCarlo` calls, and its layers
 */
async function predictorFor(
  session: OnnxSession,
  dropouts: readonly PreparedDropout[],
  feeds: Feeds,
  masks: string,
  output: string,
): Promise<[predict: (context: SampleContext) => Promise<Sample>, layers: Dropout[]]> {
  const { inputMetadata = [] } = session;
  const nodes = dropouts.map(({ name, mask, shape, ratio }) => ({
    name,
    mask,
    shape,
    type: inputMetadata.find((input) => input.name === mask)?.type === 'float64' ? 'float64' : 'float32',
    layer: new Dropout(ratio, { inplace: true }),
    // A scalar, until the first run returns the shape of the data.
    dims: [] as readonly number[],
  }));
  const shapeNames = nodes.map(({ shape }) => shape);
  // The class of the caller's tensors, since an import of ONNX Runtime would choose one of its packages. Without feeds,
  // plain objects: a session reads only these fields.
  const { constructor: Class } = Object(Object.values(feeds)[0]);
  const tensorOf = (type: string, data: unknown, dims: readonly number[]): OnnxTensor =>
    typeof Class !== 'function' || Class === Object
      ? { type, data, dims, location: 'cpu' }
      : new Class(type, data, dims);
  /** Runs the model with dropout active or off, and returns the elements of these outputs. */
  const evaluate = async (isActive: boolean, fetches: string[]): Promise<Numbers[]> => {
    const fed = { ...feeds };
    // Copies, since a session behind ort.env.wasm.proxy transfers the arrays to its worker.
    // Those on a GPU throw if their data is read.
    for (const [name, tensor] of Object.entries(feeds))
      if ((tensor.location ?? 'cpu') === 'cpu')
        fed[name] = tensorOf(tensor.type, (tensor.data as Float32Array).slice(), tensor.dims);
    for (const { mask, type, layer, dims: each } of nodes) {
      const dims = each.map((size, axis) => (masks === 'shared' && axis === 0 ? 1 : size));
      const length = dims.reduce((n, size) => n * size, 1);
      const ones = (type === 'float64' ? new Float64Array(length) : new Float32Array(length)).fill(1);
      fed[mask] = tensorOf(type, isActive ? layer.forward(ones) : ones, dims);
    }
    const outputs = await session.run(fed, fetches);
    try {
      return await Promise.all(fetches.map((name) => numbersOf(outputs[name]!, name)));
    } finally {
      for (const tensor of Object.values(outputs)) tensor.dispose?.();
    }
  };
  (await inTurn(() => evaluate(false, shapeNames))).forEach(({ data }, k) => {
    nodes[k]!.dims = [...data];
  });
  const predict = async ({ index }: SampleContext): Promise<Sample> => {
    const [sample, ...shapes] = await inTurn(() => evaluate(true, [output, ...shapeNames]));
    shapes.forEach(({ data }, k) => {
      const { name, dims } = nodes[k]!;
      // A mask of the old shape may be broadcast to the new one without an error.
      checkShape([...data], dims, `sample ${index}: the input of ${name}`);
    });
    return sample!;
  };
  return [predict, nodes.map(({ layer }) => layer)];
}

/** The end of the latest call of `inTurn`. */
let latest: Promise<unknown> | undefined;

/**
 * Makes a call when the one before has ended. On WebGPU, ONNX Runtime Web hangs if the runs of two sessions overlap, or
 * two runs of one. On CPU it runs, like ONNX Runtime for Node, in the calling thread, so this takes no longer.
 */
function inTurn<T>(call: () => Promise<T>): Promise<T> {
  const result = Promise.resolve(latest).then(call);
  const end = () => {};
  latest = result.then(end, end);
  return result;
}

/** Removes a name from those of the session. @throws TypeError, RangeError if it is not among them */
function take(name: string, argument: string, names: string[], kind: string): void {
  const at = names.indexOf(name);
  if (at < 0)
    throw wrong('string', argument, `${kind} of the session, used once`, name, 'create it from prepare(bytes).model');
  names.splice(at, 1);
}

/** The elements of a tensor. */
interface Numbers {
  data: FloatArray;
  shape: readonly number[];
}

/** Reads a tensor. @throws TypeError unless it holds numbers */
async function numbersOf(tensor: OnnxTensor, name: string): Promise<Numbers> {
  const { type, dims: shape } = tensor;
  const values = (tensor.getData ? await tensor.getData() : tensor.data) as Uint16Array;
  if (!ArrayBuffer.isView(values)) throw wrongType(`output ${name}`, 'a tensor of numbers', type);
  if (values instanceof Float32Array) return { data: values, shape };
  const isHalf = type === 'float16' && values.BYTES_PER_ELEMENT === 2 && values[Symbol.toStringTag] === 'Uint16Array';
  // Number for the bigints of int64.
  return { data: Float64Array.from(values, isHalf ? fromFloat16 : Number), shape };
}
