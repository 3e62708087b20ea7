/** Moments and counts. It imports neither Node nor vitest. */

export const mean = (x: Float32Array): number => x.reduce((sum, v) => sum + v, 0) / x.length;

export function deviation(x: Float32Array): number {
  const center = mean(x);
  return Math.sqrt(x.reduce((sum, v) => sum + (v - center) ** 2, 0) / x.length);
}

/** The number of elements that are 0. */
export const zeros = (x: Float32Array | Uint8Array): number => x.length - nonzeros(x);

/** The number of elements that are not 0. */
export function nonzeros(x: Float32Array | Uint8Array): number {
  let count = 0;
  for (const v of x) if (v !== 0) count++;
  return count;
}
