/**
 * Checks Float16Arrays on the built package, in a runtime that has them (Node 24 or later), and prints nothing if all
 * is well. The argument is the backend; for `reference` the engine has no WebAssembly.
 */
const [wanted] = process.argv.slice(2);
if (wanted === 'reference') Reflect.deleteProperty(globalThis, 'WebAssembly');
const pkg: typeof import('../../src/index.js') = await import(`${process.cwd()}/dist/index.js`);
// By URL, because the runtime cannot resolve the .js specifier that TypeScript requires to the .ts file.
const url = new URL('../support/float16.ts', import.meta.url);
const { checkFloat16 }: typeof import('../support/float16.js') = await import(url.href);

checkFloat16(pkg);
if (pkg.backend().name !== wanted) throw new Error(`the backend is ${pkg.backend().name}`);
