import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(`src/${path}`, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^dropout-wasm$/, replacement: source('index.ts') },
      { find: /^dropout-wasm\/onnx$/, replacement: source('onnx/index.ts') },
      { find: /^dropout-wasm\/threads$/, replacement: source('threads/index.ts') },
      { find: /^dropout-wasm\/tfjs$/, replacement: source('tfjs/index.ts') },
    ],
  },
  test: {
    include: ['tests/**/*.test.ts'],
    reporters: ['default', './tests/support/closing-line.ts'],
    testTimeout: 120_000,
  },
});
