/**
 * Arguments are checked before anything is written: TypeError for a wrong type, RangeError for a wrong
 * value, in one form that names the argument, what was expected and what came.
 * @module
 */
import { fromBigInt, type U64 } from './u64.js';

export const wrongType = (name: string, expected: string, got: unknown): TypeError =>
  new TypeError(`${name} has to be ${expected}, but got ${shown(got)}`);

export const wrongValue = (name: string, expected: string, got: unknown): RangeError =>
  new RangeError(`${name} has to be ${expected}, but got ${shown(got)}`);

/** A value as a message shows it: "0.5" for a string, [2,3] for a shape, its class for another object. */
function shown(value: unknown): unknown {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (Array.isArray(value) && value.length < 9) return `[${Array.from(value, shown)}]`;
  return Object(value) === value ? (value as object).constructor?.name : String(value);
}

/** What is wrong with a value that should be of a primitive type, and as expected. Made only when it is thrown. */
const wrong = (type: string, value: unknown, name: string, expected: string): Error =>
  typeof value === type ? wrongValue(name, expected, value) : wrongType(name, `a ${type}`, value);

/** A drop probability: a number from 0 to 1. */
export function checkProbability(p: number): number {
  if (typeof p !== 'number' || !(p >= 0 && p <= 1)) throw wrong('number', p, 'dropout probability', 'between 0 and 1');
  return p;
}

/** A length, offset or position: a whole number from 0 to 2^53, or to less. */
export function checkWhole(n: number, name: string, most = 2 ** 53): number {
  if (!Number.isInteger(n) || n < 0 || n > most) throw wrong('number', n, name, `a whole number from 0 to ${most}`);
  return n;
}

/** A size: a positive whole number. */
export function checkPositive(n: number, name: string): number {
  if (!Number.isInteger(n) || n < 1) throw wrong('number', n, name, 'a positive whole number');
  return n;
}

/** A standard deviation: a finite number from 0 on. */
export function checkDeviation(stddev: number): number {
  if (typeof stddev !== 'number' || !(stddev >= 0 && stddev < Number.POSITIVE_INFINITY))
    throw wrong('number', stddev, 'stddev', 'a finite number from 0 on');
  return stddev;
}

/** A key or seed: an unsigned 64-bit integer, as a bigint. */
export function checkWord(word: bigint | undefined, name: string): U64 {
  if (typeof word !== 'bigint' || word < 0n || word >> 64n) throw wrong('bigint', word, name, 'from 0n to 2^64 - 1');
  return fromBigInt(word);
}

/** Options: an object, or none. */
export function given<T extends object>(options: T | undefined, name = 'options'): T {
  if (options !== undefined && (typeof options !== 'object' || options === null || ArrayBuffer.isView(options)))
    throw wrongType(name, 'an object', options);
  return options ?? ({} as T);
}

export function checkBoolean(value: boolean, name: string): boolean {
  if (typeof value !== 'boolean') throw wrongType(name, 'a boolean', value);
  return value;
}
