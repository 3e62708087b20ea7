/**
 * Normal noise (SPEC.md): the stream's 32-bit pieces through the normal quantile.
 * @module
 */
import type { U64 } from '../u64.js';
import { BLOCK, pieces } from './stream.js';

/** Elements that a block serves: two pieces of 16 bits make one of 32. */
const NORMALS = BLOCK / 2;

/** Placeholder. */
export function quantile(v: number): number {
  return v;
}

/** Calls `visit(i, z)` for elements 0 … length − 1 of a call that begins at element `offset` of the noise. */
export function forEachNormal(
  key: U64,
  offset: number,
  length: number,
  visit: (i: number, z: number) => void,
): void {
  const u = new Uint16Array(BLOCK);
  let b = Math.floor(offset / NORMALS);
  let e = offset % NORMALS;
  for (let i = 0; i < length; b++, e = 0) {
    pieces(key, b, u);
    for (; e < NORMALS && i < length; e++, i++) visit(i, quantile(u[2 * e]! + 65536 * u[2 * e + 1]!));
  }
}
