/**
 * Seeds, keys, forks and children (docs/SPEC.md, "Generator"). A generator is SplitMix64 with random access: key c is a
 * function of the seed and c, so the whole state is a seed, a position and the number of children.
 * @module
 */
import { brand, brandOf } from './core/brand.js';
import { checkOptions, checkSeed, checkWhole, isOptions, wrong, wrongType } from './core/check.js';
import { add, fromNumber, GAMMA, mix, mul, toBigInt, toHex, type U64, u64, xor } from './core/u64.js';

/** A generator as JSON: `{ "seed": "0x2a", "position": 7, "children": 0 }`. */
export interface GeneratorJSON {
  /** The seed in hex with the prefix 0x, or in decimal. */
  seed: string;
  /** The number of the next key. */
  position: number;
  /** The number of the next child. Default 0. */
  children?: number;
}

/**
 * Hands out one 64-bit key for each stochastic call and advances its position by one.
 *
 * @example
 * import { Generator } from 'dropout-wasm';
 *
 * const generator = new Generator(42);
 * console.log(generator.next()); // 13679457532755275413n
 * console.log(generator.keyAt(0), generator.position); // 13679457532755275413n 1
 * const encoder = generator.fork('encoder'); // an independent stream by name
 * const first = generator.spawn(); // an independent stream by number: fork('#0')
 * console.log(encoder.seed !== first.seed); // true
 */
export class Generator {
  declare private root: U64 | undefined;
  declare private counter: number;
  private children = 0;
  /** SplitMix64's state for the next key, seed + (position + 1)·GAMMA, once it has been computed. */
  declare private state: U64 | undefined;
  /** @internal Whether somebody chose the seed. For children, it is asked of the first parent. */
  declare isSeeded: boolean;
  /** @internal The generator that this is a child of. */
  declare parent: Generator | undefined;
  /** The seed of the parent when this child took its number. */
  private parentRoot: U64 | undefined | null = null;

  /**
   * @param seed a bigint from 0 to 2^64 − 1 or an integer from 0 to 2^53. By default 64 random bits are drawn on first
   *   use by `crypto.getRandomValues` (never at import, where some edge runtimes forbid it). Where there is none, that
   *   use throws an Error
   * @param position number of the first key, an integer from 0 to 2^53. Default 0
   * @throws TypeError, RangeError for any other seed or position
   */
  constructor(seed?: number | bigint, position = 0) {
    this.isSeeded = seed !== undefined;
    this.root = seed === undefined ? undefined : checkSeed(seed);
    this.counter = checkWhole(position, 'position');
    brand(this, 'Generator');
  }

  /** The seed. Reading it draws a random one if none was given. */
  get seed(): bigint {
    return toBigInt(this.seedWord());
  }

  /** The number of the next key. */
  get position(): number {
    return this.isStale() ? 0 : this.counter;
  }

  /**
   * Draws the next key.
   * @throws RangeError when no key is left: a seed has 2^53 keys
   */
  next(): bigint {
    const key = this.peek();
    this.advance();
    return toBigInt(key);
  }

  /**
   * Returns key number `position` and leaves the generator's own position as it is.
   * @throws TypeError, RangeError unless position is an integer from 0 to 2^53
   */
  keyAt(position: number): bigint {
    return toBigInt(mix(this.stateAt(checkWhole(position, 'position'))));
  }

  /**
   * Returns a child generator at position 0. It depends on the seed and the label, not on the position. The labels
   * '#0', '#1' and so on name the children that `spawn` returns.
   * @throws TypeError unless the label is a string
   */
  fork(label: string): Generator {
    if (typeof label !== 'string') throw wrongType('label', 'a string', label);
    return create(toBigInt(this.forkWord(label)));
  }

  /**
   * Returns the next child: child number k = 0, 1, 2 … is `fork('#k')`. `manualSeed` starts the children of the default
   * generator over too.
   * @throws RangeError when no number is left: a generator has 2^53 children
   */
  spawn(): Generator {
    const child = this.follower();
    child.seedWord();
    return child;
  }

  /** The seed, the position and the number of children. */
  toJSON(): GeneratorJSON {
    // The seed first: reading it may start a child over.
    const seed = toHex(this.seedWord());
    return { seed, position: this.counter, children: this.children };
  }

  /** The seed and the position, such as `Generator(seed 42 at 3)`. A seed that is not drawn yet stays so. */
  toString(): string {
    return `Generator(${this.describe()})`;
  }

  /**
   * Restores a generator from the output of `toJSON`. It draws the keys that the original would have drawn next.
   * @throws TypeError, RangeError unless json is from `toJSON`
   */
  static fromJSON(json: GeneratorJSON): Generator {
    const { seed, position, children = 0 } = checkOptions(json, ['seed', 'position', 'children'], 'generator');
    // The length first: a number of a million digits takes seconds to read.
    if (typeof seed !== 'string' || !/^(0x[\da-f]{1,16}|\d{1,20})$/i.test(seed))
      throw wrong('string', 'seed', 'a whole number below 2^64 in a string', seed);
    checkWhole(position, 'position');
    const generator = create(BigInt(seed), position);
    generator.children = checkWhole(children, 'children');
    return generator;
  }

  /** @internal Returns a child that takes its number at its first use, and a new one after its parent was reseeded. */
  follower(): Generator {
    const child = create();
    child.parent = this;
    return child;
  }

  /** @internal The next key as two halves, without a BigInt. The position stays. */
  peek(): U64 {
    this.seedWord();
    if (this.counter > LAST) checkWhole(this.counter, 'position', LAST);
    this.state ??= this.stateAt(this.counter);
    return mix(this.state);
  }

  /** @internal Moves on by one key, after `peek`. */
  advance(): void {
    this.state = add(this.state!, GAMMA);
    this.counter++;
  }

  /** @internal Starts over with another seed. Children take new numbers. */
  reseed(seed: number | bigint): void {
    this.restart(checkSeed(seed));
    this.isSeeded = true;
  }

  /** @internal The state in words, without drawing a seed. */
  describe(): string {
    return this.root && !this.isStale() ? `seed ${toBigInt(this.root)} at ${this.counter}` : 'unseeded';
  }

  /** @internal Whether this is a child that has to take a number: it has none yet, or its parent started over. */
  isStale(): boolean {
    const { parent } = this;
    // Equal seeds are different objects.
    return parent !== undefined && (this.parentRoot !== parent.root || parent.isStale());
  }

  /** @internal The seed in words: one object for as long as the stream does not start over. */
  seedWord(): U64 {
    if (this.isStale()) {
      const parent = this.parent!;
      // First, since the parent may have to start over itself.
      this.parentRoot = parent.seedWord();
      this.restart(parent.forkWord(`#${checkWhole(parent.children, 'children', LAST)}`));
      parent.children++;
    }
    this.root ??= randomSeed();
    return this.root;
  }

  private restart(root: U64): void {
    this.root = root;
    this.counter = this.children = 0;
    this.state = undefined;
  }

  private forkWord(label: string): U64 {
    return mix(xor(this.seedWord(), mix(fnv1a64(label))));
  }

  private stateAt(position: number): U64 {
    // Two sums, because position + 1 is not exact at 2^53.
    return add(add(this.seedWord(), GAMMA), mul(fromNumber(position), GAMMA));
  }
}

/** The number of the last key of a seed, and of the last child. */
const LAST = 2 ** 53 - 1;

/** Outside of the class: bundlers rename a class that refers to itself. */
const create = (seed?: bigint, position?: number): Generator => new Generator(seed, position);

/** The parent of every layer's stream, unless the layer is given a seed or a generator. */
export const defaultGenerator = /* @__PURE__ */ new Generator();

/**
 * Reseeds the default generator, resets its position to 0, and returns it. Layers that were given neither a seed nor a
 * generator start over: each takes the next child of it at its next draw, `toJSON` or read of its seed.
 *
 * @param seed a bigint from 0 to 2^64 − 1 or an integer from 0 to 2^53
 * @throws TypeError, RangeError for any other seed
 * @example
 * import { Dropout, manualSeed } from 'dropout-wasm';
 *
 * manualSeed(42);
 * console.log(new Dropout(0.5).forward(Float32Array.of(1, 2, 3, 4))); // Float32Array(4) [ 0, 0, 6, 8 ]
 */
export function manualSeed(seed: number | bigint): Generator {
  defaultGenerator.reseed(seed);
  return defaultGenerator;
}

/**
 * The generator of the seed, or the given generator; undefined if neither is given.
 * @throws TypeError, RangeError unless at most one is given, and it is a seed or a Generator of any copy of the package
 */
export function sourceFor(seed: number | bigint | undefined, generator: Generator | undefined): Generator | undefined {
  if (generator === undefined) return seed === undefined ? undefined : new Generator(seed);
  if (seed !== undefined) throw wrongType('generator', 'left out beside a seed', generator);
  if (brandOf(generator) !== 'Generator')
    throw wrongType(
      'generator',
      'a Generator',
      generator,
      typeof generator === 'number' ? `seed: ${generator}` : undefined,
    );
  return generator;
}

/**
 * The stream of a new layer, which no other layer draws from: that of its seed, or the next child of a generator.
 * @throws TypeError, RangeError like `sourceFor`
 */
export function streamFor(seed: number | bigint | undefined, generator: Generator | undefined): Generator {
  const source = sourceFor(seed, generator);
  return generator ? generator.spawn() : (source ?? defaultGenerator.follower());
}

/**
 * The seed of this package for one of TensorFlow.js, which may be any number, or of Keras, which may be any integer. Whole
 * numbers from 0 to 2^53 stay as they are. Any other finite number becomes the mix of the bits of its float64. Anything
 * else is left to the checks of this package.
 */
export function seedFor(seed: number | bigint): number | bigint {
  if (!Number.isFinite(seed) || (Number.isInteger(seed) && (seed as number) >= 0 && (seed as number) <= 2 ** 53))
    return seed;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, seed as number);
  return toBigInt(mix(u64(view.getInt32(0), view.getInt32(4))));
}

/** The stream whose state is stored, and undefined for anything else, such as a generator. */
export const storedStream = (state: unknown): Generator | undefined =>
  isOptions(state) && brandOf(state) !== 'Generator' ? Generator.fromJSON(state as GeneratorJSON) : undefined;

/**
 * Draws 64 random bits. Older polyfills of crypto do not take a BigUint64Array.
 * @throws Error where crypto is missing, as in Hermes and QuickJS, or refuses, as workerd does at import time
 */
function randomSeed(): U64 {
  try {
    return u64(...(crypto.getRandomValues(new Int32Array(2)) as unknown as [number, number]));
  } catch (error) {
    throw new Error(`no random seed (${error}): give a seed or call manualSeed`);
  }
}

/**
 * FNV-1a of the UTF-8 bytes of a string, which are those of its URI encoding: some engines have no TextEncoder. A lone
 * surrogate counts as U+FFFD, as for TextEncoder.
 */
function fnv1a64(text: string): U64 {
  const prime: U64 = { hi: 0x100, lo: 0x1b3 };
  let hash: U64 = { hi: 0xcbf29ce4, lo: 0x84222325 };
  for (const [character, hex] of encodeURIComponent(text.replace(/[\ud800-\udfff]/gu, '\ufffd')).matchAll(/%(..)|./g))
    hash = mul(u64(hash.hi, hash.lo ^ (hex ? Number(`0x${hex}`) : character.charCodeAt(0))), prime);
  return hash;
}
