/**
 * Logarithm and exponential in f64. They use only +, −, ×, ÷ and the bits of a number, which are the same in every
 * engine; Math.log and Math.exp are not. Errors are below 1 ulp (tests/unit/monte-carlo/numerics.test.ts).
 * @module
 */
const bits = /* @__PURE__ */ new DataView(/* @__PURE__ */ new ArrayBuffer(8));

/** ln 2 in two parts. The first has 42 bits, so that its product with an exponent is exact. */
const LN2_HIGH = 0.6931471805598903;
const LN2_LOW = 5.497923018708371e-14;

const MIN_NORMAL = 2.2250738585072014e-308;
const TWO_54 = 18014398509481984;

/** 2^k for k from −1022 to 1023, at k + 1022. */
export const POWERS = /* @__PURE__ */ sequence(MIN_NORMAL, 2046, () => 2);
const INVERSE_FACTORIALS = /* @__PURE__ */ sequence(1, 14, (n) => 1 / n);

/** A sequence in which element i is element i − 1 times `ratio(i)`. */
function sequence(first: number, length: number, ratio: (i: number) => number): Float64Array {
  const numbers = new Float64Array(length);
  for (let i = 0; i < length; first *= ratio(++i)) numbers[i] = first;
  return numbers;
}

/**
 * The natural logarithm of a number from 0 to 2^1022.
 *
 * x = 2^k · (1 + f) with 1 + f from √½ to √2, and with s = f / (2 + f), z = s²:
 * ln(1 + f) = 2 artanh(s) = f − f²/2 + s·(f²/2 + R), where R = 2z/3 + 2z²/5 + 2z³/7 + …
 * The coefficients interpolate R / z at seven Chebyshev nodes, with as many digits as each needs: within 0.1 ulp.
 */
export function log(x: number): number {
  let shift = 0;
  if (x < MIN_NORMAL) {
    if (x === 0) return -1 / 0;
    x *= TWO_54;
    shift = 54;
  }
  bits.setFloat64(0, x, true);
  // The difference of the high halves of 1 and √½ carries to the exponent where x is past √2.
  const k = ((bits.getInt32(4, true) + 0x95f62) >> 20) - 1023;
  // Not by writing the exponent: reading a double whose half was just written waits for memory, which takes 15 ns.
  const f = x * POWERS[1022 - k]! - 1;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  // Two chains, of even and odd powers: in a single one each step would wait for the one before.
  const even = z * (0.666666666666667 + w * (0.2857142862598 + w * (0.181828891 + w * 0.146164)));
  const odd = w * (0.399999999999 + w * (0.22222211135 + w * 0.1533172));
  const half = 0.5 * f * f;
  const e = k - shift;
  return e * LN2_HIGH - (half - (s * (half + even + odd) + e * LN2_LOW) - f);
}

/**
 * The exponential of a number of at most 0: x = k·ln 2 + r with |r| ≤ ln 2 / 2, and e^r by its series up to r^13, whose
 * remainder is below 0.05 ulp. The low part of r is added last.
 */
export function exp(x: number): number {
  if (x < -745.2) return 0;
  const k = Math.floor(x * Math.LOG2E + 0.5);
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  let tail = 0;
  for (let n = 13; n > 1; n--) tail = tail * r + INVERSE_FACTORIALS[n]!;
  const y = 1 + (high - (low - r * r * tail));
  return k < -1022 ? (y * POWERS[k + 1076]!) / TWO_54 : y * POWERS[k + 1022]!;
}
