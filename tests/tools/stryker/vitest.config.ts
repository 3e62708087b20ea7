/** The unit suites that a change of src/functional or src/layers can fail, but for those that take long. */
import { defineConfig } from 'vitest/config';
import { alias } from '../../../vitest.config.js';

const LONG = 'answers,backend,copies,equivalence,fuzz,inference,kernels,limits,onnx*,proxy,threads,types,vectors';

export default defineConfig({
  resolve: { alias },
  test: {
    include: [
      'tests/unit/*.test.ts',
      'tests/unit/{functional,layers}/*.test.ts',
      'tests/unit/monte-carlo/run.test.ts',
      'tests/unit/tfjs/{dropout,layers,monte-carlo,unknown-backend}.test.ts',
    ],
    exclude: [`tests/unit/{${LONG}}.test.ts`],
    testTimeout: 120_000,
  },
});
