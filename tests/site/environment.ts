/** Closes what the tests opened, when the last file has ended. */
import type { Environment } from 'vitest/runtime';

declare global {
  /** The server and the browsers. */
  var opened: { close(): unknown }[];
}

export default {
  name: 'site',
  viteEnvironment: 'ssr',
  setup() {
    globalThis.opened = [];
    return {
      async teardown() {
        await Promise.allSettled(opened.map((one) => one.close()));
      },
    };
  },
} satisfies Environment;
