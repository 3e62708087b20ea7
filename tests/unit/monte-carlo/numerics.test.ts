/** Logarithm and exponential in f64: within 1 ulp of exact values computed by BigInt, with the same bits everywhere. */
import { expect, it } from 'vitest';
import { exp, log } from '../../../src/monte-carlo/numerics.js';
import { Random } from '../../runtimes/random.js';
import { digestOf } from '../../support/digest.js';

/** Fixed-point numbers with this many binary places: every double is one. */
const PLACES = 1300n;
const ONE = 1n << PLACES;

/** A double as a fixed-point number. */
function fixed(x: number): bigint {
  let shift = PLACES;
  // Exact: a power of two times a double that stays normal or was an integer times 2^-1074.
  let y = x;
  while (!Number.isInteger(y)) {
    y *= 2;
    shift--;
  }
  return BigInt(y) << shift;
}

const product = (a: bigint, b: bigint): bigint => (a * b) >> PLACES;

/** 2 artanh((x − 1) / (x + 1)), for x near 1. */
function logNearOne(x: bigint): bigint {
  const s = ((x - ONE) << PLACES) / (x + ONE);
  const z = product(s, s);
  let sum = 0n;
  for (let [power, n] = [s, 1n]; power !== 0n && power !== -1n; power = product(power, z), n += 2n) sum += power / n;
  return 2n * sum;
}

const LN2 = 2n * logNearOne(ONE + ONE / 2n) + logNearOne((ONE * 8n) / 9n);

function exactLog(x: number): bigint {
  let m = fixed(x);
  let k = 0n;
  for (; m > (ONE * 3n) / 2n; k++) m >>= 1n;
  for (; m < (ONE * 3n) / 4n; k--) m <<= 1n;
  return k * LN2 + logNearOne(m);
}

function exactExp(x: number): bigint {
  const r = fixed(x) >> 20n;
  let sum = 0n;
  for (let [term, n] = [ONE, 1n]; term !== 0n && term !== -1n; term = product(term, r) / n, n++) sum += term;
  for (let i = 0; i < 20; i++) sum = product(sum, sum);
  return sum;
}

/** The error of y in units of the last place of the exact value. */
function ulps(y: number, exact: bigint): number {
  const magnitude = exact < 0n ? -exact : exact;
  const ulp = 1n << BigInt(Math.max(magnitude.toString(2).length - 53, Number(PLACES) - 1074));
  const error = fixed(y) - exact;
  return Number(((error < 0n ? -error : error) * 1000n) / ulp) / 1000;
}

const random = new Random(20261126);
const probabilities = Array.from({ length: 400 }, () => random.unit());
const nearOne = Array.from({ length: 400 }, (_, i) => 1 + (random.unit() - 0.5) * 2 ** -(i % 50));
const tiny = Array.from({ length: 100 }, () => random.unit() * 2 ** -1000);
const logs = [...probabilities, ...nearOne, ...tiny, 5e-324, 2.2250738585072014e-308, Math.SQRT1_2, 2, 1e300];
const exps = [
  ...Array.from({ length: 300 }, () => -random.unit()),
  ...Array.from({ length: 300 }, () => -40 * random.unit()),
  ...Array.from({ length: 60 }, () => -745 * random.unit()),
  -0.34657359027997264,
  -708.3964185322641,
  -744.4400719213812,
];

it('the logarithm is within 0.9 ulp', () => {
  expect(Math.max(...logs.map((x) => ulps(log(x), exactLog(x))))).toBeLessThan(0.9);
});

it('the exponential is within 0.9 ulp, and 1 where the result is subnormal', () => {
  const error = (x: number) => ulps(exp(x), exactExp(x));
  expect(Math.max(...exps.filter((x) => x > -708).map(error))).toBeLessThan(0.9);
  expect(Math.max(...exps.filter((x) => x <= -708).map(error))).toBeLessThanOrEqual(1);
});

it('both are exact at the ends of their ranges', () => {
  expect([log(1), log(0), log(2)]).toEqual([0, Number.NEGATIVE_INFINITY, Math.LN2]);
  expect([exp(0), exp(-0), exp(-1), exp(-745.13), exp(-745.3), exp(Number.NEGATIVE_INFINITY)]).toEqual([
    1, 1, 0.36787944117144233, 5e-324, 0, 0,
  ]);
});

it.each([
  ['log', 'b6b615a08acaebbc', logs.map(log)],
  ['exp', 'c0f5ff85fd6f85c8', exps.map(exp)],
])('%s gives the bits that every runtime gives', (_, digest, values) => {
  const view = new DataView(new ArrayBuffer(8 * values.length));
  values.forEach((value, i) => {
    view.setFloat64(8 * i, value, true);
  });
  expect(digestOf(new Uint8Array(view.buffer))).toBe(digest);
});
