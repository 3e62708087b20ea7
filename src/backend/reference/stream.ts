/**
 * The mask stream, version 1, in the terms of docs/SPEC.md: block seeding, lanes and threshold.
 * @module
 */
import type { Draws } from '../../core/draws.js';
import type { Broadcast } from '../../core/shapes.js';
import { add, fromNumber, GAMMA, mix, mul, type U64 } from '../../core/u64.js';

export const BLOCK = 4096;
const STEPS = 128;
const LANES = 8;

/** Word j of block b of a key's stream: mix(key + (17·b + j + 1)·GAMMA). */
export const word = (key: U64, b: number, j: number): U64 => mix(add(key, mul(fromNumber(17 * b + j + 1), GAMMA)));

/** The threshold T of block b, from 0 to 65536. P is the drop probability in units of 2^-32. */
export const threshold = (key: U64, b: number, P: number): number => ((P + (word(key, b, 16).hi >>> 16)) / 65536) | 0;

/** Fills `u` with the 4096 16-bit pieces of block b, in element order. */
export function pieces(key: U64, b: number, u: Uint16Array): void {
  for (let lane = 0; lane < LANES; lane++) {
    let { hi: s0hi, lo: s0lo } = word(key, b, lane);
    let { hi: s1hi, lo: s1lo } = word(key, b, LANES + lane);
    for (let step = 0; step < STEPS; step++) {
      // t = s0 ^ s0<<23;   s0' = s1;   s1' = t ^ s1 ^ t>>18 ^ s1>>5;   out = s0' + s1'
      const thi = s0hi ^ ((s0hi << 23) | (s0lo >>> 9));
      const tlo = s0lo ^ (s0lo << 23);
      s0hi = s1hi;
      s0lo = s1lo;
      s1hi = thi ^ s0hi ^ (thi >>> 18) ^ (s0hi >>> 5);
      s1lo = tlo ^ s0lo ^ ((tlo >>> 18) | (thi << 14)) ^ ((s0lo >>> 5) | (s0hi << 27));
      const lo = (s0lo >>> 0) + (s1lo >>> 0);
      const hi = s0hi + s1hi + (lo > 0xffffffff ? 1 : 0);
      const at = 32 * step + 4 * lane;
      u[at] = lo; // a Uint16Array keeps the low 16 bits
      u[at + 1] = lo / 65536;
      u[at + 2] = hi;
      u[at + 3] = hi >>> 16;
    }
  }
}

/**
 * Returns a function that calls `visit(i, kept)` for draws first … first + n − 1 of a call, i from 0 on. It remembers
 * the latest block, so that runs of draws in one block draw it once.
 */
export function drawsOf({ key, offset, P }: Draws): DrawRun<boolean> {
  const u = new Uint16Array(BLOCK);
  let drawn = -1;
  let T = 0;
  return (first, n, visit) => {
    let { b, e } = placeOf(offset, first, BLOCK);
    for (let i = 0; i < n; b++, e = 0) {
      if (b !== drawn) {
        pieces(key, b, u);
        T = threshold(key, b, P);
        drawn = b;
      }
      for (; e < BLOCK && i < n; e++, i++) visit(i, ((u[e] as number) ^ 0x8000) >= T);
    }
  };
}

/** Calls `visit(i, value)` for n draws of a call from draw `first` on. */
export type DrawRun<T> = (first: number, n: number, visit: (i: number, value: T) => void) => void;

/** The block of draw offset + first, and its place there. The sum itself may exceed 2^53. */
export function placeOf(offset: number, first: number, blockSize: number): { b: number; e: number } {
  const draw = (offset % blockSize) + first;
  return { b: Math.floor(offset / blockSize) + Math.floor(draw / blockSize), e: draw % blockSize };
}

/** Calls `visit(at, first, n)` for the runs of consecutive draws of a broadcast: draws first … are its draws at … */
export function eachRun({ sizes, strides }: Broadcast, visit: (at: number, first: number, n: number) => void): void {
  let at = 0;
  const cut = (axis: number, first: number): void => {
    const size = sizes[axis]!;
    if (axis < sizes.length - 2) for (let i = 0; i < size; i++) cut(axis + 2, first + i * strides[axis]!);
    else {
      visit(at, first, size);
      at += size;
    }
  };
  cut(0, 0);
}
