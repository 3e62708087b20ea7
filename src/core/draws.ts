/**
 * The draws of a call: a key, where its stream starts, and the probability in fixed point.
 * @module
 */
import { checkKey, checkProbability, checkWhole } from './check.js';
import type { U64 } from './u64.js';

/** Where the draws of a call start. Without a broadcast, element i takes draw `offset + i` of the key's stream. */
export interface StreamStart {
  readonly key: U64;
  readonly offset: number;
}

/** The draws of a call, and with which probability they drop. */
export interface Draws extends StreamStart {
  /** The drop probability in units of 2^-32: an integer from 0 to 2^32. */
  readonly P: number;
}

/** Placeholder key for p = 0 and p = 1, which never read the stream. */
export const NO_KEY: U64 = { hi: 0, lo: 0 };

/** Whether p needs a key: p = 0 keeps and p = 1 drops every element without one. */
export const needsKey = (p: number): boolean => p > 0 && p < 1;

/** P of docs/SPEC.md: the probability in units of 2^-32. */
export const toFixedPoint = (p: number): number => Math.floor(p * 2 ** 32 + 0.5);

export const drawsFor = (p: number, key: U64 = NO_KEY, offset = 0): Draws => ({ key, offset, P: toFixedPoint(p) });

export const checkOffset = (offset = 0): number => checkWhole(offset, 'offset');

/** @throws TypeError, RangeError for p, key or offset */
export function checkDraws(p: number, key: bigint | string | undefined, offset: number | undefined): Draws {
  checkProbability(p);
  checkOffset(offset);
  return drawsFor(p, key === undefined && !needsKey(p) ? NO_KEY : checkKey(key), offset);
}
