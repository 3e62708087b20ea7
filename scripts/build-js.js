/**
 * Bundles the entries of the package. Two more bundles are the main entry with one file replaced: modules.ts, which
 * loads the WebAssembly modules, in index.workerd.js, and select.ts, which picks the backend, in index.reference.js.
 */
import { build } from 'esbuild';
import { ENTRIES } from './entries.js';

const common = {
  bundle: true,
  packages: /** @type {const} */ ('external'),
  // Without 'dropout-wasm' here, the paths of tsconfig.json would bundle the main entry into the other entries.
  external: ['dropout-wasm', '*.wasm'],
  format: /** @type {const} */ ('esm'),
  target: 'es2022',
  logLevel: /** @type {const} */ ('warning'),
  // Tells Deno and JSR where the types are.
  banner: { js: '/* @ts-self-types="./index.d.ts" */' },
};

/**
 * @param {string} from file name as imported, without .js
 * @param {string} to
 * @returns {import('esbuild').Plugin}
 */
const replaceFile = (from, to) => ({
  name: 'replace-file',
  setup({ onResolve, resolve }) {
    onResolve({ filter: new RegExp(`/${from}\\.js$`) }, ({ path, ...options }) =>
      resolve(path.replace(`${from}.js`, `${to}.js`), options),
    );
    // Source files import ../../kernel.wasm; in the bundle it is beside dist/index.workerd.js.
    onResolve({ filter: /\.wasm$/ }, ({ path }) => ({ path: path.replace(/^(\.\.\/)+/, './'), external: true }));
  },
});

const WORKER = 'threads/worker';
const modules = ENTRIES.filter((entry) => entry !== WORKER);
await build({
  ...common,
  entryPoints: modules.map((entry) => `src/${entry}.ts`),
  outdir: 'dist',
  // First in a bundle, where its text gzips to 50 bytes less than between the code.
  inject: ['src/backend/wasm/inlined.ts'],
});
// The worker runs as a module and as a classic script.
await build({ ...common, entryPoints: [`src/${WORKER}.ts`], outfile: `dist/${WORKER}.js`, format: 'iife' });
await build({
  ...common,
  entryPoints: ['src/index.ts'],
  outfile: 'dist/index.workerd.js',
  plugins: [replaceFile('modules', 'modules.workerd')],
});
await build({
  ...common,
  entryPoints: ['src/index.ts'],
  outfile: 'dist/index.reference.js',
  plugins: [replaceFile('select', 'select.reference')],
});
