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
  if (typeof value === 'string' || Array.isArray(value)) return JSON.stringify(value);
  return typeof value === 'object' && value ? value.constructor?.name : String(value);
}

function check(good: boolean, type: string, value: unknown, name: string, expected: string): void {
  if (typeof value !== type) throw wrongType(name, `a ${type}`, value);
  if (!good) throw wrongValue(name, expected, value);
}

/** A drop probability: a number from 0 to 1. */
export function checkProbability(p: number): number {
  check(p >= 0 && p <= 1, 'number', p, 'dropout probability', 'between 0 and 1');
  return p;
}

/** A length, offset or position: a whole number from 0 to 2^53, or to a lower bound. */
export function checkWhole(n: number | undefined, name: string, most = 2 ** 53): number {
  check(Number.isInteger(n) && n! >= 0 && n! <= most, 'number', n, name, `a whole number from 0 to ${most}`);
  return n!;
}

/** A key or seed: an unsigned 64-bit integer, as a bigint. */
export function checkWord(word: bigint | undefined, name: string): U64 {
  check(word! >= 0n && word! < 2n ** 64n, 'bigint', word, name, 'from 0n to 2^64 - 1');
  return fromBigInt(word!);
}

export function checkBoolean(value: boolean, name: string): boolean {
  check(true, 'boolean', value, name, '');
  return value;
}
