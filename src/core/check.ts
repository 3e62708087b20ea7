/**
 * Argument checks. A wrong type is a TypeError, a wrong value a RangeError, and every message has one form: the
 * argument, what was expected, what was passed, and the remedy where there is a usual mistake. Checks run before
 * anything is written.
 * @module
 */
import { brandOf } from './brand.js';
import { fromBigInt, fromNumber, type U64 } from './u64.js';

export const wrongType = (name: string, expected: string, got: unknown, remedy?: string): TypeError =>
  new TypeError(message(name, expected, got, remedy));

export const wrongValue = (name: string, expected: string, got: unknown, remedy?: string): RangeError =>
  new RangeError(message(name, expected, got, remedy));

/** The error for a value that should be a primitive of type `type`: a RangeError if its type is right. */
export const wrong = (type: string, name: string, expected: string, got: unknown, remedy?: string): Error =>
  (typeof got === type ? wrongValue : wrongType)(name, expected, got, remedy);

const message = (name: string, expected: string, got: unknown, remedy = ''): string =>
  `${name} has to be ${expected}, but got ${format(got)}${remedy && `: ${remedy}`}`;

/** Formats a value for a message: "0.5" for a string, [2,3] for a shape, the class for any other object. */
export function format(value: unknown): string {
  let text = 'an object';
  try {
    // The digits of a huge bigint would take seconds.
    if (typeof value === 'bigint') text = BigInt.asIntN(99, value) === value ? `${value}n` : 'a bigint';
    else if (typeof value === 'string') text = JSON.stringify(value.slice(0, 80));
    else if (Array.isArray(value) && value.length < 9) text = `[${Array.from(value, String)}]`;
    else
      text =
        Object(value) === value
          ? `${brandOf(value) ?? (value as object).constructor?.name ?? 'Object'}`
          : String(value);
  } catch {
    // A revoked Proxy, a getter that throws, or arrays in arrays in arrays.
  }
  return text.slice(0, 80);
}

/** Names of stored objects, which `checkOptions` requires. */
const REQUIRED = ['json', 'generator'];

/**
 * Requires an object of known options. Undefined stands for no options, unless the object is a stored one. Objects of
 * any realm, without a prototype and behind a Proxy are fine.
 */
export function checkOptions<T extends object>(options: T | undefined, known: readonly string[], name = 'options'): T {
  if (options === undefined && !REQUIRED.includes(name)) return {} as T;
  if (!isOptions(options))
    throw wrongType(name, 'an object', options, typeof options === 'string' ? 'JSON.parse it' : undefined);
  for (const option of Object.keys(options))
    if (!known.includes(option))
      throw new TypeError(`unknown option ${format(option)}: the options are ${known.join(', ')}`);
  return options;
}

/**
 * `checkOptions`, which suggests the option that was meant by a synonym, or by a name in Python's spelling.
 *
 * @param synonyms the known names by those of other libraries
 */
export function checkNames<T extends object>(
  options: T,
  known: readonly string[],
  name: string,
  synonyms: Record<string, string>,
): T {
  for (const option of Object.keys(Object(options))) {
    const other = synonyms[option] ?? option.replace(/_+(\w)/g, (_, letter) => letter.toUpperCase());
    if (!known.includes(option) && known.includes(other))
      throw new TypeError(`unknown option ${format(option)}: did you mean ${other}?`);
  }
  return checkOptions(options, known, name);
}

/** A copy of an object without what is null or undefined, which is empty for anything but an object. */
export const withoutNulls = (object: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(Object(object)).filter(([, value]) => value != null));

/** Whether a value can hold options: an object, but not an array, a Map or any other built-in. */
export const isOptions = (value: unknown): value is object =>
  typeof value === 'object' &&
  value !== null &&
  // The first comparison only saves time.
  (Object.getPrototypeOf(value) === Object.prototype || Object.prototype.toString.call(value) === '[object Object]');

/** The remedy for a probability that was meant in percent. */
export const percentRemedy = (p: number): string | undefined =>
  p > 1 && p <= 100 ? `${+(p / 100).toFixed(6)} is ${p} %` : undefined;

/** Requires a number from 0 to 1. */
export function checkProbability(p: number, name = 'p', remedy?: string): number {
  // Not compared with numbers: an object would be converted.
  if (typeof p !== 'number') throw wrongType(name, 'a number between 0 and 1', p, remedy);
  if (!(p >= 0 && p <= 1)) throw wrongValue(name, 'between 0 and 1', p, percentRemedy(p) ?? remedy);
  return p;
}

/** Requires an integer from 0 to `max`: a length, offset or position. */
export function checkWhole(n: number, name: string, max = 2 ** 53, remedy?: string): number {
  if (!Number.isInteger(n) || n < 0 || n > max)
    throw wrong('number', name, `a whole number from 0 to ${max}`, n, remedy);
  return n;
}

/** Requires an integer from 1 to `max`: a size, a number of threads, or milliseconds. */
export function checkPositive(n: number, name: string, max = 2 ** 53): number {
  if (!Number.isInteger(n) || n < 1 || n > max) throw wrong('number', name, `a whole number from 1 to ${max}`, n);
  return n;
}

/** Requires a finite standard deviation of at least 0. */
export function checkDeviation(stddev: number, remedy?: string): number {
  if (typeof stddev !== 'number' || !(stddev >= 0 && stddev < Number.POSITIVE_INFINITY))
    throw wrong('number', 'stddev', 'a finite number of at least 0', stddev, remedy);
  return stddev;
}

/** Requires a key: an unsigned 64-bit bigint, or the same as a string of hex digits, as JSON can hold it. */
export function checkKey(key: bigint | string | undefined, name = 'key'): U64 {
  const value = typeof key === 'string' && /^0x[\da-f]{1,16}$/i.test(key) ? BigInt(key) : key;
  if (typeof value !== 'bigint' || value < 0n || value >> 64n)
    throw wrong(
      typeof key === 'string' ? 'string' : 'bigint',
      name,
      'a bigint from 0n to 2^64 - 1, or a string of its hex digits, "0x…"',
      key,
      'new Generator(42).next() gives a key',
    );
  return fromBigInt(value);
}

/** Requires a seed: an unsigned 64-bit bigint, or an integer from 0 to 2^53. */
export function checkSeed(seed: number | bigint, name = 'seed'): U64 {
  if (typeof seed === 'number') return fromNumber(checkWhole(seed, name));
  if (typeof seed !== 'bigint' || seed < 0n || seed >> 64n)
    throw wrong('bigint', name, 'a whole number below 2^64', seed);
  return fromBigInt(seed);
}

export function checkBoolean(value: boolean, name: string): boolean {
  if (typeof value !== 'boolean') throw wrongType(name, 'a boolean', value);
  return value;
}

/** Requires one of these words. */
export function checkWord<W extends string>(value: W, name: string, words: readonly W[]): W {
  if (!words.includes(value)) throw wrong('string', name, words.map((word) => `"${word}"`).join(' or '), value);
  return value;
}
