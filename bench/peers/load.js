/** Imports the packages of this folder for modules outside of it. */
import { readFileSync } from 'node:fs';

/**
 * @param {string} name of a package
 * @returns {Promise<{ package: any, version: string }>}
 * @throws Error if it is not installed, or does not start
 */
export async function load(name) {
  const { version } = JSON.parse(readFileSync(pathOf(name), 'utf8'));
  return { package: await import(name), version };
}

/** @param {string} name */
function pathOf(name) {
  return new URL(`node_modules/${name}/package.json`, import.meta.url);
}
