/** A histogram. Bins are centered at multiples of their width from a center, so a value there is not on an edge. */
export interface Bins {
  center: number;
  width: number;
  /** The numbers of the first and of the last bin; the bin at the center has number 0. */
  first: number;
  last: number;
}

/** The share of the values in each bin, as pairs of the bin's center and the share. Values outside count as outside. */
export function histogram(values: ArrayLike<number>, { center, width, first, last }: Bins): [number, number][] {
  const counts = new Float64Array(last - first + 1);
  for (let i = 0; i < values.length; i++) {
    const bin = Math.round((values[i]! - center) / width) - first;
    if (bin >= 0 && bin < counts.length) counts[bin]!++;
  }
  return Array.from(counts, (count, bin) => [center + (first + bin) * width, count / values.length]);
}
