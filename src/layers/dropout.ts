/**
 * The Dropout layer: a module that holds p, a mode and a generator over the stateless functions.
 * @module
 */
import { checkBoolean, checkProbability, shown } from '../check.js';
import { draws, drop, isBits, type MaskFormat, writeMask } from '../functional.js';
import { defaultGenerator, drawKey, Generator, type GeneratorJSON } from '../generator.js';
import { checkInput, checkShape, dataOf, type Input, type Like, resultFor, type Tensor } from '../tensor.js';
import { toBigInt, type U64 } from '../u64.js';

export interface DropoutLayerOptions {
  /** Training writes the result over x. */
  inplace?: boolean;
  /** Where keys come from; without it, the default generator that `manualSeed` reseeds. */
  generator?: Generator;
}

export interface DropoutJSON {
  type: 'Dropout';
  p: number;
  inplace: boolean;
  training: boolean;
  generator: GeneratorJSON;
}

/** What `backward` and `mask` have to know of the latest forward: no mask among it. */
interface Pass {
  training: boolean;
  p: number;
  key: U64 | undefined;
  length: number;
  shape: readonly number[] | undefined;
}

/**
 * Dropout (Srivastava et al. 2014), inverted, as PyTorch's `nn.Dropout`: while training, each forward
 * zeroes elements with probability p by a new mask and scales the rest by 1 / (1 − p); in evaluation it
 * returns its input itself.
 *
 * @example
 * const layer = new Dropout(0.5, { generator: new Generator(42) });
 * const y = layer.forward(x);   // draws one key
 * const dx = layer.backward(dy); // the same mask, made again
 * layer.eval().forward(x) === x; // true
 */
export class Dropout {
  inplace: boolean;
  #p: number;
  #training = true;
  readonly #generator: Generator | undefined;
  #latest: Pass | undefined;
  #key: U64 | undefined;

  /** @throws TypeError, RangeError for a p that is no number from 0 to 1, or options of another type */
  constructor(p = 0.5, { inplace = false, generator }: DropoutLayerOptions = {}) {
    if (generator !== undefined && !(generator instanceof Generator))
      throw new TypeError(`generator has to be a Generator, but got ${shown(generator)}`);
    this.#p = checkProbability(p);
    this.inplace = checkBoolean(inplace, 'inplace');
    this.#generator = generator;
  }

  /** Probability that an element is dropped. Setting it is checked like the constructor. */
  get p(): number {
    return this.#p;
  }

  set p(p: number) {
    this.#p = checkProbability(p);
  }

  get training(): boolean {
    return this.#training;
  }

  /** The key of the latest training forward; undefined before one, or where p was 0 or 1. */
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
   * @param x an array, or `{ data, shape }` around one; any shape
   * @param out where the result goes; x itself works in place
   * @returns training: `out`, x if in place, or a new array of the kind of x. Evaluation: x itself,
   *   copied to `out` if that is given
   * @throws TypeError, RangeError that names the argument; no key is drawn then, nothing written
   */
  forward<X extends Input>(x: X, out?: Like<X>): Like<X> {
    const training = this.#training;
    const p = training ? this.#p : 0;
    if (out === undefined && this.inplace) out = x as unknown as Like<X>;
    const result = training || out !== undefined ? resultFor(x, out) : itself(x, 'x');
    const key = draws(p) ? drawKey(this.#generator ?? defaultGenerator()) : undefined;
    const data = dataOf(x);
    drop(data, dataOf(result), p, key, 0);
    if (training) this.#key = key;
    const shape = data === (x as Input) ? undefined : (x as Tensor).shape;
    this.#latest = { training, p, key, length: data.length, shape };
    return result;
  }

  /**
   * The gradient with respect to the input of the latest forward: its mask and scale, on dy.
   *
   * @param dy the gradient with respect to its result, of the same number of elements
   * @returns `out` or a new array of the kind of dy; after an evaluation forward, dy itself
   * @throws Error before any forward; TypeError, RangeError that names the argument
   */
  backward<X extends Input>(dy: X, out?: Like<X>): Like<X> {
    const { training, p, key, length, shape } = this.#passed('backward');
    const data = checkInput(dy, 'dy');
    if (data.length !== length)
      throw new RangeError(`dy has to hold ${length} elements as the latest forward did, but holds ${data.length}`);
    if (shape && data !== (dy as Input)) checkShape((dy as Tensor).shape, shape, 'dy');
    const result = training || out !== undefined ? resultFor(dy, out, 'dy') : itself(dy, 'dy');
    drop(data, dataOf(result), p, key, 0);
    return result;
  }

  /**
   * The mask of the latest forward, 1 = kept; all kept after an evaluation forward.
   * @throws Error before any forward; TypeError, RangeError for another format
   */
  mask(format: MaskFormat = 'bytes'): Uint8Array {
    const { p, key, length } = this.#passed('mask');
    const bits = isBits(format);
    const mask = new Uint8Array(bits ? Math.ceil(length / 8) : length);
    writeMask(mask, length, bits, p, key, 0);
    return mask;
  }

  toString(): string {
    return `Dropout(p=${this.#p}, inplace=${this.inplace})`;
  }

  /** Options, mode and the generator's state. */
  toJSON(): DropoutJSON {
    const generator = (this.#generator ?? defaultGenerator()).toJSON();
    return { type: 'Dropout', p: this.#p, inplace: this.inplace, training: this.#training, generator };
  }

  /**
   * The layer that `toJSON` wrote down: its next masks are the ones the original would have drawn.
   *
   * @param generator what to draw from instead of the stored state, for layers that share one
   * @throws TypeError, RangeError if json is not of a Dropout
   */
  static fromJSON(json: DropoutJSON, generator = Generator.fromJSON(json?.generator)): Dropout {
    if (json?.type !== 'Dropout') throw new TypeError(`type has to be "Dropout" in a Dropout's JSON, but got ${shown(json?.type)}`);
    return new Dropout(json.p, { inplace: json.inplace, generator }).train(json.training);
  }

  #passed(method: string): Pass {
    if (!this.#latest) throw new Error(`${method} needs a forward before it`);
    return this.#latest;
  }
}

function itself<X extends Input>(x: X, name: string): Like<X> {
  checkInput(x, name);
  return x as unknown as Like<X>;
}
