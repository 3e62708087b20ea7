/**
 * The reference of gaussian.wasm (docs/normal-noise.md): the normal quantile of the stream's 32-bit pieces.
 * @module
 */
import type { StreamStart } from '../../core/draws.js';
import type { Gaussian } from '../interface.js';
import { rounding } from './affine.js';
import { BLOCK, type DrawRun, eachRun, pieces, placeOf } from './stream.js';

/** Elements in a block: each takes two of its 16-bit pieces. */
const NORMALS = BLOCK / 2;

/** Coefficients of N and D, lowest power of s first; D's fifth is 1. */
const N = /* @__PURE__ */ [2.3539334e25, 8.075597e17, 3.562602e9, 2.4104123, 3.2093123e-11].map(Math.fround);
const D = /* @__PURE__ */ [1.0703383e34, 4.8877674e26, 3.0019512e18, 3.742366e9].map(Math.fround);

/** Coefficients of the tails' polynomial, highest power first. */
const TAIL = /* @__PURE__ */ [
  -546.81213, -425.21222, -179.2842, -30.609852, -16.517647, -1.4200191, -6.891113, 0.20186275, -7.187672, 3.717876,
].map(Math.fround);

const fround = Math.fround;
const add = (a: number, b: number): number => fround(a + b);
const mul = (a: number, b: number): number => fround(a * b);

/** The standard normal quantile of (v + 1/2) / 2^32, each operation rounded to f32. */
export function quantile(v: number): number {
  const m = fround(Math.min(v, 0xffffffff - v));
  const t = mul(m, fround(2 ** 32 - m));
  return t < 2 ** 53 ? tail(v) : center(fround((v ^ 0x80000000) | 1), t);
}

function center(x: number, t: number): number {
  const [n0, n1, n2, n3, n4] = N as [number, number, number, number, number];
  const [d0, d1, d2, d3] = D as [number, number, number, number];
  const s = fround(Math.sqrt(t));
  const n = add(add(n0, mul(t, add(n2, mul(t, n4)))), mul(s, add(n1, mul(t, n3))));
  const d = add(add(d0, mul(t, add(d2, t))), mul(s, add(d1, mul(t, d3))));
  return fround(mul(x, n) / d);
}

function tail(v: number): number {
  const upper = v >= 2 ** 31;
  const m = upper ? 0xffffffff - v : v;
  let r = mul(add(fround(m), 0.5), 2 ** -32);
  for (let i = 0; i < 4; i++) r = fround(Math.sqrt(r));
  r = fround(r - 0.5625);
  const z = TAIL.reduce((sum, coefficient) => add(mul(sum, r), coefficient));
  return upper ? z : -z;
}

/** Like `drawsOf`, for the noise of a call. */
function normalsOf({ key, offset }: StreamStart): DrawRun<number> {
  const u = new Uint16Array(BLOCK);
  let drawn = -1;
  return (first, n, visit) => {
    let { b, e } = placeOf(offset, first, NORMALS);
    for (let i = 0; i < n; b++, e = 0) {
      if (b !== drawn) pieces(key, b, u);
      drawn = b;
      for (; e < NORMALS && i < n; e++, i++) visit(i, quantile(u[2 * e]! + 65536 * u[2 * e + 1]!));
    }
  };
}

export const referenceGaussian: Gaussian = {
  noise(x, out, start, stddev, additive, broadcast) {
    const round = rounding(x);
    const sigma = round(stddev);
    const run = normalsOf(start);
    const write = (i: number, z: number) => {
      const noise = round(sigma * z);
      out[i] = additive ? round(x[i]! + noise) : round(x[i]! * round(1 + noise));
    };
    if (broadcast) eachRun(broadcast, (at, first, n) => run(first, n, (i, z) => write(at + i, z)));
    else run(0, x.length, write);
  },
};
