/** Bundles worker.js for workerd and for Deno, with the weights inside: `node examples/edge/build.js`. */
import { copyFile, mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** The modules of dropout-wasm. workerd compiles them when it starts, since it refuses to compile bytes later. */
const MODULES = ['kernel.wasm', 'extras.wasm', 'fused.wasm', 'gaussian.wasm'];

/** @param {string} path */
const pathOf = (path) => fileURLToPath(new URL(path, import.meta.url));

export async function buildWorkers() {
  /** @type {import('esbuild').BuildOptions} */
  const options = {
    entryPoints: [pathOf('worker.js')],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    loader: { '.bin': 'binary' },
    // The paths of the root's tsconfig.json lead to the source of dropout-wasm.
    tsconfigRaw: {},
  };
  await Promise.all([
    build({
      ...options,
      outfile: pathOf('build/workerd/worker.js'),
      // As wrangler does it.
      conditions: ['workerd', 'worker', 'browser'],
      external: MODULES.map((name) => `./${name}`),
    }),
    build({ ...options, outfile: pathOf('build/deno/worker.js'), conditions: ['deno', 'worker'] }),
  ]);
  await mkdir(pathOf('build/workerd'), { recursive: true });
  for (const name of MODULES)
    await copyFile(fileURLToPath(import.meta.resolve(`dropout-wasm/${name}`)), pathOf(`build/workerd/${name}`));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildWorkers();
