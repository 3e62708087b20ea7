/**
 * What every layer is: a mode, a generator, and what its latest forward did, over the stateless functions.
 * @module
 */

import type { Nest } from '../backend/interface.js';
import { checkBoolean, given, wrongType } from '../core/check.js';
import {
  checkInput,
  checkLength,
  checkShape,
  copy,
  dataOf,
  type Input,
  type Like,
  type Result,
  resultFor,
} from '../core/tensor.js';
import { toBigInt, type U64 } from '../core/u64.js';
import { draws } from '../functional/common.js';
import { defaultGenerator, drawKey, Generator, type GeneratorJSON } from '../generator.js';

export interface LayerOptions {
  /** Training writes the result over x. */
  inplace?: boolean;
  /** Active in evaluation too, for Monte-Carlo use. */
  always?: boolean;
  /** Where keys come from; without it, the default generator that `manualSeed` reseeds. */
  generator?: Generator;
}

export interface ForwardOptions<X extends Input> {
  /** The mode of this call, whatever that of the layer is. */
  training?: boolean;
  out?: Like<X>;
}

/** A layer's options, mode and generator, as `toJSON` writes them. */
export interface LayerJSON {
  type: string;
  inplace: boolean;
  always: boolean;
  training: boolean;
  generator: GeneratorJSON;
  [option: string]: unknown;
}

/** What `backward` and `mask` have to know of the latest forward: no mask among it. */
export interface Pass {
  readonly training: boolean;
  /** p or stddev; 0 in evaluation. */
  readonly amount: number;
  readonly key: U64 | undefined;
  readonly length: number;
  readonly shape: readonly number[] | undefined;
  readonly nest: Nest | undefined;
}

interface LayerClass<L> {
  readonly type: string;
  readonly amount: 'p' | 'stddev';
  new (amount: number, options: Record<string, unknown>): L;
}

export abstract class Layer {
  /** The name under which a layer is stored; a class's own name does not outlive a minifier. */
  static readonly type: string = 'Layer';
  /** What its constructor takes first. */
  static readonly amount: 'p' | 'stddev' = 'p';
  #inplace: boolean;
  #always: boolean;
  /** Where keys come from. */
  readonly generator: Generator;
  #training = true;
  #latest: Pass | undefined;
  #key: U64 | undefined;

  /** @throws TypeError for options of another type */
  constructor(options: LayerOptions) {
    const { inplace = false, always = false, generator = defaultGenerator } = given(options);
    if (!(generator instanceof Generator)) throw wrongType('generator', 'a Generator', generator);
    this.#inplace = checkBoolean(inplace, 'inplace');
    this.#always = checkBoolean(always, 'always');
    this.generator = generator;
  }

  /** Whether training writes over x. Setting it is checked like the constructor. */
  get inplace(): boolean {
    return this.#inplace;
  }

  set inplace(inplace: boolean) {
    this.#inplace = checkBoolean(inplace, 'inplace');
  }

  /** Whether it is active in evaluation too. Setting it is checked like the constructor. */
  get always(): boolean {
    return this.#always;
  }

  set always(always: boolean) {
    this.#always = checkBoolean(always, 'always');
  }

  get training(): boolean {
    return this.#training;
  }

  /** The key of the latest training forward; undefined before one, or where none was needed. */
  get key(): bigint | undefined {
    return this.#key && toBigInt(this.#key);
  }

  train(mode = true): this {
    this.#training = checkBoolean(mode, 'mode');
    return this;
  }

  eval(): this {
    return this.train(false);
  }

  /**
   * @param x an array, or `{ data, shape }` around one
   * @param how where the result goes (x itself works in place), or `{ out, training }`
   * @returns training: `out`, x if in place, or a new array of the kind of x. Evaluation: x itself,
   *   copied to `out` if that is given
   * @throws TypeError, RangeError that names the argument; no key is drawn then, nothing written
   */
  forward<X extends Input>(x: X, how?: Like<X> | ForwardOptions<X>): Result<X> {
    const options = isOptions<X>(how) ? how : undefined;
    const training =
      options?.training === undefined ? this.#training || this.#always : checkBoolean(options.training, 'training');
    let out = options ? options.out : (how as Like<X> | undefined);
    if (out === undefined && training && this.#inplace) out = x as unknown as Like<X>;
    const nest = this.nest(x);
    const result = resultOf(training, x, out, 'x');
    const amount = training ? this.amount : 0;
    const key = this.stochastic(amount) ? this.draw(x) : undefined;
    if (training) this.#key = key;
    const shape = ArrayBuffer.isView(x) ? undefined : [...x.shape];
    this.#latest = { training, amount, key, length: dataOf(x).length, shape, nest };
    if (training) this.apply(x, result, this.#latest);
    else copy(x, result);
    return result;
  }

  /**
   * The gradient with respect to the input of the latest forward.
   *
   * @param dy the gradient with respect to its result, of the same number of elements
   * @returns `out` or a new array of the kind of dy; after an evaluation forward, dy itself
   * @throws Error before any forward; TypeError, RangeError that names the argument
   */
  backward<X extends Input>(dy: X, out?: Like<X>): Result<X> {
    return this.#backward(this.passed('backward'), dy, out);
  }

  /**
   * The `backward` of the latest forward as a function of its own, which holds whatever forwards follow: for a layer
   * that is used twice in one step.
   * @throws Error before any forward
   */
  pullback(): <X extends Input>(dy: X) => Result<X> {
    const pass = this.passed('pullback');
    return (dy) => this.#backward(pass, dy);
  }

  toString(): string {
    const { type } = this.constructor as typeof Layer;
    const shown = Object.entries({ ...this.options(), inplace: this.inplace, ...(this.always && { always: true }) });
    return `${type}(${shown.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ')})`;
  }

  /** Options, mode and the generator's state. */
  toJSON(): LayerJSON {
    const { inplace, always, training } = this;
    const { type } = this.constructor as typeof Layer;
    return { type, ...this.options(), inplace, always, training, generator: this.generator.toJSON() };
  }

  /**
   * The layer that `toJSON` wrote down: its next masks are the ones the original would have drawn.
   *
   * @param generator what to draw from instead of the stored state: layers that shared a generator have
   *   to be given one to share again, as `layersFromJSON` does
   * @throws TypeError, RangeError if json is not of a layer of this class
   */
  static fromJSON<L extends Layer>(this: LayerClass<L>, json: LayerJSON, generator?: Generator): L {
    if (json?.type !== this.type) throw wrongType('type', `"${this.type}"`, json?.type);
    const amount = json[this.amount] as number;
    if (amount === undefined) throw wrongType(this.amount, 'a number', amount);
    checkBoolean(json.training, 'training');
    const source = generator ?? Generator.fromJSON(json.generator);
    const layer = new this(amount, { ...json, generator: source }).train(json.training);
    layer.restore(json);
    return layer;
  }

  /** p or stddev. */
  protected abstract get amount(): number;

  /** What the constructor takes besides the options of every layer, as JSON. */
  protected abstract options(): Record<string, unknown>;

  /** Writes the result of a training forward. */
  protected abstract apply(x: Input, out: Input, pass: Pass): void;

  /** Writes the gradient of a training forward. */
  protected abstract gradient(dy: Input, out: Input, pass: Pass): void;

  /** Checks x if its shape matters, and says which of its elements share a draw. */
  protected nest(_x: Input): Nest | undefined {
    return undefined;
  }

  /** Whether a forward of this p or stddev takes a key. */
  protected stochastic(amount: number): boolean {
    return draws(amount);
  }

  /** The key of a forward. */
  protected draw(_x: Input): U64 {
    return drawKey(this.generator);
  }

  /** Takes over what JSON holds beyond the options. */
  protected restore(_json: LayerJSON): void {}

  #backward<X extends Input>(pass: Pass, dy: X, out?: Like<X>): Result<X> {
    checkLength(checkInput(dy, 'dy'), pass.length, 'dy');
    if (pass.shape && !ArrayBuffer.isView(dy)) checkShape(dy.shape, pass.shape, 'dy');
    const result = resultOf(pass.training, dy, out, 'dy');
    if (pass.training) this.gradient(dy, result, pass);
    else copy(dy, result);
    return result;
  }

  protected passed(method: string): Pass {
    if (!this.#latest) throw new Error(`${method} needs a forward first`);
    return this.#latest;
  }
}

/** Whether forward's second argument is options, and not (what is meant to be) an array or a tensor. */
function isOptions<X extends Input>(how: unknown): how is ForwardOptions<X> {
  if (ArrayBuffer.isView(how) || !(how instanceof Object) || 'data' in how || 'length' in how) return false;
  for (const name in how)
    if (name !== 'out' && name !== 'training') throw wrongType('an option of forward', 'out or training', name);
  return true;
}

/** Evaluation returns its input itself, unless it is told where else. */
function resultOf<X extends Input>(training: boolean, x: X, out: Like<X> | undefined, name: string): Result<X> {
  if (training || out !== undefined) return resultFor(x, out, name);
  checkInput(x, name);
  return x as unknown as Result<X>;
}
