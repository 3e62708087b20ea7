/**
 * The base class of layers: a mode, a stream and the state of the latest forward, over the stateless functions.
 * @module
 */
import { brand, brandOf } from '../core/brand.js';
import { checkBoolean, checkOptions, checkProbability, checkWord, isOptions, wrongType } from '../core/check.js';
import { needsKey } from '../core/draws.js';
import type { Broadcast } from '../core/shapes.js';
import {
  checkLength,
  checkShape,
  type FloatArray,
  type Input,
  isSameShape,
  type Like,
  type OpenInput,
  open,
  type Result,
} from '../core/tensor.js';
import { toBigInt, type U64 } from '../core/u64.js';
import { copy, newResult, targetOf } from '../functional/result.js';
import { Generator, type GeneratorJSON, streamFor } from '../generator.js';

/** Options of every layer. */
export interface LayerOptions {
  /** Whether a training forward writes its result over x. Default false. */
  inplace?: boolean;
  /** Whether the layer is active in evaluation too, for Monte-Carlo dropout. Default false. */
  always?: boolean;
  /** Seed of the layer's stream: a bigint from 0 to 2^64 − 1 or an integer from 0 to 2^53. */
  seed?: number | bigint;
  /**
   * Instead of `seed`: a generator whose next child, `generator.spawn()`, becomes the layer's stream. By default it is a
   * child of the default generator, which `manualSeed` reseeds.
   */
  generator?: Generator;
}

/** Options of a single forward. */
export interface ForwardOptions<X extends Input> {
  /** Mode of this call. Default: the mode of the layer. */
  training?: boolean;
  /** Where the result goes. By default a new array or tensor is allocated. */
  out?: Like<X>;
}

/** A layer's options, mode and stream, as `toJSON` returns them. */
export interface LayerJSON {
  /** The name of the layer's class. */
  type: string;
  /** Whether a training forward writes its result over x. */
  inplace: boolean;
  /** Whether the layer is active in evaluation too. */
  always: boolean;
  /** The mode. */
  training: boolean;
  /** The state of the layer's own stream. */
  generator: GeneratorJSON;
  /** The options of the layer's class, such as p. */
  [option: string]: unknown;
}

/** State saved by forward for backward and mask. The mask itself is never stored. */
export interface ForwardContext {
  readonly training: boolean;
  /** p or stddev; 0 in evaluation. */
  readonly amount: number;
  key: U64 | undefined;
  readonly length: number;
  readonly shape: readonly number[] | undefined;
  readonly broadcast: Broadcast | undefined;
}

/** An option of a layer class: its default, and a check that returns the value to keep. */
export interface LayerOption {
  readonly default: unknown;
  // biome-ignore lint/suspicious/noExplicitAny: each check takes the type of its option
  readonly check: (value: any, name: string) => unknown;
}

/** The options of a layer class by name. */
export type LayerOptionTable = Readonly<Record<string, LayerOption>>;

/** A layer class, as `fromJSON` sees it. */
interface LayerClass<L extends Layer> {
  readonly type: string;
  readonly parameter: 'p' | 'stddev';
  readonly options: LayerOptionTable;
  readonly state: readonly string[];
  new (amount: number, options: Record<string, unknown>): L;
}

/** The base class of every layer. */
export abstract class Layer {
  /** The name under which a layer is stored. The name of the class would not survive a minifier. */
  static readonly type: string = 'Layer';
  /** The name of the constructor's first parameter. */
  static readonly parameter: 'p' | 'stddev' = 'p';
  /** The options of the class beside those of every layer. Each becomes a read-only property. */
  static readonly options: LayerOptionTable = {};
  /** The names of what `toJSON` stores besides the options, the mode and the stream. */
  static readonly state: readonly string[] = [];

  declare protected amount: number;
  declare private _inplace: boolean;
  declare private _always: boolean;
  declare private stream: Generator;
  private _training = true;
  private latest: ForwardContext | undefined;
  private latestKey: U64 | undefined;
  /** @internal Whether the layer is in a Monte-Carlo run that has not ended. */
  isTaken = false;

  /**
   * @param amount p or stddev
   * @throws TypeError, RangeError that names the option, before a child of the generator is taken
   */
  constructor(amount: number, options: LayerOptions) {
    const { options: own } = this.constructor as typeof Layer;
    const known = [...Object.keys(own), ...COMMON];
    const given = checkOptions(options, known) as LayerOptions & Record<string, unknown>;
    const { inplace = false, always = false, seed, generator } = given;
    this.amount = this.checkAmount(amount);
    for (const [name, option] of Object.entries(own)) {
      const { [name]: value = option.default } = given;
      // Configurable, so that a Proxy may answer otherwise, as Vue's do.
      Object.defineProperty(this, name, { value: option.check(value, name), enumerable: true, configurable: true });
    }
    this.inplace = inplace;
    this.always = always;
    this.stream = streamFor(seed, generator);
    brand(this, 'Layer');
  }

  /** The layer's own stream of keys. No other layer draws from it. */
  get generator(): Generator {
    return this.stream;
  }

  /**
   * Whether a training forward writes its result over x. Default false.
   * @throws TypeError when set to anything but a boolean
   */
  get inplace(): boolean {
    return this._inplace;
  }

  set inplace(inplace: boolean) {
    this._inplace = checkBoolean(inplace, 'inplace');
  }

  /**
   * Whether the layer is active in evaluation too. Default false.
   * @throws TypeError when set to anything but a boolean
   */
  get always(): boolean {
    return this._always;
  }

  set always(always: boolean) {
    this._always = checkBoolean(always, 'always');
  }

  /** Whether the layer is in training mode. Default true; `train` and `eval` set it. */
  get training(): boolean {
    return this._training;
  }

  /** @internal */
  set training(_: never) {
    throw new TypeError('set training by train() or eval()');
  }

  /** The key of the latest training forward. Undefined before the first, and where p or stddev needed no key. */
  get key(): bigint | undefined {
    return this.latestKey && toBigInt(this.latestKey);
  }

  /**
   * Switches to training mode, or to evaluation if mode is false. Default true.
   * @throws TypeError unless mode is a boolean
   */
  train(mode = true): this {
    this._training = checkBoolean(mode, 'mode');
    return this;
  }

  /** Switches to evaluation mode. */
  eval(): this {
    return this.train(false);
  }

  /**
   * Runs the layer. A training forward draws one key, unless p or stddev needs none.
   *
   * @param x an array, or `{ data, shape }` around one
   * @param outOrOptions where the result goes (pass x to work in place), or `{ out, training }`
   * @returns in training `out`, x if in place, or a new array or tensor like x; in evaluation x itself, or `out`
   *   with a copy of x
   * @throws TypeError or RangeError that names the argument, before a key is drawn or anything is written
   */
  forward<X extends Input>(x: X, outOrOptions?: Like<X> | ForwardOptions<X>): Result<X> {
    const options = isForwardOptions<X>(outOrOptions) ? outOrOptions : undefined;
    const training =
      options?.training === undefined ? this._training || this._always : checkBoolean(options.training, 'training');
    let out = options ? options.out : (outOrOptions as Like<X> | undefined);
    if (out === undefined && training && this._inplace) out = x as unknown as Like<X>;
    const input = open(x);
    const context = this.contextFor(input, training);
    const result = training ? this.resultOf<X>(input, out, context) : evaluated<X>(x, input, out);
    this.finish(input, context);
    return result;
  }

  /** @internal Starts a training forward of elements that another library holds. The stream stays until `finish`. */
  begin(x: OpenInput): ForwardContext {
    const context = this.contextFor(x, true);
    this.drawKey(x, context);
    return context;
  }

  /** @internal Ends a forward: takes its key, and keeps its state. A forward that throws before may be repeated. */
  finish(x: OpenInput, context: ForwardContext): void {
    if (context.key) this.useKey(x, context.key);
    if (context.training) this.latestKey = context.key;
    this.latest = context;
  }

  /**
   * @internal Makes the layer active on another stream, for a sample of a Monte-Carlo run. The returned function
   * restores its stream, mode and latest forward.
   */
  borrow(sample: Generator): () => void {
    const { stream, _training, _always, latest, latestKey } = this;
    this.stream = sample;
    this._training = true;
    return () => {
      Object.assign(this, { stream, _training, _always, latest, latestKey });
    };
  }

  /**
   * Computes the gradient with respect to the input of the latest forward.
   *
   * @param dy the gradient with respect to its result, with as many elements
   * @param out where the gradient goes; it may be dy itself
   * @returns `out`, or a new array or tensor like dy; after an evaluation forward dy itself
   * @throws Error before any forward; TypeError or RangeError that names the argument
   */
  backward<X extends Input>(dy: X, out?: Like<X>): Result<X> {
    return this.backwardOf(this.latestForward('backward'), dy, out);
  }

  /**
   * Returns the `backward` of the latest forward as a function that later forwards do not change, for a layer that is
   * used twice in one step. The function takes dy and `out`, and returns and throws like `backward`.
   * @throws Error before any forward
   */
  pullback(): <X extends Input>(dy: X, out?: Like<X>) => Result<X> {
    const context = this.latestForward('pullback');
    return (dy, out) => this.backwardOf(context, dy, out);
  }

  /**
   * The class, its options where they differ from the defaults, the mode and the stream, such as
   * `Dropout2d(p=0.5, channels="last", training, seed 42 at 3)`. It is also what `console.log` prints. A seed that is
   * not drawn yet stays so.
   */
  toString(): string {
    const { parameter, options } = this.constructor as typeof Layer;
    const { type, training, ...values } = this.stored();
    const shown = Object.entries(values)
      .filter(([name, value]) => name === parameter || value !== (options[name]?.default ?? false))
      .map(([name, value]) => `${name}=${JSON.stringify(value)}`);
    return `${type}(${[...shown, training ? 'training' : 'evaluation', this.stream.describe()].join(', ')})`;
  }

  /** The options, the mode and the state of the stream. A stream that has no seed yet gets one. */
  toJSON(): LayerJSON {
    return { ...this.stored(), generator: this.stream.toJSON() } as unknown as LayerJSON;
  }

  /**
   * Restores a layer from the output of `toJSON`. It draws the masks that the original would have drawn next, and
   * `manualSeed` does not reseed it.
   *
   * @throws TypeError, RangeError unless json is from a layer of this class
   */
  static fromJSON<L extends Layer>(this: LayerClass<L>, json: LayerJSON): L {
    return restore(this, json);
  }

  /** @throws TypeError, RangeError unless amount is a valid p or stddev */
  protected checkAmount(amount: number): number {
    const remedy = isOptions(amount) ? 'p is the first argument' : undefined;
    return checkProbability(amount, 'p', remedy);
  }

  /** The state of a forward, without a key. */
  private contextFor(x: OpenInput, training: boolean): ForwardContext {
    const { data, shape } = x;
    const { latest } = this;
    // A model uses the same shapes over and over: the broadcast of a shape takes as long as 600 elements.
    const known = shape && latest?.shape && isSameShape(shape, latest.shape) ? latest : undefined;
    return {
      training,
      amount: training ? this.amount : 0,
      key: undefined,
      length: data.length,
      shape: known ? known.shape : shape && [...shape],
      broadcast: known ? known.broadcast : this.broadcast(x),
    };
  }

  private drawKey(x: OpenInput, context: ForwardContext): void {
    if (this.needsKey(context.amount)) context.key = this.nextKey(x);
  }

  /** Writes the result of a training forward. */
  protected abstract apply(x: FloatArray, out: FloatArray, context: ForwardContext): void;

  /** Writes the gradient of a training forward. */
  protected abstract gradient(dy: FloatArray, out: FloatArray, context: ForwardContext): void;

  /** Checks the shape of x if it matters. Returns which elements share a draw; undefined if none do. */
  protected broadcast(_x: OpenInput): Broadcast | undefined {
    return undefined;
  }

  /** Whether a forward of this p or stddev draws a key. */
  protected needsKey(amount: number): boolean {
    return needsKey(amount);
  }

  /** The key for a forward. The stream stays as it is until `useKey`. */
  protected nextKey(_x: OpenInput): U64 {
    return this.stream.peek();
  }

  /** Takes the key of `nextKey` from the stream, after the forward. */
  protected useKey(_x: OpenInput, _key: U64): void {
    this.stream.advance();
  }

  /** @internal Restores the state in the JSON besides the options and the mode. */
  restoreState(_json: LayerJSON, stream: Generator): void {
    this.stream = stream;
  }

  protected latestForward(method: string): ForwardContext {
    if (!this.latest) throw new Error(`${method} needs a forward first`);
    return this.latest;
  }

  /** The class, the options that are defined, and the mode. */
  private stored(): Record<string, unknown> {
    const { type, parameter, options } = this.constructor as typeof Layer;
    const stored: Record<string, unknown> = { type, [parameter]: this.amount };
    for (const name of [...Object.keys(options), 'inplace', 'always', 'training'] as (keyof this & string)[])
      if (this[name] !== undefined) stored[name] = this[name];
    return stored;
  }

  private backwardOf<X extends Input>(context: ForwardContext, dy: X, out?: Like<X>): Result<X> {
    const input = open(dy, 'dy');
    const { data, shape } = input;
    checkLength(data, context.length, 'dy');
    if (context.shape && shape) checkShape(shape, context.shape, 'dy');
    return context.training ? this.resultOf<X>(input, out, context, 'dy') : evaluated<X>(dy, input, out, 'dy');
  }

  /** The result of a training forward for x, or the gradient for dy. */
  private resultOf<X extends Input>(
    input: OpenInput,
    out: Like<X> | undefined,
    context: ForwardContext,
    name: 'x' | 'dy' = 'x',
  ): Result<X> {
    // Bound, since a closure here would cost each call 10 ns, even one with out.
    if (out === undefined) return newResult<X>(input, this.write.bind(this, input, context, name), name);
    this.write(input, context, name, targetOf<X>(input, out, name));
    return out as unknown as Result<X>;
  }

  private write(input: OpenInput, context: ForwardContext, name: 'x' | 'dy', target: FloatArray): void {
    if (name === 'dy') this.gradient(input.data, target, context);
    else {
      this.drawKey(input, context);
      this.apply(input.data, target, context);
    }
  }
}

const COMMON = ['inplace', 'always', 'seed', 'generator'];

/** The result in evaluation: x itself, or `out` with a copy of it. */
function evaluated<X extends Input>(x: X, input: OpenInput, out: Like<X> | undefined, name?: string): Result<X> {
  if (out !== undefined) copy(input.data, targetOf<X>(input, out, name));
  return (out ?? x) as Result<X>;
}

/** Whether forward's second argument is options. Anything that resembles an array or tensor is not. */
function isForwardOptions<X extends Input>(value: unknown): value is ForwardOptions<X> {
  if (ArrayBuffer.isView(value) || !isOptions(value) || 'data' in value || 'length' in value) return false;
  checkOptions(value, ['out', 'training']);
  return true;
}

/** @internal Restores a layer of this class on its stored stream. */
export function restore<L extends Layer>(Class: LayerClass<L>, json: LayerJSON): L {
  const { type, parameter, state } = Class;
  const options = ['inplace', 'always', ...Object.keys(Class.options)];
  // The type first: a layer of another class has other options.
  if (isOptions(json)) checkWord(json.type, 'type', [type]);
  const known = ['type', parameter, ...options, 'training', 'generator', ...state];
  const { [parameter]: amount, training, generator } = checkOptions(json, known, 'json');
  // Not the constructor's default.
  if (amount === undefined) throw wrongType(parameter, 'a number', amount);
  const layer = new Class(amount as number, Object.fromEntries(options.map((name) => [name, json[name]])));
  // Nor that of train().
  layer.train(checkBoolean(training, 'training')).restoreState(json, Generator.fromJSON(generator));
  return layer;
}

/** @throws TypeError unless layers is an array of layers, of any copy of the package */
export function checkLayers(layers: readonly Layer[]): readonly Layer[] {
  // Not `every`, which skips holes.
  if (!Array.isArray(layers) || !Array.from(layers, brandOf).every((kind) => kind === 'Layer'))
    throw wrongType('layers', 'an array of layers', layers);
  return layers;
}
