import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(`src/${path}`, import.meta.url));

/**
 * The suites by what they need. `npm test` runs source and built, .ci/run all. One folder or file:
 * `npx vitest run tests/unit`.
 *
 *   source     the generated files in src, from `npm run build:kernel`
 *   built      dist, from `npm run build`
 *   packaging  dist, which is packed, installed, and tried with bundlers, compilers and servers
 *   examples   dist; installs the packages of the examples that have their own
 *   site       dist, site from `npm run site`, and the packages of tests/site, from `npm run test:site`
 */
const PROJECTS = {
  source: ['unit', 'conformance'],
  built: ['built', 'faults', 'runtimes', 'repository', 'website', 'statistics'],
  packaging: ['packaging'],
  examples: ['examples'],
  site: ['site'],
};

/**
 * The files of `site` run one by one in one process, which starts each browser once and closes it at the end. Without
 * a graphics card, a browser takes seconds for what takes a device milliseconds.
 */
const oneProcess = {
  testTimeout: 300_000,
  isolate: false,
  maxWorkers: 1,
  sequence: { groupOrder: 1 },
  environment: './tests/site/environment.ts',
};

/** Checked or installed before a suite runs. */
const setup = (name: string) => [
  './tests/support/require-build.ts',
  ...(name === 'built' ? ['./tests/runtimes/binaries.ts'] : []),
];

/** The entries as users import them, from the source. */
export const alias = [
  { find: /^dropout-wasm$/, replacement: source('index.ts') },
  { find: /^dropout-wasm\/monte-carlo$/, replacement: source('monte-carlo/index.ts') },
  { find: /^dropout-wasm\/onnx$/, replacement: source('onnx/index.ts') },
  { find: /^dropout-wasm\/onnx\/prepare$/, replacement: source('onnx/prepare.ts') },
  { find: /^dropout-wasm\/threads$/, replacement: source('threads/index.ts') },
  { find: /^dropout-wasm\/tfjs$/, replacement: source('tfjs/index.ts') },
  { find: /^dropout-wasm\/tfjs\/inference$/, replacement: source('tfjs/inference.ts') },
  { find: /^dropout-wasm\/webgpu$/, replacement: source('webgpu/index.ts') },
];

export default defineConfig(({ mode }) => {
  // `vitest --mode x` works in every shell, unlike `RUNTIMES=x vitest`. The modes: tests/runtimes/mode.ts.
  process.env.RUNTIMES ??= mode;
  return {
    test: {
      reporters: ['default', './tests/support/closing-line.ts'],
      // Of `npm run coverage`, without the random suites: each step of a random program is a script of its own, which
      // takes V8's coverage minutes. What browsers, workers and workerd run counts as not covered.
      coverage: {
        provider: 'v8' as const,
        include: ['src/**/*.ts'],
        exclude: ['src/**/inlined.ts', 'src/backend/wasm/digest.ts'],
        reporter: ['text', 'html'],
        reportsDirectory: 'build/coverage',
        thresholds: { lines: 95, branches: 90 },
      },
      // No `extends`, which would load this file again and lose the mode.
      projects: Object.entries(PROJECTS).map(([name, folders]) => ({
        resolve: { alias },
        test: {
          name,
          include: folders.map((folder) => `tests/${folder}/**/*.test.ts`),
          globalSetup: setup(name),
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // Of it.concurrent, which emulated runtimes use: one for each of two cores.
          maxConcurrency: 2,
          ...(name === 'site' && oneProcess),
        },
      })),
    },
  };
});
