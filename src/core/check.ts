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

/** Characters of a value that a message shows. */
const SHOWN = 80;

const cut = (text: string): string => (text.length > SHOWN ? `${text.slice(0, SHOWN - 1)}…` : text);

/** Formats a value for a message: "0.5" for a string, [2,3] for a shape, the class for any other object. */
export function format(value: unknown): string {
  try {
    return cut(formatAny(value, 0));
  } catch {
    // A revoked Proxy, or a getter that throws.
    return 'an unreadable object';
  }
}

function formatAny(value: unknown, depth: number): string {
  if (typeof value === 'string') return JSON.stringify(cut(value));
  // The digits of a huge bigint would take seconds.
  if (typeof value === 'bigint') return BigInt.asIntN(128, value) === value ? `${value}n` : 'a bigint of over 128 bits';
  if (Array.isArray(value) && value.length < 9 && depth < 3)
    return `[${Array.from(value, (item) => formatAny(item, depth + 1))}]`;
  if (Object(value) !== value) return String(value);
  const name = brandOf(value) ?? (value as object).constructor?.name;
  return typeof name === 'string' && name ? name : 'Object';
}

/** Other libraries' names of options. */
const SYNONYMS: Record<string, string> = { rate: 'p', prob: 'p', probability: 'p', std: 'stddev' };

const canonical = (name: string): string => name.toLowerCase().replaceAll('_', '');

/** The error for an option that is not among the known ones. */
export function unknownOption(option: string, known: readonly string[], place = ''): TypeError {
  const wanted = SYNONYMS[canonical(option)] ?? canonical(option);
  const meant = known.find((other) => canonical(other) === wanted);
  const remedy = meant ? `, did you mean ${meant}?` : '.';
  return new TypeError(`unknown option ${format(option)}${place}${remedy} Known options: ${known.join(', ')}`);
}

/**
 * Requires an object of known options, or undefined, which stands for no options. Objects of any realm, without a
 * prototype and behind a Proxy are fine.
 */
export function checkOptions<T extends object>(options: T | undefined, known: readonly string[], name = 'options'): T {
  if (options === undefined) return {} as T;
  if (!isOptions(options)) throw wrongType(name, 'an object', options);
  for (const option of Object.keys(options))
    if (!known.includes(option)) {
      throw unknownOption(option, known, name === 'options' ? '' : ` in ${name}`);
    }
  return options;
}

/** `checkOptions` for what toJSON has stored. */
export function checkStored<T extends object>(json: T, known: readonly string[], name: string): T {
  if (!isOptions(json))
    throw wrongType(name, 'an object', json, typeof json === 'string' ? 'JSON.parse it' : undefined);
  return checkOptions(json, known, name);
}

/** Whether a value can hold options: an object, but not an array, a Map or any other built-in. */
export const isOptions = (value: unknown): value is object =>
  typeof value === 'object' && Object.prototype.toString.call(value) === '[object Object]';

/** Requires a number from 0 to 1. */
export function checkProbability(p: number, name = 'p', remedy?: string): number {
  // Not compared with numbers: an object would be converted.
  if (typeof p !== 'number') throw wrongType(name, 'a number between 0 and 1', p, remedy);
  if (!(p >= 0 && p <= 1))
    throw wrongValue(
      name,
      'between 0 and 1',
      p,
      p > 1 && p <= 100 ? `${Number((p / 100).toPrecision(12))} is ${p} %` : undefined,
    );
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
      'a bigint from 0n to 2^64 - 1 or a string of its hex digits, "0x…"',
      key,
      'new Generator(42).next() gives a key',
    );
  return fromBigInt(value);
}

/** Requires a seed: an unsigned 64-bit bigint, or an integer from 0 to 2^53. */
export function checkSeed(seed: number | bigint, name = 'seed'): U64 {
  if (typeof seed === 'number') return fromNumber(checkWhole(seed, name));
  if (typeof seed !== 'bigint' || seed < 0n || seed >> 64n)
    throw wrong('bigint', name, 'a whole number from 0 to 2^53 or a bigint from 0n to 2^64 - 1', seed);
  return fromBigInt(seed);
}

export function checkBoolean(value: boolean, name: string): boolean {
  if (typeof value !== 'boolean') throw wrongType(name, 'a boolean', value);
  return value;
}

/** Requires one of two or more words. */
export function checkWord<W extends string>(value: W, name: string, words: readonly W[]): W {
  if (!words.includes(value)) throw wrong('string', name, words.map((word) => `"${word}"`).join(' or '), value);
  return value;
}
