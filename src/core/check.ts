/**
 * Argument checks. A wrong type is a TypeError, a wrong value a RangeError, and every message has one form: the
 * argument, what was expected, what was passed. Checks run before anything is written.
 * @module
 */
import { fromBigInt, type U64 } from './u64.js';

export const wrongType = (name: string, expected: string, got: unknown): TypeError =>
  new TypeError(`${name} has to be ${expected}, but got ${format(got)}`);

export const wrongValue = (name: string, expected: string, got: unknown): RangeError =>
  new RangeError(`${name} has to be ${expected}, but got ${format(got)}`);

/** Formats a value for a message: "0.5" for a string, [2,3] for a shape, the class name for any other object. */
function format(value: unknown): unknown {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (Array.isArray(value) && value.length < 9) return `[${Array.from(value, format)}]`;
  return Object(value) === value ? (value as object).constructor?.name : String(value);
}

/**
 * The error for a value that should be a primitive of type `type`, described by `expected`. Built only when thrown.
 */
const wrong = (type: string, value: unknown, name: string, expected: string): Error =>
  typeof value === type ? wrongValue(name, expected, value) : wrongType(name, `a ${type}`, value);

/** Requires a number from 0 to 1. */
export function checkProbability(p: number): number {
  if (typeof p !== 'number' || !(p >= 0 && p <= 1)) throw wrong('number', p, 'dropout probability', 'between 0 and 1');
  return p;
}

/** Requires an integer from 0 to `max`: a length, offset or position. */
export function checkWhole(n: number, name: string, max = 2 ** 53): number {
  if (!Number.isInteger(n) || n < 0 || n > max) throw wrong('number', n, name, `a whole number from 0 to ${max}`);
  return n;
}

/** Requires a positive integer: a size. */
export function checkPositive(n: number, name: string): number {
  if (!Number.isInteger(n) || n < 1) throw wrong('number', n, name, 'a positive whole number');
  return n;
}

/** Requires a finite standard deviation of at least 0. */
export function checkDeviation(stddev: number): number {
  if (typeof stddev !== 'number' || !(stddev >= 0 && stddev < Number.POSITIVE_INFINITY))
    throw wrong('number', stddev, 'stddev', 'a finite number from 0 on');
  return stddev;
}

/** Requires an unsigned 64-bit integer as a bigint: a key or seed. */
export function checkU64(value: bigint | undefined, name: string): U64 {
  if (typeof value !== 'bigint' || value < 0n || value >> 64n)
    throw wrong('bigint', value, name, 'from 0n to 2^64 - 1');
  return fromBigInt(value);
}

/** Requires an options object, or undefined, which stands for no options. */
export function checkOptions<T extends object>(options: T | undefined, name = 'options'): T {
  if (options !== undefined && (typeof options !== 'object' || options === null || ArrayBuffer.isView(options)))
    throw wrongType(name, 'an object', options);
  return options ?? ({} as T);
}

export function checkBoolean(value: boolean, name: string): boolean {
  if (typeof value !== 'boolean') throw wrongType(name, 'a boolean', value);
  return value;
}
