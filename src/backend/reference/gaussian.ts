/**
 * The reference of gaussian.wasm (docs/normal-noise.md): the normal quantile of the stream's 32-bit pieces.
 * @module
 */

import type { Gaussian, StreamStart } from '../interface.js';
import { rounding } from './affine.js';
import { BLOCK, type DrawRun, eachRun, pieces, placeOf } from './stream.js';

/** Elements in a block: each takes two of its 16-bit pieces. */
const NORMALS = BLOCK / 2;

/** Coefficients of N and D, lowest power of s first; D's fourth is 1. */
const N = /* @__PURE__ */ [5.428242e16, 1172625700, 2.1816432, 5.4011032e-11].map(Math.fround) as [
  number,
  number,
  number,
  number,
];
const D = /* @__PURE__ */ [2.530882e25, 7.685401e17, 2381493200].map(Math.fround) as [number, number, number];

/** Coefficients of the tails' polynomial, highest power first. */
const TAIL = /* @__PURE__ */ [
  -440.82916, -292.36758, -113.93433, -15.065771, -14.841564, -1.3924292, -6.899024, 0.20150617, -7.187666, 3.7178762,
].map(Math.fround);

const fround = Math.fround;
const add = (a: number, b: number): number => fround(a + b);
const mul = (a: number, b: number): number => fround(a * b);

/** The standard normal quantile of (v + 1/2) / 2^32, each operation rounded to f32. */
export function quantile(v: number): number {
  const x = fround((v ^ 0x80000000) | 1);
  const t = fround(2 ** 62 - mul(x, x));
  return t < 2 ** 52 ? tail(v) : center(x, t);
}

function center(x: number, t: number): number {
  const s = fround(Math.sqrt(t));
  const n = add(add(N[0], mul(t, N[2])), mul(s, add(N[1], mul(t, N[3]))));
  const d = add(add(D[0], mul(t, D[2])), mul(s, add(D[1], t)));
  return fround(mul(x, n) / d);
}

function tail(v: number): number {
  const upper = v >= 2 ** 31;
  const m = upper ? 0xffffffff - v : v;
  let r = mul(add(m, 0.5), 2 ** -32);
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
