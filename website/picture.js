/**
 * Takes the picture of the playground that README.md shows: `node website/picture.js`, after `npm run site`, with
 * the chromium on PATH.
 */
import { chromium } from 'playwright-core';
import { findChromium } from '../scripts/programs.js';
import { ROOT, SITE } from './paths.js';
import { serve } from './serve.js';

const executablePath = findChromium();
if (!executablePath) throw new Error('no Chromium is on PATH');
const server = await serve(SITE, 0);
const address = server.address();
if (typeof address !== 'object' || !address) throw new Error('the site is not served');
// Chromium's sandbox refuses to run as root. It opens nothing but our page.
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
try {
  const page = await browser.newPage({ viewport: { width: 1100, height: 900 }, colorScheme: 'light' });
  await page.goto(`http://localhost:${address.port}/`);
  const section = page.locator('#network');
  await section.scrollIntoViewIfNeeded();
  await page.getByText(/^After \d+ steps?, the loss/).waitFor({ state: 'attached', timeout: 300_000 });
  const path = `${ROOT}website/picture.png`;
  await section.locator('.figures').screenshot({ path });
  console.log(path.slice(ROOT.length));
} finally {
  await browser.close();
  server.close();
}
