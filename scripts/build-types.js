/**
 * Writes the declarations of src into build/types and bundles them, one file for each entry. The imports that remain
 * are those of the JavaScript.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { rollup } from 'rollup';
import { ENTRIES } from './entries.js';
import { printStep } from './print-step.js';

const tsc = fileURLToPath(new URL('bin/tsc', import.meta.resolve('typescript/package.json')));
const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
if (status !== 0) process.exit(1);

const require = createRequire(import.meta.url);
// rollup-plugin-dts requires `typescript`, whose version 7.0 has no API. This gives it version 5.
require('typescript5');
require.cache[require.resolve('typescript')] = require.cache[require.resolve('typescript5')];
const { dts } = await import('rollup-plugin-dts');

/** The comments that describe whole modules. Deno and JSR read an entry's own, at the top. */
const MODULE = /\/\*\*(?:(?!\*\/).)*@module\s*\*\/\n+/gs;

for (const entry of ENTRIES) {
  const input = `build/types/${entry}.d.ts`;
  const bundle = await rollup({
    input,
    external: /^(dropout-wasm(\/monte-carlo)?$|@tensorflow\/)/,
    plugins: [dts()],
    onLog(_, { code, message }) {
      // A worker exports nothing.
      if (code !== 'EMPTY_BUNDLE') throw new Error(message);
    },
  });
  const [{ code }] = (await bundle.generate({})).output;
  // From the source, since tsc drops the comment of a module that exports nothing.
  const [description = ''] = readFileSync(`src/${entry}.ts`, 'utf8').match(MODULE) ?? [];
  const types = asTypes(code.replace(MODULE, ''), await valuesOf(entry));
  writeFileSync(`dist/${entry}.d.ts`, `${description}\n${types}`.trimStart());
}

printStep(
  'types',
  'files',
  ENTRIES.map((entry) => `dist/${entry}.d.ts`),
);

/**
 * The names that the JavaScript of an entry exports.
 *
 * @param {string} entry
 */
async function valuesOf(entry) {
  const entryPoints = [`dist/${entry}.js`];
  const { metafile } = await build({ entryPoints, metafile: true, write: false, format: 'esm', outdir: '.' });
  return Object.values(metafile.outputs)[0]?.exports ?? [];
}

/**
 * Marks what the JavaScript does not export as a type: the bundler forgets that a class was exported as a type alone.
 *
 * @param {string} code
 * @param {string[]} values
 */
function asTypes(code, values) {
  return code.replace(/^export \{ (.*) \};$/m, (_, names) => {
    const exported = names.split(', ').map((/** @type {string} */ name) => {
      const isType = !values.includes(name.replace(/^.* as /, ''));
      return isType ? `type ${name}` : name;
    });
    return `export { ${exported.join(', ')} };`;
  });
}
