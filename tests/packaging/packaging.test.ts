/** The packed package, installed in a project and used by runtimes, compilers, bundlers, edge runtimes and browsers. */
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import * as esbuild from 'esbuild';
import { Miniflare } from 'miniflare';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import jsr from '../../jsr.json' with { type: 'json' };
import manifest from '../../package.json' with { type: 'json' };
import { findChromium } from '../../scripts/programs.js';
import { requiresAll } from '../runtimes/mode.js';
import { BUNDLERS } from './bundlers.js';
import { type Chromium, launch } from './chromium.js';
import { LINE } from './fixtures/report.js';
import { filesOf, writeFilesOf } from './install-page.js';
import { install, type Project, ROOT, run, tool } from './project.js';
import { type Server, serveFiles, serveVite, serveWorker } from './servers.js';
import { LIMITS } from './sizes.js';

/** The entries with types. */
const ENTRIES = Object.values(manifest.exports).filter((target) => typeof target === 'object');

let project: Project;
beforeAll(async () => {
  project = await install();
});
afterAll(() => project?.remove());

const inProject = (command: string, ...args: string[]) => run(command, args, project.directory);
const deno = (cwd: string, ...args: string[]) =>
  run(tool('.bin/deno'), args, cwd, { DENO_DIR: join(project.directory, 'out/deno'), DENO_NO_UPDATE_CHECK: '1' });
const read = (path: string) => readFileSync(join(project.directory, path));

/** The number of WebAssembly modules inlined in a bundle. */
/** How a module begins in the text of scripts/build-kernel.js: 0, "asm", 1, 0, 0, 0. */
const MODULE = ',$=$O$I-,,,';
const modulesIn = (bundle: Buffer) => bundle.toString().split(MODULE).length - 1;

describe('the tarball', () => {
  it('passes publint', async () => {
    const { messages } = await publint({
      pkgDir: join(project.directory, 'node_modules/dropout-wasm'),
      strict: true,
      pack: false,
    });
    // It suggests `exports` instead of `browser`, which here serves tools that do not read `exports`.
    const others = messages.filter(({ code }) => code !== 'USE_EXPORTS_OR_IMPORTS_BROWSER');
    expect(others.map((message) => formatMessage(message, manifest, { color: false }))).toEqual([]);
  });

  it('passes @arethetypeswrong/cli', async () => {
    // A worker and WebAssembly have no types. ES modules only: every Node in `engines` can require them. The tool exits
    // with an error if it finds a problem.
    const names = Object.entries(manifest.exports).flatMap(([name, target]) =>
      typeof target === 'object' ? name : [],
    );
    const options = ['--ignore-rules', 'cjs-resolves-to-esm', '--format', 'ascii', '--entrypoints', ...names];
    const output = await inProject(
      process.execPath,
      tool('@arethetypeswrong/cli/dist/index.js'),
      project.tarball,
      ...options,
    );
    for (const resolution of ['node10', 'node16 (from CJS)', 'node16 (from ESM)', 'bundler'])
      expect(output.split(`\n${resolution}: 🟢`)).toHaveLength(1 + names.length);
  });

  it('gives every entry to tools that do not read "exports"', () => {
    const entries = Object.entries(manifest.exports).flatMap(([name, target]) =>
      typeof target === 'object' ? [{ name, types: target.types, file: target.default }] : [],
    );
    const [main, ...others] = entries;
    expect(main).toEqual({ name: '.', types: manifest.types, file: manifest.main });
    expect(manifest.browser).toEqual(Object.fromEntries(others.map(({ name, file }) => [name, file])));
    const types = others.map(({ name, types }) => [name.replace('./', ''), [types]]);
    expect(manifest.typesVersions).toEqual({ '*': Object.fromEntries(types) });
  });

  it('contains dist, docs and five files, and nothing else', () => {
    const folder = join(project.directory, 'node_modules/dropout-wasm');
    expect(readdirSync(folder).sort()).toEqual(
      ['AGENTS.md', 'CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'docs', 'package.json'].sort(),
    );
    for (const file of readdirSync(join(folder, 'dist'), { recursive: true, withFileTypes: true }))
      if (file.isFile()) expect(file.name).toMatch(/\.(d\.ts|js|wasm)$/);
  });
});

it('installing the package runs no script and brings no other package', () => {
  const folder = join(project.directory, 'node_modules');
  const installed = JSON.parse(readFileSync(join(folder, 'dropout-wasm/package.json'), 'utf8'));
  // Those that npm runs for a package from a registry, from git, or from a folder.
  const scripts = ['preinstall', 'install', 'postinstall', 'prepare', 'preprepare', 'postprepare', 'dependencies'];
  expect(Object.keys(installed.scripts).filter((name) => scripts.includes(name))).toEqual([]);
  // npm would run node-gyp.
  expect(existsSync(join(folder, 'dropout-wasm/binding.gyp'))).toBe(false);
  for (const field of ['dependencies', 'optionalDependencies', 'bundleDependencies', 'bundledDependencies', 'bin'])
    expect(installed[field], field).toBeUndefined();
  // project.ts links the last one, for the optional peer dependencies.
  expect(
    readdirSync(folder)
      .filter((name) => !name.startsWith('.'))
      .sort(),
  ).toEqual(['@tensorflow', 'dropout-wasm']);
});

describe('deno check', () => {
  it('passes a program that imports the modules by their paths', async () => {
    const imports = ENTRIES.map((entry, i) => `import * as m${i} from '${pathToFileURL(join(ROOT, entry.default))}';`);
    const modules = ENTRIES.map((_, i) => `m${i}`);
    const program = join(project.directory, 'out/paths.ts');
    // The types are there: a wrong argument is an error.
    const wrong = "// @ts-expect-error: p is a number\nnew m0.Dropout('0.5');";
    writeFileSync(program, [...imports, `export default [${modules}];`, wrong].join('\n'));
    const options = ['--config', 'jsr.json', '--no-lock', '--node-modules-dir=manual'];
    expect(await deno(ROOT, 'check', ...options, program)).toMatch(/^Check .*paths\.ts$/);
  });

  it('passes a program that imports the package from npm', async () => {
    const options = ['--no-lock', '--node-modules-dir=manual'];
    expect(await deno(project.directory, 'check', ...options, 'consumer.ts')).toBe('Check consumer.ts');
  });
});

describe('runtimes', () => {
  it('Node imports the package', async () => {
    expect(await inProject(process.execPath, 'main.js')).toBe(LINE);
  });

  it('Node requires the package without a warning', async () => {
    expect(await inProject(process.execPath, 'require.cjs')).toBe(LINE);
  });

  it('Node imports the layers for TensorFlow.js', async () => {
    expect(await inProject(process.execPath, 'tfjs.js')).toContain('rate: 0.5');
  });

  it('Node loads a TensorFlow.js model for inference', async () => {
    expect(await inProject(process.execPath, 'tfjs-inference.js')).toBe('0.5 ,2');
  });

  it('Deno imports the package from npm without permissions', async () => {
    const options = ['--no-prompt', '--node-modules-dir=manual'];
    expect(await deno(project.directory, 'run', ...options, 'npm.js')).toBe(LINE);
  });

  it('Bun imports and requires the package', async () => {
    for (const file of ['main.js', 'require.cjs']) expect(await inProject(tool('.bin/bun'), file)).toBe(LINE);
  });

  it('Deno runs the program of docs/install.md', async () => {
    writeFilesOf('Deno', project.directory);
    const options = ['--no-prompt', '--node-modules-dir=manual'];
    expect(await deno(project.directory, 'run', ...options, 'main.ts')).toBe('Dropout(p=0.5, training, seed 42 at 0)');
  });
});

it('a bundler keeps the inference entry for TensorFlow.js, which is imported for what it does', async () => {
  // Without TensorFlow.js itself, whose modules are not for every bundler.
  await esbuild.build({
    entryPoints: [join(project.directory, 'tfjs-inference.js')],
    outfile: join(project.directory, 'out/tfjs-inference.mjs'),
    bundle: true,
    format: 'esm',
    external: ['@tensorflow/*'],
    logLevel: 'error',
  });
  expect(await inProject(process.execPath, 'out/tfjs-inference.mjs')).toBe('0.5 ,2');
  expect(modulesIn(read('out/tfjs-inference.mjs'))).toBe(0);
});

describe.each(Object.entries(BUNDLERS))('%s', (name, bundle) => {
  it('bundles all entries', async () => {
    await bundle(project.directory, 'main.js', `out/${name}/main.mjs`);
    expect(await inProject(process.execPath, `out/${name}/main.mjs`)).toBe(LINE);
    expect(modulesIn(read(`out/${name}/main.mjs`))).toBe(4);
  });

  it('bundles one layer with one WebAssembly module and within its size limit', async () => {
    await bundle(project.directory, 'layer.js', `out/${name}/layer.mjs`);
    expect(await inProject(process.execPath, `out/${name}/layer.mjs`)).toBe('Dropout(p=0.25, training, unseeded)');
    const bundled = read(`out/${name}/layer.mjs`);
    expect(modulesIn(bundled)).toBe(1);
    // 64 bytes are for the program itself.
    expect(gzipSync(bundled, { level: 9 }).length).toBeLessThan(LIMITS['.']['{ Dropout }'] + 64);
  });

  it('bundles the inference entry without WebAssembly', async () => {
    await bundle(project.directory, 'inference.js', `out/${name}/inference.mjs`);
    expect(await inProject(process.execPath, `out/${name}/inference.mjs`)).toBe('1,2');
    const bundled = read(`out/${name}/inference.mjs`);
    expect([modulesIn(bundled), bundled.includes('WebAssembly')]).toEqual([0, false]);
  });
});

describe('edge', () => {
  const bundleFor = (from: string, to: string, conditions: string[]) =>
    esbuild.build({
      entryPoints: [join(project.directory, from)],
      outfile: join(project.directory, to),
      bundle: true,
      format: 'esm',
      conditions,
      external: ['*.wasm'],
      logLevel: 'error',
    });

  it('workerd runs a bundle made the way wrangler does, with WebAssembly imported as modules', async () => {
    await bundleFor('worker.js', 'out/worker.js', ['workerd', 'worker', 'browser']);
    const server = await serveWorker(project.directory);
    try {
      expect(await (await fetch(server.url)).text()).toBe(LINE);
    } finally {
      await server.close();
    }
    expect(modulesIn(read('out/worker.js'))).toBe(0);
  });

  it('miniflare, which wrangler uses for development, runs it', async () => {
    await bundleFor('worker.js', 'out/worker.js', ['workerd', 'worker', 'browser']);
    const wasm = ['kernel.wasm', 'extras.wasm', 'fused.wasm', 'gaussian.wasm'].map((name) => ({
      type: 'CompiledWasm' as const,
      path: name,
      contents: read(`node_modules/dropout-wasm/dist/${name}`),
    }));
    const main = { type: 'ESModule' as const, path: 'worker.js', contents: read('out/worker.js').toString() };
    const miniflare = new Miniflare({ modules: [main, ...wasm], compatibilityDate: '2024-09-23' });
    try {
      expect(await (await miniflare.dispatchFetch('http://localhost/')).text()).toBe(LINE);
    } finally {
      await miniflare.dispose();
    }
  });

  it('the condition edge-light selects the reference, without WebAssembly', async () => {
    await bundleFor('main.js', 'out/edge.mjs', ['edge-light', 'worker', 'browser']);
    expect(await inProject(process.execPath, 'out/edge.mjs')).toBe(LINE.replace('wasm-simd', 'reference'));
    expect(modulesIn(read('out/edge.mjs'))).toBe(0);
    expect(read('out/edge.mjs').toString()).not.toMatch(/\.wasm"|WebAssembly\.(Module|Instance)/);
  });
});

const chromium = findChromium();
if (!chromium) console.log('not installed: Chromium, so no pages are tested');

if (chromium || requiresAll)
  describe('Chromium', () => {
    let browser: Chromium;
    beforeAll(async () => {
      if (!chromium) throw new Error('Chromium is not installed');
      browser = await launch(chromium);
    });
    afterAll(() => browser?.close());

    const titleOf = async (serving: Promise<Server>, path: string) => {
      const server = await serving;
      try {
        return await browser.titleOf(`${server.url}${path}`);
      } finally {
        await server.close();
      }
    };

    it('loads the package by the import map of docs/install.md, without a bundler', async () => {
      const map = filesOf('Pages without a bundler')['index.html']!;
      const page = readFileSync(join(project.directory, 'index.html'), 'utf8');
      const base = '/node_modules/dropout-wasm';
      writeFileSync(join(project.directory, 'plain.html'), map.replaceAll('BASE', base) + page);
      expect(await titleOf(serveFiles(project.directory), '/plain.html')).toBe(LINE);
    });

    it("loads the package from Vite's dev server", async () => {
      expect(await titleOf(serveVite(project.directory), '/index.html')).toBe(LINE);
    });

    it.each(Object.entries(BUNDLERS))('loads a page built by %s', async (name, bundle) => {
      const out = join(project.directory, 'out', name);
      // Vite builds the page itself, the others only its script.
      if (name !== 'vite') cpSync(join(project.directory, 'index.html'), join(out, 'index.html'));
      await bundle(project.directory, name === 'vite' ? 'index.html' : 'page.js', `out/${name}/page.js`);
      expect(await titleOf(serveFiles(out), '/index.html')).toBe(LINE);
    });
  });

describe('jsr.json', () => {
  it('has the version and the entries of package.json', () => {
    expect(jsr.version).toBe(manifest.version);
    const entries = Object.entries(manifest.exports).filter(([, target]) => typeof target === 'object');
    expect(jsr.exports).toEqual(
      Object.fromEntries(entries.map(([name, target]) => [name, (target as { default: string }).default])),
    );
  });

  it('can be published: jsr finds the types, and none is a slow type', async () => {
    const options = ['--dry-run', '--allow-dirty', '--config', 'jsr.json'];
    expect(await deno(ROOT, 'publish', ...options)).toContain('Dry run complete');
  });
});
