/**
 * TensorFlow.js in a page, for tests and benchmarks: the GPU backends, which are too large for the root's `npm ci`, and
 * a bundler that gives every backend the root's one copy of tfjs-core.
 */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const HERE = fileURLToPath(new URL('.', import.meta.url));
const FOLDER = join(ROOT, 'build/tfjs');
const LOCK = 'package-lock.json';

/** Whether the folder has what the lock file says. */
function isInstalled() {
  const lock = join(FOLDER, LOCK);
  return existsSync(lock) && readFileSync(lock, 'utf8') === readFileSync(join(HERE, LOCK), 'utf8');
}

/**
 * Installs the webgl and webgpu backends, unless they are there from the same lock file.
 *
 * @returns {Promise<string>} the folder, build/tfjs
 */
async function installTfjs() {
  if (isInstalled()) return FOLDER;
  // Renamed at the end, so that an interrupted installation is not taken for a complete one.
  const fresh = `${FOLDER}-${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  for (const file of ['package.json', LOCK]) cpSync(join(HERE, file), join(fresh, file));
  // Without this repository's bins, which include an old npm.
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));
  // Peer dependencies are the root's.
  const flags = ['--ignore-scripts', '--legacy-peer-deps', '--prefer-offline', '--no-audit', '--no-fund'];
  await promisify(execFile)('npm', ['ci', ...flags], {
    cwd: fresh,
    env: { ...process.env, PATH: path.join(delimiter) },
  });
  try {
    if (!isInstalled()) {
      rmSync(FOLDER, { recursive: true, force: true });
      renameSync(fresh, FOLDER);
    }
  } catch (error) {
    if (!isInstalled()) throw error;
  } finally {
    // Still there if another process has been faster.
    rmSync(fresh, { recursive: true, force: true });
  }
  return FOLDER;
}

/**
 * Bundles a module with TF.js and dist as `page.js` of a folder, beside `index.html`, which loads it, and the files of
 * the wasm backend. The page calls `setWasmPaths('./')`.
 *
 * @param {string} entry path of the module
 * @param {string} outdir the folder
 */
export async function bundlePage(entry, outdir) {
  const gpu = await installTfjs();
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  await build({
    entryPoints: [entry],
    outfile: join(outdir, 'page.js'),
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'error',
    // The paths of the root's tsconfig.json lead to src.
    tsconfigRaw: {},
    plugins: [
      {
        name: 'one-tfjs-core',
        setup({ onResolve, resolve }) {
          onResolve({ filter: /^@tensorflow\// }, ({ path, pluginData, kind }) => {
            if (pluginData === 'resolved') return undefined;
            const resolveDir = /backend-webg(l|pu)/.test(path) ? gpu : ROOT;
            return resolve(path, { resolveDir, kind, pluginData: 'resolved' });
          });
          onResolve({ filter: /^dropout-wasm(\/|$)/ }, ({ path }) => ({
            path: join(ROOT, exports[path.replace('dropout-wasm', '.')].default),
          }));
        },
      },
    ],
  });
  const wasm = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
  for (const variant of ['', '-simd', '-threaded-simd'])
    cpSync(join(wasm, `tfjs-backend-wasm${variant}.wasm`), join(outdir, `tfjs-backend-wasm${variant}.wasm`));
  writeFileSync(
    join(outdir, 'index.html'),
    '<!doctype html>\n<link rel="icon" href="data:," />\n<script type="module" src="page.js"></script>\n',
  );
}
