/**
 * Seeds, keys and forks (docs/SPEC.md, "Generator"). A generator is SplitMix64 with random access: key c is a function
 * of the seed and c, so the whole state is a seed and a position.
 * @module
 */
import { checkOptions, checkU64, checkWhole, wrongType } from './core/check.js';
import { add, fromBigInt, fromNumber, GAMMA, mix, mul, toBigInt, toHex, type U64, u64, xor } from './core/u64.js';

/** A generator as JSON: `{ "seed": "0x2a", "position": 7 }`. */
export interface GeneratorJSON {
  /** The seed in hex with the prefix 0x, or in decimal. */
  seed: string;
  /** The number of the next key. */
  position: number;
}

/**
 * Hands out one 64-bit key for each stochastic call and advances its position by one.
 *
 * @example
 * const generator = new Generator(42);
 * generator.next(); // 0xbdd732262feb6e95n, key 0 of seed 42
 * generator.keyAt(0); // the same key; the position stays
 * const encoder = generator.fork('encoder'); // an independent stream by name
 */
export class Generator {
  declare private root: U64 | undefined;
  declare private counter: number;
  /** SplitMix64's state for the next key, seed + (position + 1)·GAMMA, once it has been computed. */
  private state: U64 | undefined;

  /**
   * @param seed a bigint from 0 to 2^64 − 1 or an integer from 0 to 2^53. By default 64 random bits are drawn on first
   *   use by `crypto.getRandomValues` (never at import, where some edge runtimes forbid it)
   * @param position number of the first key, an integer from 0 to 2^53. Default 0
   * @throws TypeError, RangeError for any other seed or position
   */
  constructor(seed?: number | bigint, position = 0) {
    this.root = seed === undefined ? undefined : checkSeed(seed);
    this.counter = checkWhole(position, 'position');
  }

  /** The seed. Reading it draws a random one if none was given. */
  get seed(): bigint {
    return toBigInt(this.seedWord());
  }

  /** The number of the next key. */
  get position(): number {
    return this.counter;
  }

  /**
   * Draws the next key.
   * @throws RangeError when no key is left: a seed has 2^53 keys
   */
  next(): bigint {
    return toBigInt(this.draw());
  }

  /**
   * Returns key number `position` and leaves the generator's own position as it is.
   * @throws TypeError, RangeError unless position is an integer from 0 to 2^53
   */
  keyAt(position: number): bigint {
    return toBigInt(mix(this.stateAt(checkWhole(position, 'position'))));
  }

  /**
   * Returns a child generator at position 0. It depends on the seed and the label, not on the position.
   * @throws TypeError unless the label is a string
   */
  fork(label: string): Generator {
    if (typeof label !== 'string') throw wrongType('label', 'a string', label);
    return new Generator(toBigInt(mix(xor(this.seedWord(), mix(fnv1a64(new TextEncoder().encode(label)))))));
  }

  /** The seed and the position. */
  toJSON(): GeneratorJSON {
    return { seed: toHex(this.seedWord()), position: this.counter };
  }

  /**
   * Restores a generator from the output of `toJSON`. It draws the keys that the original would have drawn next.
   * @throws TypeError, RangeError unless json is from `toJSON`
   */
  static fromJSON(json: GeneratorJSON): Generator {
    const { seed, position } = checkOptions(json, 'generator');
    if (typeof seed !== 'string' || !/^(0x[\da-f]+|\d+)$/i.test(seed))
      throw wrongType('seed', 'a whole number in a string', seed);
    return new Generator(BigInt(seed), position);
  }

  /** @internal Draws the next key as two halves, without a BigInt. */
  draw(): U64 {
    checkWhole(this.counter, 'position', 2 ** 53 - 1);
    const state = this.state ?? this.stateAt(this.counter);
    this.state = add(state, GAMMA);
    this.counter++;
    return mix(state);
  }

  /** @internal Starts over with another seed. */
  reseed(seed: number | bigint): void {
    this.root = checkSeed(seed);
    this.counter = 0;
    this.state = undefined;
  }

  private seedWord(): U64 {
    this.root ??= randomSeed();
    return this.root;
  }

  private stateAt(position: number): U64 {
    // Two sums, because position + 1 is not exact at 2^53.
    return add(add(this.seedWord(), GAMMA), mul(fromNumber(position), GAMMA));
  }
}

/** The generator of every layer that is not given one. */
export const defaultGenerator = /* @__PURE__ */ new Generator();

/**
 * Reseeds the default generator, resets its position to 0, and returns it.
 *
 * @param seed a bigint from 0 to 2^64 − 1 or an integer from 0 to 2^53
 * @throws TypeError, RangeError for any other seed
 * @example
 * manualSeed(42); // from here on, layers without a generator of their own are reproducible
 */
export function manualSeed(seed: number | bigint): Generator {
  defaultGenerator.reseed(seed);
  return defaultGenerator;
}

const checkSeed = (seed: number | bigint): U64 =>
  typeof seed === 'bigint' ? checkU64(seed, 'seed') : fromNumber(checkWhole(seed, 'seed'));

const randomSeed = (): U64 => fromBigInt(crypto.getRandomValues(new BigUint64Array(1))[0]!);

function fnv1a64(bytes: Uint8Array): U64 {
  const prime: U64 = { hi: 0x100, lo: 0x1b3 };
  let hash: U64 = { hi: 0xcbf29ce4, lo: 0x84222325 };
  for (const byte of bytes) hash = mul(u64(hash.hi, hash.lo ^ byte), prime);
  return hash;
}
