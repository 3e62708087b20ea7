/**
 * dropout-wasm/inference: the layers for programs that only evaluate. They pass their input through, contain no
 * WebAssembly, and refuse to train.
 * @module
 */
// The public types, so that a Generator is one class in the declarations of both entries.
import type {
  Channels,
  FloatArray,
  ForwardOptions,
  Generator,
  Input,
  LayerJSON,
  LayersJSON,
  Like,
  NoiseShape,
  Result,
  Tensor,
} from 'dropout-wasm';

/** The options of all layers of dropout-wasm. Evaluation is the same with any of them. */
export interface LayerOptions {
  /** Seed of the layer's stream. */
  seed?: number | bigint;
  /** A generator whose next child is the layer's stream. */
  generator?: Generator;
  /** Whether a training forward writes its result over x. */
  inplace?: boolean;
  /** Whether the layer is active in evaluation too. True is an error here. */
  always?: boolean;
  /** The shape of the draws of Dropout and AlphaDropout. */
  noiseShape?: NoiseShape | null;
  /** Position of the channel axis. */
  channels?: Channels;
  /** Whether DropPath scales kept samples. */
  scaleByKeep?: boolean;
  /** Height and width of a block of DropBlock2d. */
  blockSize?: number;
  /** Whether LockedDropout takes [batch, time, features]. */
  batchFirst?: boolean;
}

const OPTIONS = [
  'seed',
  'generator',
  'inplace',
  'always',
  'noiseShape',
  'channels',
  'scaleByKeep',
  'blockSize',
  'batchFirst',
];

// The checks are the entry's own and plainer: with those of core/ it would be nearly twice as large.

/** The name of a value's built-in class, which subclasses and other realms share. */
const classOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);

/** A message that shows a primitive, or the class of an object. */
const message = (name: string, expected: string, got: unknown): string =>
  `${name} has to be ${expected}, but got ${Object(got) === got ? classOf(got) : String(got).slice(0, 80)}`;

const wrongType = (name: string, expected: string, got: unknown): TypeError =>
  new TypeError(message(name, expected, got));

/** @throws TypeError unless value is an object */
function checkObject<T extends object>(value: T, name: string): T {
  if (classOf(value) !== 'Object')
    throw wrongType(
      name,
      'an object',
      name === 'json' && typeof value === 'string' ? 'a string: JSON.parse it' : value,
    );
  return value;
}

/** @throws TypeError unless options is an object of known options */
function checkOptions<T extends object>(options: T, known: readonly string[]): T {
  for (const name of Object.keys(checkObject(options, 'options')))
    if (!known.includes(name)) throw new TypeError(`unknown option "${name}": the options are ${known.join(', ')}`);
  return options;
}

/** @throws TypeError unless a mode is a boolean, Error if it is true */
function refuse(training: boolean, name: string): void {
  if (typeof training !== 'boolean') throw wrongType(name, 'a boolean', training);
  if (training) throw new Error('dropout-wasm/inference only evaluates: train with dropout-wasm');
}

/** @throws TypeError, RangeError unless value is an array of floats, or a tensor around one */
function dataOf(value: Input, name: string): FloatArray {
  const isArray = ArrayBuffer.isView(value);
  const { data, shape } = isArray ? ({ data: value } as Tensor) : (Object(value) as Tensor);
  if (!/^Float(16|32|64)Array$/.test(classOf(data)))
    throw wrongType(name, 'a Float32Array, Float64Array, Float16Array or { data, shape }', data ?? value);
  if (isArray) return data;
  if (!Array.isArray(shape)) throw wrongType(`${name}.shape`, 'an array of whole numbers', shape);
  // Spread, since `every` skips holes. The other sizes of an empty tensor may be huge, and 0 · ∞ is not 0.
  const isWhole = [...shape].every((size) => Number.isInteger(size) && size >= 0);
  if (!isWhole || (shape.includes(0) ? 0 : shape.reduce((a, b) => a * b, 1)) !== data.length)
    throw new RangeError(message(`${name}.shape`, `of ${data.length} elements`, `[${shape}]`));
  return data;
}

/** The base class of every layer. */
export abstract class Layer {
  /** The name under which dropout-wasm stores a layer. */
  static readonly type: string = 'Layer';
  /** The name of the constructor's first parameter. */
  static readonly parameter: 'p' | 'stddev' = 'p';
  /** Always false. */
  get training(): boolean {
    return false;
  }

  /**
   * @param amount p or stddev
   * @throws TypeError, RangeError that names the argument; Error for `always: true`
   */
  constructor(amount: number, options: LayerOptions = {}) {
    const { parameter } = this.constructor as typeof Layer;
    const isP = parameter === 'p';
    if (typeof amount !== 'number') throw wrongType(parameter, 'a number', amount);
    if (!(amount >= 0 && (isP ? amount <= 1 : amount < Number.POSITIVE_INFINITY)))
      throw new RangeError(message(parameter, isP ? 'between 0 and 1' : 'a finite number of at least 0', amount));
    const { always = false } = checkOptions(options, OPTIONS);
    refuse(always, 'always');
    Object.defineProperty(this, parameter, { value: amount, enumerable: true });
  }

  /**
   * Passes x through.
   *
   * @param x an array, or `{ data, shape }` around one
   * @param outOrOptions where a copy of x goes, or `{ out, training }`
   * @returns x itself, or `out`
   * @throws Error for `{ training: true }`; TypeError or RangeError that names the argument, before anything is written
   */
  forward<X extends Input>(x: X, outOrOptions?: Like<X> | ForwardOptions<X>): Result<X> {
    const from = dataOf(x, 'x');
    const isOptions = classOf(outOrOptions) === 'Object' && !('data' in (outOrOptions as object));
    const options = isOptions ? outOrOptions : ({ out: outOrOptions } as ForwardOptions<X>);
    const { training = false, out } = checkOptions(options as ForwardOptions<X>, ['out', 'training']);
    refuse(training, 'training');
    if (out === undefined) return x as unknown as Result<X>;
    const to = dataOf(out, 'out');
    const [shape, expected] = [out, x].map((each) => (each as Tensor).shape);
    if (!shape !== !expected || classOf(to) !== classOf(from)) throw wrongType('out', 'of the type of x', out);
    if (String(shape) !== String(expected)) throw new RangeError(message('out.shape', `[${expected}]`, `[${shape}]`));
    if (to.length < from.length) throw new RangeError(message('out.length', `at least ${from.length}`, to.length));
    Float32Array.prototype.set.call(to, from);
    return out as unknown as Result<X>;
  }

  /** @throws Error unless mode is false */
  train(mode = true): this {
    refuse(mode, 'mode');
    return this;
  }

  /** Does nothing: the layer is always in evaluation mode. */
  eval(): this {
    return this;
  }

  /** The class and its first parameter, such as `Dropout2d(p=0.5, evaluation)`. */
  toString(): string {
    const { type, parameter } = this.constructor as typeof Layer;
    return `${type}(${parameter}=${this[parameter as never]}, evaluation)`;
  }

  /**
   * Restores a layer from the output of dropout-wasm's `toJSON`.
   * @throws TypeError, RangeError unless json is from a layer of this class; Error if its `always` is true
   */
  static fromJSON<L extends Layer>(this: LayerClass<L>, json: LayerJSON): L {
    const { type, training, lock, [this.parameter]: amount, ...options } = checkObject(json, 'json');
    if (type !== this.type) throw wrongType('type', `"${this.type}"`, type);
    // Not the constructor's default.
    if (amount === undefined) throw wrongType(this.parameter, 'a number', amount);
    return new this(amount as number, options);
  }
}

/** A layer class, as `fromJSON` sees it. */
interface LayerClass<L extends Layer> {
  readonly type: string;
  readonly parameter: 'p' | 'stddev';
  new (amount: number, options: object): L;
}

/** A layer with a probability. */
abstract class ProbabilityLayer extends Layer {
  /** Probability that an element is dropped in training, from 0 to 1. */
  declare readonly p: number;

  /** Takes the arguments of the layer of this name in dropout-wasm. @throws as `Layer` */
  constructor(p = 0.5, options?: LayerOptions) {
    super(p, options);
  }
}

/** Dropout of elements. */
export class Dropout extends ProbabilityLayer {
  static override readonly type: string = 'Dropout';
}

/** Dropout of whole channels of sequences. */
export class Dropout1d extends ProbabilityLayer {
  static override readonly type: string = 'Dropout1d';
}

/** Dropout of whole feature maps. */
export class Dropout2d extends ProbabilityLayer {
  static override readonly type: string = 'Dropout2d';
}

/** Dropout of whole volumes. */
export class Dropout3d extends ProbabilityLayer {
  static override readonly type: string = 'Dropout3d';
}

/** Alpha dropout. */
export class AlphaDropout extends ProbabilityLayer {
  static override readonly type: string = 'AlphaDropout';
}

/** Alpha dropout of whole channels. */
export class FeatureAlphaDropout extends ProbabilityLayer {
  static override readonly type: string = 'FeatureAlphaDropout';
}

/** Multiplicative noise. */
export class GaussianDropout extends ProbabilityLayer {
  static override readonly type: string = 'GaussianDropout';
}

/** Additive noise. */
export class GaussianNoise extends Layer {
  static override readonly type: string = 'GaussianNoise';
  static override readonly parameter = 'stddev';
  /** Standard deviation of the noise in training, a finite number of at least 0. */
  declare readonly stddev: number;
}

/** Stochastic depth. */
export class DropPath extends ProbabilityLayer {
  static override readonly type: string = 'DropPath';

  /** Takes the arguments of the layer of this name in dropout-wasm. @throws as `Layer` */
  constructor(p = 0.1, options?: LayerOptions) {
    super(p, options);
  }
}

/** Dropout of squares of feature maps. */
export class DropBlock2d extends ProbabilityLayer {
  static override readonly type: string = 'DropBlock2d';

  /** Takes the arguments of the layer of this name in dropout-wasm. @throws as `Layer` */
  constructor(p = 0.1, options?: LayerOptions) {
    super(p, options);
  }
}

/** Variational dropout. */
export class LockedDropout extends ProbabilityLayer {
  static override readonly type: string = 'LockedDropout';

  /** Does nothing: evaluation has no mask to discard. */
  reset(): void {}
}

const CLASSES = [
  Dropout,
  Dropout1d,
  Dropout2d,
  Dropout3d,
  AlphaDropout,
  FeatureAlphaDropout,
  GaussianDropout,
  GaussianNoise,
  DropPath,
  DropBlock2d,
  LockedDropout,
];

/**
 * Restores layers from the output of dropout-wasm's `layersToJSON`.
 *
 * @throws TypeError, RangeError unless json is from `layersToJSON`; Error if it is from version 0.1.0, or if the
 *   `always` of a layer is true
 */
export function layersFromJSON(json: LayersJSON): Layer[] {
  const { layers } = checkObject(json, 'json');
  if ('generators' in json)
    throw new Error('json is from layersToJSON of dropout-wasm 0.1.0: restore it with that version');
  checkOptions(json, ['layers']);
  if (!Array.isArray(layers)) throw wrongType('layers', 'an array', layers);
  // Not `map`, which skips holes.
  return Array.from(layers, (layer: LayerJSON) => {
    const { type } = checkObject(layer, 'layer');
    const found = CLASSES.find((other) => other.type === type);
    if (!found) throw wrongType('type', 'the name of a layer', type);
    return (found as typeof Dropout).fromJSON(layer);
  });
}

/**
 * Checks its arguments, like `setTraining` of dropout-wasm, and changes nothing: every layer is in evaluation mode.
 * @throws TypeError unless layers is an array of layers and mode a boolean; Error if mode is true
 */
export function setTraining(layers: readonly Layer[], mode: boolean): void {
  if (!Array.isArray(layers) || ![...layers].every((layer) => layer instanceof Layer))
    throw wrongType('layers', 'an array of layers', layers);
  refuse(mode, 'mode');
}
