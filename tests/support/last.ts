/** The last value that a generator yields. */
export async function last<T>(values: AsyncIterable<T>): Promise<T> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all.at(-1)!;
}
