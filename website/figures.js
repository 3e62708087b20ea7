/** The pictures of the pages: each module in website/figures/ exports by default a function that draws an SVG. */
import { existsSync } from 'node:fs';

/**
 * @param {string} name
 * @returns {Promise<string>}
 */
export async function figure(name) {
  const file = new URL(`figures/${name}.js`, import.meta.url);
  if (!existsSync(file)) throw new Error(`website/figures/${name}.js is missing: a page shows figures/${name}.svg`);
  const { default: draw } = await import(file.href);
  return draw();
}
