/**
 * Numbers of the type float16, which not every engine has an array of.
 * @module
 */

/** The number that these 16 bits stand for (IEEE 754, binary16). */
export function fromFloat16(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  const size =
    exponent === 31
      ? fraction
        ? Number.NaN
        : Number.POSITIVE_INFINITY
      : exponent
        ? (1 + fraction) * 2 ** (exponent - 15)
        : fraction * 2 ** -14;
  return bits & 0x8000 ? -size : size;
}
