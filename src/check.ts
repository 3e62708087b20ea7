/**
 * Arguments are checked here, before anything is written: TypeError for a wrong type, RangeError for a
 * wrong value, and a message that names the argument, what was expected and what came.
 * @module
 */
import { fromBigInt, type U64 } from './u64.js';

/** A value as an error message shows it. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'object' && value !== null) return value.constructor?.name ?? 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}

/** A drop probability: a number from 0 to 1. */
export function checkProbability(p: unknown): number {
  if (typeof p !== 'number') throw new TypeError(`dropout probability has to be a number, but got ${shown(p)}`);
  if (!(p >= 0 && p <= 1))
    throw new RangeError(`dropout probability has to be between 0 and 1, but got ${p}`);
  return p;
}

/** A length, offset or position: a whole number from 0 to 2^53. */
export function checkWhole(value: unknown, name: string): number {
  if (typeof value !== 'number') throw new TypeError(`${name} has to be a number, but got ${shown(value)}`);
  if (!(Number.isInteger(value) && value >= 0 && value <= 2 ** 53))
    throw new RangeError(`${name} has to be a whole number from 0 to 2^53, but got ${value}`);
  return value;
}

/** A key or seed: an unsigned 64-bit integer, as a bigint. */
export function checkWord(value: unknown, name: string): U64 {
  if (typeof value !== 'bigint') throw new TypeError(`${name} has to be a bigint, but got ${shown(value)}`);
  if (value < 0n || value >> 64n) throw new RangeError(`${name} has to be from 0n to 2^64 - 1, but got ${value}n`);
  return fromBigInt(value);
}

export function checkBoolean(value: unknown, name: string): boolean {
  if (typeof value !== 'boolean') throw new TypeError(`${name} has to be a boolean, but got ${shown(value)}`);
  return value;
}
