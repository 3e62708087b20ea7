/**
 * Seeds, keys and forks (SPEC.md, "Generator"). A generator is SplitMix64 with random access: key c of
 * a seed is a function of both, so its whole state is a seed and a position.
 * @module
 */
import { checkWhole, checkWord, given, wrongType } from './core/check.js';
import { add, fromBigInt, fromNumber, GAMMA, mix, mul, toBigInt, type U64, u64, xor } from './core/u64.js';

/** A generator's state as JSON: `{ "seed": "0x2a", "position": 7 }`. */
export interface GeneratorJSON {
  seed: string;
  position: number;
}

/** Internal: the next key in halves, without a BigInt on the way. */
export let drawKey: (generator: Generator) => U64;

let reseed: (generator: Generator, seed: number | bigint) => void;

/**
 * Hands out one 64-bit key for each stochastic call and moves on by one.
 *
 * @example
 * const generator = new Generator(42);
 * generator.next(); // 0xbdd732262feb6e95n, key 0 of seed 42
 * generator.keyAt(0); // the same, and the position stays
 * const encoder = generator.fork('encoder'); // an independent stream by name
 */
export class Generator {
  #seed: U64 | undefined;
  #position: number;
  /** SplitMix64's state for the next key, seed + (position + 1)·GAMMA, once it was needed. */
  #state: U64 | undefined;

  static {
    drawKey = (generator) => generator.#draw();
    reseed = (generator, seed) => {
      generator.#seed = checkSeed(seed);
      generator.#position = 0;
      generator.#state = undefined;
    };
  }

  /**
   * @param seed a bigint from 0 to 2^64 − 1 or a whole number up to 2^53; without it, 64 random bits
   *   are drawn when they are first needed (never at import, where some edge runtimes forbid it)
   * @param position number of the first key, a whole number up to 2^53
   * @throws TypeError, RangeError for any other seed or position
   */
  constructor(seed?: number | bigint, position = 0) {
    this.#seed = seed === undefined ? undefined : checkSeed(seed);
    this.#position = checkWhole(position, 'position');
  }

  get seed(): bigint {
    return toBigInt(this.#root);
  }

  /** The number of the next key. */
  get position(): number {
    return this.#position;
  }

  /**
   * The next key.
   * @throws RangeError after key 2^53 − 1, the last one that `position` can count beyond
   */
  next(): bigint {
    return toBigInt(this.#draw());
  }

  /** Key number `position`, a whole number up to 2^53; the generator stays where it is. */
  keyAt(position: number): bigint {
    return toBigInt(mix(this.#stateAt(checkWhole(position, 'position'))));
  }

  /** A child at position 0 that depends on the seed and the label, not on the position. */
  fork(label: string): Generator {
    if (typeof label !== 'string') throw wrongType('label', 'a string', label);
    return new Generator(toBigInt(mix(xor(this.#root, mix(fnv1a64(new TextEncoder().encode(label)))))));
  }

  toJSON(): GeneratorJSON {
    return { seed: `0x${this.seed.toString(16)}`, position: this.#position };
  }

  /**
   * The generator that `toJSON` wrote down: its next keys are the ones the original would have drawn.
   * @throws TypeError, RangeError if it is not one
   */
  static fromJSON(json: GeneratorJSON): Generator {
    const { seed, position } = given(json, 'generator');
    if (typeof seed !== 'string' || !/^(0x[\da-f]+|\d+)$/i.test(seed))
      throw wrongType('seed', 'a whole number in a string', seed);
    return new Generator(BigInt(seed), position);
  }

  get #root(): U64 {
    this.#seed ??= randomSeed();
    return this.#seed;
  }

  #stateAt(position: number): U64 {
    // Two sums, since position + 1 need not be a number of its own at 2^53.
    return add(add(this.#root, GAMMA), mul(fromNumber(position), GAMMA));
  }

  #draw(): U64 {
    checkWhole(this.#position, 'position', 2 ** 53 - 1);
    const state = this.#state ?? this.#stateAt(this.#position);
    this.#state = add(state, GAMMA);
    this.#position++;
    return mix(state);
  }
}

/** The generator of every layer that is not given one of its own. */
export const defaultGenerator = /* @__PURE__ */ new Generator();

/**
 * Reseeds the default generator, in place and at position 0, and returns it.
 *
 * @example
 * manualSeed(42); // from here on every layer without a generator of its own is reproducible
 */
export function manualSeed(seed: number | bigint): Generator {
  reseed(defaultGenerator, seed);
  return defaultGenerator;
}

const checkSeed = (seed: number | bigint): U64 =>
  typeof seed === 'bigint' ? checkWord(seed, 'seed') : fromNumber(checkWhole(seed, 'seed'));

const randomSeed = (): U64 => fromBigInt(crypto.getRandomValues(new BigUint64Array(1))[0]!);

function fnv1a64(bytes: Uint8Array): U64 {
  const prime: U64 = { hi: 0x100, lo: 0x1b3 };
  let hash: U64 = { hi: 0xcbf29ce4, lo: 0x84222325 };
  for (const byte of bytes) hash = mul(u64(hash.hi, hash.lo ^ byte), prime);
  return hash;
}
