/** The packed package in test runners, bundlers for applications, linters and frameworks, each of its own lock file. */
import { mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import vm from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import webpack, { type Configuration } from 'webpack';
import { findChromium } from '../../scripts/programs.js';
import { requiresAll } from '../runtimes/mode.js';
import { launch } from './chromium.js';
import { LINE } from './fixtures/report.js';
import { documented, filesOf, writeFilesOf } from './install-page.js';
import { install, installTool, type Project, run } from './project.js';
import { serveFiles } from './servers.js';

const chromium = findChromium();

let project: Project;
beforeAll(async () => {
  project = await install();
});
afterAll(() => project?.remove());

/** Runs a program of a tool in its folder, where it also keeps its temporary files. */
const runIn = (directory: string, program: string, ...args: string[]) =>
  run(process.execPath, [program, ...args], directory, { TMPDIR: directory });

const setType = (directory: string, type: 'commonjs' | 'module') => {
  const file = join(directory, 'package.json');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), type }));
};

const JEST = 'node_modules/jest/bin/jest.js';

describe.each([
  ['29', "SyntaxError: Unexpected token 'export'", "Cannot use 'import.meta' outside a module"],
  ['30', 'Must use import to load ES Module', 'Must use import to load ES Module'],
])('Jest %s', (version, withoutLine, threads) => {
  let directory: string;
  beforeAll(async () => {
    directory = await installTool(project, `jest${version}`, 'jest');
  });

  /** Runs tests as CommonJS, by the files of the docs. */
  const jest = (...args: string[]) => {
    writeFilesOf('Jest', directory);
    setType(directory, 'commonjs');
    return runIn(directory, JEST, ...args);
  };

  const loadsAllButThreads = async (environment: string) => {
    const output = await jest('--config', 'jest.config.cjs', '--env', environment, 'line', 'tfjs');
    expect(output).toMatch(/Tests: +3 passed, 3 total/);
    expect(output).toContain('Dropout(p=0.5, training, unseeded)');
  };

  it('loads every entry but threads with the line of the docs', () => loadsAllButThreads('node'));

  it('loads every entry but threads under jsdom, installed as by pnpm', async () => {
    const [installed, store] = ['node_modules/dropout-wasm', 'node_modules/.pnpm/dropout-wasm@0.1.0/node_modules'];
    mkdirSync(join(directory, store), { recursive: true });
    renameSync(join(directory, installed), join(directory, store, 'dropout-wasm'));
    symlinkSync(join(directory, store, 'dropout-wasm'), join(directory, installed), 'junction');
    await loadsAllButThreads('jsdom');
  });

  it('cannot load it without the line', async () => {
    await expect(jest('--config', '{}', 'line')).rejects.toThrow(documented(withoutLine));
  });

  it('cannot load threads as CommonJS', async () => {
    await expect(jest('--config', 'jest.config.cjs', 'threads')).rejects.toThrow(documented(threads));
  });

  it.each(['node', 'jsdom'])('loads every entry as an ES module, under %s', async (environment) => {
    writeFilesOf('Jest with ES modules', directory);
    setType(directory, 'module');
    const options = [JEST, '--config', 'jest.config.mjs', '--env', environment];
    expect(await runIn(directory, '--experimental-vm-modules', ...options)).toMatch(/Tests: +4 passed, 4 total/);
  });
});

describe('ts-jest', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await installTool(project, 'ts-jest');
  });

  it('compiles and loads every entry but threads as CommonJS', async () => {
    writeFilesOf('ts-jest', directory);
    const output = await runIn(directory, JEST, '--config', 'jest.config.cjs', 'typed');
    expect(output).toMatch(/Tests: +2 passed, 2 total/);
  });

  it('compiles and loads every entry as an ES module', async () => {
    writeFilesOf('ts-jest with ES modules', directory);
    const options = [JEST, '--config', 'jest.config.cjs'];
    expect(await runIn(directory, '--experimental-vm-modules', ...options)).toMatch(/Tests: +3 passed, 3 total/);
  });
});

describe('Parcel', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await installTool(project, 'parcel');
  });

  const parcel = (...args: string[]) =>
    runIn(directory, 'node_modules/parcel/lib/bin.js', 'build', ...args, '--no-cache', '--no-source-maps');

  it.each([false, true])(
    'builds a classic script of every entry but threads, packageExports %s',
    async (packageExports) => {
      const file = join(directory, 'package.json');
      const manifest = JSON.parse(readFileSync(file, 'utf8'));
      writeFileSync(file, JSON.stringify({ ...manifest, '@parcel/resolver-default': { packageExports } }));
      const out = `out-${packageExports}`;
      await parcel('main.js', '--dist-dir', out);
      expect(await runIn(directory, `${out}/main.js`)).toBe(LINE);
    },
  );

  it('cannot build a classic script with threads', async () => {
    await expect(parcel('page.js', '--dist-dir', 'out')).rejects.toThrow(
      documented("'import.meta' cannot be used outside of module code"),
    );
  });

  if (chromium || requiresAll)
    it('builds a page with every entry, which runs in Chromium', async () => {
      // Without an icon of its own, a page asks the server for one.
      writeFileSync(
        join(directory, 'index.html'),
        `<link rel="icon" href="data:," />\n${filesOf('Parcel')['index.html']}`,
      );
      await parcel('index.html', '--dist-dir', 'site');
      const [browser, server] = [await launch(chromium!), await serveFiles(join(directory, 'site'))];
      try {
        expect(await browser.titleOf(`${server.url}/index.html`)).toBe(`${LINE} 2 threads, equal`);
      } finally {
        await server.close();
        await browser.close();
      }
    });
});

describe('Metro', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await installTool(project, 'metro');
    writeFilesOf('React Native', directory);
  });

  const hermes = (file: string) => run('node_modules/hermes-engine-cli/linux64-bin/hermes', [file], directory);

  it.each([
    ['on', []],
    ['off', ['--no-exports']],
  ])('bundles every entry but threads for Hermes, package exports %s', async (name, options) => {
    const bundle = join(directory, `out-${name}.js`);
    await runIn(directory, 'build.mjs', 'main.js', bundle, ...options);
    // A context has the globals of the language alone. WebAssembly is among them in Node.
    const context = vm.createContext();
    const code = readFileSync(bundle, 'utf8');
    vm.runInContext(`delete globalThis.WebAssembly;\n${code}`, context);
    expect(context.result).toBe(LINE.replace('wasm-simd', 'reference'));
    // The command of Hermes is there for Linux on x64.
    writeFileSync(bundle, `${code}\nprint(result);`);
    expect(await hermes(bundle)).toBe(LINE.replace('wasm-simd', 'reference'));
  });

  it('bundles threads, which Hermes cannot run', async () => {
    await runIn(directory, 'build.mjs', 'arena.js', 'out-arena.js');
    await expect(hermes('out-arena.js')).rejects.toThrow(documented("'import.meta' is currently unsupported"));
  });
});

describe('webpack with its defaults', () => {
  const build = (options: Configuration) =>
    new Promise<void>((resolve, reject) => {
      const output = { path: join(project.directory, 'out/webpack-defaults'), ...options.output };
      webpack({ mode: 'production', context: project.directory, ...options, output }, (error, stats) => {
        if (error ?? stats!.hasErrors()) reject(error ?? new Error(stats!.toString()));
        else resolve();
      });
    });

  it.each<[string, Configuration]>([
    ['a classic script for pages', { entry: './main.js' }],
    ['CommonJS for Node', { entry: './main.js', target: 'node', output: { library: { type: 'commonjs2' } } }],
    ['ES5 syntax around it', { entry: './main.js', target: ['web', 'es5'] }],
    ['a classic script, resolved without exports', { entry: './main.js', resolve: { exportsFields: [] } }],
  ])('bundles every entry but threads as %s', async (_, options) => {
    const filename = 'main.cjs';
    await build({ ...options, output: { ...options.output, filename } });
    expect(await runIn(project.directory, `out/webpack-defaults/${filename}`)).toBe(LINE);
  });

  it('bundles threads with their worker for Node', async () => {
    writeFileSync(
      join(project.directory, 'arena.js'),
      "import { threads } from './threads.js';\nthreads().then(console.log);\n",
    );
    await build({ entry: './arena.js', target: 'node', output: { filename: 'arena.cjs' } });
    expect(await runIn(project.directory, 'out/webpack-defaults/arena.cjs')).toBe('2 threads, equal');
  });
});

describe('ESLint', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await installTool(project, 'eslint');
    writeFilesOf('ESLint', directory);
  });

  const eslint = (config: string, file: string) =>
    runIn(directory, 'node_modules/eslint/bin/eslint.js', '--max-warnings', '0', '--config', config, file);

  it.each([
    ['eslint-plugin-import with the resolver of the docs', 'eslint.config.mjs'],
    ['eslint-plugin-import-x', 'import-x.config.mjs'],
  ])('%s finds every entry', async (_, config) => {
    expect(await eslint(config, 'main.js')).toBe('');
    await expect(eslint(config, 'misspelled.js')).rejects.toThrow(
      "Unable to resolve path to module 'dropout-wasm/infrence'",
    );
  });

  it('eslint-plugin-import alone finds only the main entry', async () => {
    const error = await eslint('import.config.mjs', 'main.js').catch(String);
    expect(error).toContain(documented("Unable to resolve path to module 'dropout-wasm/inference'"));
    expect(error).not.toContain("'dropout-wasm' ");
    expect(error).toContain('7 problems');
  });
});

describe('Vue', () => {
  it('keeps layers, generators and arenas in its state, with the same bits', async () => {
    const directory = await installTool(project, 'vue');
    writeFilesOf('Vue', directory);
    setType(directory, 'module');
    expect(await runIn(directory, 'main.js')).toBe(LINE);
  });
});
