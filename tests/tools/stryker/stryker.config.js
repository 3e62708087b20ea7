/** Stryker, which changes src/functional and src/layers in a copy and runs the unit suites on each change. */
export default {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'tests/tools/stryker/vitest.config.ts', related: false },
  coverageAnalysis: 'perTest',
  // A third of the changes is in what runs at import, such as lists of options. Each of those would run every suite.
  ignoreStatic: true,
  mutate: ['src/functional/*.ts', 'src/layers/*.ts'],
  // What the suites do not read. Stryker would rewrite tsconfig.json by TypeScript's JS API, which version 7 lacks;
  // the copy lies within the project, so Vite finds the original.
  ignorePatterns: ['assembly', 'bench', 'build', 'dist', 'examples', 'report', 'site', 'website', '/tsconfig.json'],
  concurrency: 2,
  timeoutMS: 10_000,
  tempDirName: 'build/stryker',
  cleanTempDir: 'always',
  incrementalFile: 'build/mutation/incremental.json',
  htmlReporter: { fileName: 'build/mutation/report.html' },
  jsonReporter: { fileName: 'build/mutation/report.json' },
  reporters: ['clear-text', 'html', 'json'],
  clearTextReporter: { allowColor: false, reportTests: false },
};
