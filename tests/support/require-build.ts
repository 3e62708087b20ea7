/** Stops a run with a message that names the build it needs, instead of a failure in every test. */
import { existsSync } from 'node:fs';
import type { TestProject } from 'vitest/node';

export default function requireBuild({ name }: TestProject): void {
  const [file, script] =
    name === 'source' ? ['src/backend/wasm/inlined.ts', 'build:kernel'] : ['dist/index.d.ts', 'build'];
  const url = new URL(`../../${file}`, import.meta.url);
  if (!existsSync(url)) throw new Error(`${file} is missing: run \`npm run ${script}\` first`);
}
