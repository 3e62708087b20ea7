/**
 * The base class of layers: a mode, a generator and the state of the latest forward, over the stateless functions.
 * @module
 */
import { checkBoolean, checkOptions, wrongType } from '../core/check.js';
import type { Broadcast } from '../core/shapes.js';
import {
  checkLength,
  checkShape,
  dataOf,
  type FloatArray,
  type Input,
  type Like,
  type OpenInput,
  open,
  type Result,
} from '../core/tensor.js';
import { toBigInt, type U64 } from '../core/u64.js';
import { needsKey } from '../functional/common.js';
import { copy, resultFor } from '../functional/result.js';
import { defaultGenerator, Generator, type GeneratorJSON } from '../generator.js';

/** Options of every layer. */
export interface LayerOptions {
  /** Whether a training forward writes its result over x. Default false. */
  inplace?: boolean;
  /** Whether the layer is active in evaluation too, for Monte-Carlo dropout. Default false. */
  always?: boolean;
  /** Source of the keys. Default: the default generator, which `manualSeed` reseeds. */
  generator?: Generator;
}

/** Options of a single forward. */
export interface ForwardOptions<X extends Input> {
  /** Mode of this call. Default: the mode of the layer. */
  training?: boolean;
  /** Where the result goes. By default a new array or tensor is allocated. */
  out?: Like<X>;
}

/** A layer's options, mode and generator, as `toJSON` returns them. */
export interface LayerJSON {
  /** The name of the layer's class. */
  type: string;
  /** Whether a training forward writes its result over x. */
  inplace: boolean;
  /** Whether the layer is active in evaluation too. */
  always: boolean;
  /** The mode. */
  training: boolean;
  /** The seed and the position of the layer's generator. */
  generator: GeneratorJSON;
  /** The options of the layer's class, such as p. */
  [option: string]: unknown;
}

/** State saved by forward for backward and mask. The mask itself is never stored. */
export interface ForwardContext {
  readonly training: boolean;
  /** p or stddev; 0 in evaluation. */
  readonly amount: number;
  readonly key: U64 | undefined;
  readonly length: number;
  readonly shape: readonly number[] | undefined;
  readonly broadcast: Broadcast | undefined;
}

/** A layer class, as `fromJSON` sees it. */
interface LayerClass<L extends Layer> {
  readonly type: string;
  readonly parameter: 'p' | 'stddev';
  new (amount: number, options: Record<string, unknown>): L;
}

/** The base class of every layer. */
export abstract class Layer {
  /** The name under which a layer is stored. The name of the class would not survive a minifier. */
  static readonly type: string = 'Layer';
  /** The name of the constructor's first parameter. */
  static readonly parameter: 'p' | 'stddev' = 'p';
  /** Source of the keys. */
  declare readonly generator: Generator;
  declare private _inplace: boolean;
  declare private _always: boolean;
  private _training = true;
  private latest: ForwardContext | undefined;
  private latestKey: U64 | undefined;

  /** @throws TypeError for an option of the wrong type */
  constructor(options: LayerOptions) {
    const { inplace = false, always = false, generator = defaultGenerator } = checkOptions(options);
    if (!(generator instanceof Generator)) throw wrongType('generator', 'a Generator', generator);
    this._inplace = checkBoolean(inplace, 'inplace');
    this._always = checkBoolean(always, 'always');
    this.generator = generator;
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
    const options = isOptions<X>(outOrOptions) ? outOrOptions : undefined;
    const training =
      options?.training === undefined ? this._training || this._always : checkBoolean(options.training, 'training');
    let out = options ? options.out : (outOrOptions as Like<X> | undefined);
    if (out === undefined && training && this._inplace) out = x as unknown as Like<X>;
    const input = open(x);
    const { data, shape } = input;
    const broadcast = this.broadcast(input);
    const result = training || out !== undefined ? resultFor<X>(input, out) : (x as unknown as Result<X>);
    const amount = training ? this.amount : 0;
    const key = this.needsKey(amount) ? this.drawKey(input) : undefined;
    if (training) this.latestKey = key;
    const context = { training, amount, key, length: data.length, shape: shape && [...shape], broadcast };
    this.latest = context;
    if (training) this.apply(data, dataOf(result), context);
    else copy(data, dataOf(result));
    return result;
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
   * used twice in one step. The function returns a new array or tensor and throws like `backward`.
   * @throws Error before any forward
   */
  pullback(): <X extends Input>(dy: X) => Result<X> {
    const context = this.latestForward('pullback');
    return (dy) => this.backwardOf(context, dy);
  }

  /** The class and its options, such as `Dropout(p=0.5, inplace=false)`. */
  toString(): string {
    const { type } = this.constructor as typeof Layer;
    const options = { ...this.options(), inplace: this.inplace, ...(this.always && { always: true }) };
    return `${type}(${Object.entries(options)
      .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
      .join(', ')})`;
  }

  /** The options, the mode and the state of the generator. */
  toJSON(): LayerJSON {
    const { inplace, always, training } = this;
    const { type } = this.constructor as typeof Layer;
    return { type, ...this.options(), inplace, always, training, generator: this.generator.toJSON() };
  }

  /**
   * Restores a layer from the output of `toJSON`. It draws the masks that the original would have drawn next.
   *
   * @param generator source of the keys instead of the stored state, for layers that shared a generator.
   *   `layersFromJSON` passes it
   * @throws TypeError, RangeError unless json is from a layer of this class
   */
  static fromJSON<L extends Layer>(this: LayerClass<L>, json: LayerJSON, generator?: Generator): L {
    if (json?.type !== this.type) throw wrongType('type', `"${this.type}"`, json?.type);
    const amount = json[this.parameter] as number;
    if (amount === undefined) throw wrongType(this.parameter, 'a number', amount);
    checkBoolean(json.training, 'training');
    const source = generator ?? Generator.fromJSON(json.generator);
    const layer = new this(amount, { ...json, generator: source }).train(json.training);
    layer.restore(json);
    return layer;
  }

  /** p or stddev. */
  protected abstract get amount(): number;

  /** The constructor's arguments besides the options that all layers have, as JSON. */
  protected abstract options(): Record<string, unknown>;

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

  /** Draws the key of a forward. */
  protected drawKey(_x: OpenInput): U64 {
    return this.generator.draw();
  }

  /** Restores any state in the JSON besides the options. */
  protected restore(_json: LayerJSON): void {}

  protected latestForward(method: string): ForwardContext {
    if (!this.latest) throw new Error(`${method} needs a forward first`);
    return this.latest;
  }

  private backwardOf<X extends Input>(context: ForwardContext, dy: X, out?: Like<X>): Result<X> {
    const input = open(dy, 'dy');
    const { data, shape } = input;
    checkLength(data, context.length, 'dy');
    if (context.shape && shape) checkShape(shape, context.shape, 'dy');
    const { training } = context;
    const result = training || out !== undefined ? resultFor<X>(input, out, 'dy') : (dy as unknown as Result<X>);
    if (training) this.gradient(data, dataOf(result), context);
    else copy(data, dataOf(result));
    return result;
  }
}

/** Whether forward's second argument is options. Anything that resembles an array or tensor is not. */
function isOptions<X extends Input>(value: unknown): value is ForwardOptions<X> {
  if (ArrayBuffer.isView(value) || !(value instanceof Object) || 'data' in value || 'length' in value) return false;
  for (const name in value)
    if (name !== 'out' && name !== 'training') throw wrongType('an option of forward', 'out or training', name);
  return true;
}
