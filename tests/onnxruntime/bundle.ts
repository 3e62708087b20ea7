/** Bundles the checks with the packages of a folder, in which tests/tools/onnxruntime is installed. */
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { loadDigits } from '../../examples/digits/data.js';
import { ROOT } from '../packaging/project.js';

/** Two images of each digit that the weights were not trained on. */
const IMAGES = 20;

/** The module `digits`: the data of the digit classifier. */
const digits: Plugin = {
  name: 'digits',
  setup({ onResolve, onLoad }) {
    const { images } = loadDigits(1000, IMAGES).test;
    onResolve({ filter: /^digits(:images)?$/ }, ({ path }) => ({ path, namespace: 'digits' }));
    onLoad({ filter: /^digits$/, namespace: 'digits' }, () => ({
      contents:
        "export { default as images } from 'digits:images'; export { default as weights } from './weights.bin';",
      resolveDir: join(ROOT, 'examples/digits'),
    }));
    onLoad({ filter: /:images$/, namespace: 'digits' }, () => ({
      contents: new Uint8Array(images.buffer),
      loader: 'binary',
    }));
  },
};

/** Takes the packed dropout-wasm and ONNX Runtime from the folder. */
const packages = (directory: string, runtime: string): Plugin => ({
  name: 'packages',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^(dropout-wasm|onnxruntime)(\/|$)/ }, ({ path, kind, pluginData }) =>
      pluginData === 'resolved'
        ? undefined
        : resolve(path.replace(/^onnxruntime$/, runtime), { kind, resolveDir: directory, pluginData: 'resolved' }),
    );
  },
});

const common = {
  bundle: true,
  format: 'esm',
  target: 'es2022',
  logLevel: 'error',
  loader: { '.bin': 'binary' },
  // The paths of the root's tsconfig.json lead to src.
  tsconfigRaw: {},
} as const;

/** Writes a program for Node into the folder, which imports the packages. Returns its name. */
export async function bundleProgram(directory: string, runtime: 'onnxruntime-node' | 'onnxruntime-web') {
  const file = `${runtime}.js`;
  await build({
    ...common,
    entryPoints: [join(ROOT, 'tests/onnxruntime/node.ts')],
    outfile: join(directory, file),
    platform: 'node',
    alias: { onnxruntime: runtime },
    external: ['dropout-wasm', 'onnxruntime-node', 'onnxruntime-web'],
    plugins: [digits],
  });
  return file;
}

/** Writes a page into a folder inside the folder, beside the WebAssembly of ONNX Runtime. Returns the new folder. */
export async function bundlePage(directory: string, variant: 'wasm' | 'webgpu') {
  const outdir = join(directory, variant);
  await build({
    ...common,
    entryPoints: [join(ROOT, 'tests/onnxruntime/page.ts')],
    outfile: join(outdir, 'page.js'),
    platform: 'browser',
    plugins: [packages(directory, `onnxruntime-web/${variant}`), digits],
  });
  const file = `ort-wasm-simd-threaded${variant === 'webgpu' ? '.asyncify' : ''}.wasm`;
  cpSync(join(directory, 'node_modules/onnxruntime-web/dist', file), join(outdir, file));
  writeFileSync(
    join(outdir, 'index.html'),
    '<!doctype html>\n<link rel="icon" href="data:," />\n<script type="module" src="page.js"></script>\n',
  );
  return outdir;
}
