/** Pages in Chromium, which run functions by name: a module that assigns them to the global object `MEASURES`. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { findChromium } from '../scripts/programs.js';
import { bundlePage } from '../tests/tools/tfjs/install.js';

/**
 * Calls one of a page's functions.
 *
 * @template {Record<string, (argument: any) => any>} Measures
 * @typedef {<Name extends keyof Measures>(
 *   name: Name,
 *   argument: Parameters<Measures[Name]>[0],
 * ) => Promise<Awaited<ReturnType<Measures[Name]>>>} Measure
 */

/**
 * @template {Record<string, (argument: any) => any>} Measures
 * @typedef {object} Page
 * @property {Measure<Measures>} measure
 * @property {() => Promise<void>} close
 */

/** WebGPU on SwiftShader, which computes on the CPU. */
export const SOFTWARE = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];

/**
 * @template {Record<string, (argument: any) => any>} Measures
 * @param {URL} entry the module of the pages
 * @param {string[]} args of Chromium
 * @param {(open: () => Promise<Page<Measures>>, version: string) => Promise<void>} run opens pages
 * @throws Error without Chromium, and what a page throws
 */
export async function inChromium(entry, args, run) {
  const executablePath = findChromium();
  if (!executablePath) throw new Error('Chromium is not installed');
  const folder = mkdtempSync(join(tmpdir(), 'dropout-wasm-'));
  try {
    await bundlePage(fileURLToPath(entry), folder);
    // Chromium's sandbox refuses to run as root. It opens nothing but this page.
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', ...args] });
    try {
      await run(async () => {
        const page = await browser.newPage();
        // Pages of localhost have WebGPU, which files have not.
        await page.route('**/*', (route) => {
          const path = join(folder, basename(new URL(route.request().url()).pathname) || 'index.html');
          return route.fulfill({
            body: readFileSync(path),
            contentType: path.endsWith('.js') ? 'text/javascript' : 'text/html',
          });
        });
        await page.goto('http://localhost/');
        await page.waitForFunction('globalThis.MEASURES');
        const measure = (/** @type {PropertyKey} */ name, /** @type {unknown} */ argument) =>
          page.evaluate(
            ([name, argument]) => /** @type {any} */ (globalThis).MEASURES[name](argument),
            /** @type {const} */ ([name, argument]),
          );
        return { measure, close: () => page.close() };
      }, browser.version());
    } finally {
      await browser.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
