/** Stops a run with a message that names the build it needs, instead of a failure in every test. */
import { existsSync } from 'node:fs';
import type { TestProject } from 'vitest/node';

/** The file and the script that writes it, for the projects that need more or less than dist. */
const BUILDS: Record<string, [file: string, script: string]> = {
  source: ['src/backend/wasm/inlined.ts', 'build:kernel'],
  site: ['site/index.html', 'site'],
};

export default function requireBuild({ name }: TestProject): void {
  const [file, script] = BUILDS[name] ?? ['dist/index.d.ts', 'build'];
  const url = new URL(`../../${file}`, import.meta.url);
  if (!existsSync(url)) throw new Error(`${file} is missing: run \`npm run ${script}\` first`);
}
