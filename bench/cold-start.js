/**
 * Prints the ms from the import to the first result. `sections.js` runs it in a new process.
 */
const start = performance.now();
const { dropout, Generator } = await import('dropout-wasm');
dropout(Float32Array.of(1, 2, 3, 4), { p: 0.5, key: new Generator(42).next() });
console.log(performance.now() - start);
