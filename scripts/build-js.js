/**
 * Bundles the entries of the package. Two more bundles are the main entry with one file replaced: modules.ts, which
 * loads the WebAssembly modules, in index.workerd.js, and select.ts, which picks the backend, in index.reference.js.
 */
import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { build } from 'esbuild';
import { ENTRIES } from './entries.js';
import { printStep } from './print-step.js';

const common = {
  bundle: true,
  packages: /** @type {const} */ ('external'),
  // Without 'dropout-wasm' here, the paths of tsconfig.json would bundle the main entry into the other entries.
  external: ['dropout-wasm', '*.wasm'],
  format: /** @type {const} */ ('esm'),
  target: 'es2022',
  metafile: /** @type {const} */ (true),
  logLevel: /** @type {const} */ ('warning'),
};

/** Tells Deno and JSR where the types of an entry are. */
const types = (/** @type {string} */ entry) => ({ js: `/* @ts-self-types="./${basename(entry)}.d.ts" */` });

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

/** For the code that is bundled into onnx/prepare. Minifiers keep the comment. */
const PROTOBUF = `/*! Contains @bufbuild/protobuf, Copyright 2021-2026 Buf Technologies, Inc. (Apache-2.0), and parts of
Google's protobuf, Copyright 2008 Google Inc. (BSD-3-Clause): dropout-wasm/docs/third-party.txt has both licenses. */`;

const results = [];
for (const entry of ENTRIES)
  results.push(
    await build({
      ...common,
      // Bundled, since the package has no dependencies.
      ...(entry === 'onnx/prepare' && {
        packages: 'bundle',
        footer: { js: PROTOBUF },
        // Without this, @bufbuild/protobuf reads an environment variable at import, for which bundlers add a polyfill.
        define: { process: 'undefined' },
      }),
      entryPoints: [`src/${entry}.ts`],
      outfile: `dist/${entry}.js`,
      banner: types(entry),
      // The worker runs as a module and as a classic script.
      format: entry === 'threads/worker' ? 'iife' : 'esm',
      // First in a bundle, where its text gzips to 50 bytes less than between the code.
      inject: entry === 'threads/worker' ? [] : ['src/backend/wasm/inlined.ts'],
    }),
  );
results.push(
  await build({
    ...common,
    entryPoints: ['src/index.ts'],
    outfile: 'dist/index.workerd.js',
    banner: types('index'),
    plugins: [replaceFile('modules', 'modules.workerd')],
  }),
  await build({
    ...common,
    entryPoints: ['src/index.ts'],
    outfile: 'dist/index.reference.js',
    banner: types('index'),
    plugins: [replaceFile('select', 'select.reference')],
  }),
);

// The files of other packages in each bundle, whose licenses docs/third-party.txt has to list.
const bundled = results.flatMap(({ metafile }) =>
  Object.entries(metafile.outputs).map(([output, { inputs }]) => [
    output,
    Object.keys(inputs).filter((input) => input.includes('node_modules/')),
  ]),
);
writeFileSync('build/bundled.json', `${JSON.stringify(Object.fromEntries(bundled), null, 2)}\n`);

printStep(
  'bundles',
  'files',
  [...ENTRIES, 'index.workerd', 'index.reference'].map((bundle) => `dist/${bundle}.js`),
);
