/** The unit suites that a change of src/functional or src/layers fails first, without those that start threads. */
import { defineConfig } from 'vitest/config';
import { alias } from '../../../vitest.config.js';

export default defineConfig({
  resolve: { alias },
  test: {
    include: ['tests/unit/{errors,options}.test.ts', 'tests/unit/{functional,layers}/**/*.test.ts'],
    exclude: process.env.MUT_EXCLUDE ? [process.env.MUT_EXCLUDE] : [],
    testTimeout: 120_000,
  },
});
