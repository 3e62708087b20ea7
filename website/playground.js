/** Bundles the playground, the first page of the site. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { layout } from './layout.js';
import { ROOT, SITE } from './paths.js';

/** Returns the bytes of its JavaScript. */
export async function writePlayground() {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [
      { in: 'website/playground/main.ts', out: 'main' },
      { in: 'website/playground/style.css', out: 'main' },
    ],
    outdir: `${SITE}playground`,
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    loader: { '.bin': 'binary' },
    // The package as it is published, not its source, which the paths of tsconfig.json name.
    tsconfigRaw: {},
    metafile: true,
    logLevel: 'warning',
  });
  // A page that allows only its own scripts cannot start a worker from a blob.
  copyFileSync(`${ROOT}dist/threads/worker.js`, `${SITE}playground/worker.js`);
  const main = readFileSync(`${ROOT}website/playground/index.html`, 'utf8');
  const page = layout({
    address: 'index.html',
    title: 'dropout-wasm',
    about: 'Dropout in your browser: see what it does to networks, to their uncertainty, and to a picture.',
    head: '<script type="module" src="playground/main.js"></script>\n',
    body: `<main id="main">\n${main}</main>`,
  });
  writeFileSync(`${SITE}index.html`, page);
  const scripts = Object.entries(metafile.outputs).filter(([name]) => name.endsWith('.js'));
  return scripts.reduce((sum, [, { bytes }]) => sum + bytes, 0);
}
