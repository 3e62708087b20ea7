import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(`src/${path}`, import.meta.url));

/**
 * The suites by what they need. `npm test` runs source and built, .ci/run packaging too. One folder or file:
 * `npx vitest run tests/unit`.
 *
 *   source     the generated files in src, by `npm run build:kernel`
 *   built      dist, by `npm run build`
 *   packaging  dist; packs it, installs it, and tries bundlers, compilers and servers on it
 */
const PROJECTS = {
  source: ['unit', 'conformance'],
  built: ['built', 'runtimes', 'repository'],
  packaging: ['packaging'],
};

export default defineConfig(({ mode }) => ({
  resolve: {
    alias: [
      { find: /^dropout-wasm$/, replacement: source('index.ts') },
      { find: /^dropout-wasm\/onnx$/, replacement: source('onnx/index.ts') },
      { find: /^dropout-wasm\/threads$/, replacement: source('threads/index.ts') },
      { find: /^dropout-wasm\/tfjs$/, replacement: source('tfjs/index.ts') },
    ],
  },
  test: {
    // `vitest --mode x` works in every shell, unlike `RUNTIMES=x vitest`. The modes: tests/runtimes/mode.ts.
    env: { RUNTIMES: process.env.RUNTIMES ?? mode },
    reporters: ['default', './tests/support/closing-line.ts'],
    testTimeout: 120_000,
    projects: Object.entries(PROJECTS).map(([name, folders]) => ({
      extends: true as const,
      test: {
        name,
        include: folders.map((folder) => `tests/${folder}/**/*.test.ts`),
        globalSetup: './tests/support/require-build.ts',
      },
    })),
  },
}));
