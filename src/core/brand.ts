/**
 * Marks on objects of this package, by registered symbols, so that two copies of the package know each other's objects
 * and bundlers may rename the classes.
 * @module
 */
const BRAND = 'dropout-wasm';
const INSPECT = 'nodejs.util.inspect.custom';

/**
 * Marks an object, and has `console.log` of Node, Deno and Bun print its `toString()`. Constructors call it: a computed
 * member of the class would keep bundlers from dropping the class.
 */
export function brand(object: object, kind: string): void {
  // Configurable, so that a Proxy may answer otherwise.
  const mark = (name: string, value: unknown) =>
    Object.defineProperty(object, Symbol.for(name), { value, configurable: true });
  mark(BRAND, kind);
  mark(INSPECT, object.toString);
}

/** The kind of an object that any copy of the package has marked. */
export const brandOf = (value: unknown): unknown => Object(value)[Symbol.for(BRAND)];
