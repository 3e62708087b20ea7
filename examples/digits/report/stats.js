/**
 * @param {ArrayLike<number>} values at least one
 * @returns {{ mean: number, std: number }} std is the sample standard deviation, NaN for a single value
 */
export function meanAndStd(values) {
  const numbers = Array.from(values);
  const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
  const squares = numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, std: Math.sqrt(squares / (numbers.length - 1)) };
}
