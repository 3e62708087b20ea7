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
  Object.defineProperty(object, Symbol.for(BRAND), { value: kind });
  Object.defineProperty(object, Symbol.for(INSPECT), {
    value(this: object) {
      return String(this);
    },
  });
}

/** The kind of an object that any copy of the package has marked. */
export const brandOf = (value: unknown): unknown => Object(value)[Symbol.for(BRAND)];
