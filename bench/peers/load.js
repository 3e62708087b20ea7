/** Imports the packages of this folder for modules outside of it. */
import { existsSync, readFileSync } from 'node:fs';

/**
 * @param {string} name of a package
 * @returns {Promise<{ package: any, version: string }>}
 * @throws Error if it is not installed, or does not start
 */
export async function load(name) {
  const manifest = new URL(`node_modules/${name}/package.json`, import.meta.url);
  if (!existsSync(manifest)) throw new Error(`${name} is not installed: \`npm run bench:peers\` installs it`);
  const { version } = JSON.parse(readFileSync(manifest, 'utf8'));
  return { package: await import(name), version };
}
