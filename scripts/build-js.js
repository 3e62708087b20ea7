/**
 * Bundles the entries of the package. Those of `.` are one program; they differ in where the WebAssembly modules come
 * from, so each is built with another file in the place of one.
 */
import { build } from 'esbuild';

const common = {
  bundle: true,
  packages: /** @type {const} */ ('external'),
  external: ['dropout-wasm', '*.wasm'],
  format: /** @type {const} */ ('esm'),
  target: 'es2022',
  logLevel: /** @type {const} */ ('warning'),
  // Where Deno and JSR find the types.
  banner: { js: '/* @ts-self-types="./index.d.ts" */' },
};

/**
 * @param {string} from as it is imported
 * @param {string} to
 * @returns {import('esbuild').Plugin}
 */
const instead = (from, to) => ({
  name: 'instead',
  setup({ onResolve, resolve }) {
    onResolve({ filter: new RegExp(`/${from}\\.js$`) }, ({ path, ...options }) =>
      resolve(path.replace(`${from}.js`, `${to}.js`), { ...options, pluginData: 'done' }),
    );
    // As dist/index.workerd.js sees them.
    onResolve({ filter: /\.wasm$/ }, ({ path }) => ({ path: path.replace(/^(\.\.\/)+/, './'), external: true }));
  },
});

const entries = ['index', 'inference/index', 'onnx/index', 'tfjs/index', 'threads/index', 'threads/worker'];
await build({ ...common, entryPoints: entries.map((entry) => `src/${entry}.ts`), outdir: 'dist' });
await build({
  ...common,
  entryPoints: ['src/index.ts'],
  outfile: 'dist/index.workerd.js',
  plugins: [instead('modules', 'modules.workerd')],
});
await build({
  ...common,
  entryPoints: ['src/index.ts'],
  outfile: 'dist/index.reference.js',
  plugins: [instead('select', 'select.reference')],
});
