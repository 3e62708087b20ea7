/** Chromium by the DevTools protocol, Firefox by WebDriver BiDi. */
import puppeteer from 'puppeteer-core';
import type { Driver, Preferences } from './driver.js';

const SWIFT_SHADER = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];

export async function openPuppeteer(
  browser: 'chrome' | 'firefox',
  executablePath: string,
  { dark, reducedMotion, gpu }: Preferences,
): Promise<Driver> {
  const running = await puppeteer.launch({
    browser,
    executablePath,
    headless: true,
    // Chromium's sandbox refuses to run as root. It opens nothing but our pages.
    args: browser === 'chrome' ? ['--no-sandbox', ...(gpu ? SWIFT_SHADER : [])] : [],
    extraPrefsFirefox: {
      // On a desktop, Firefox has touch events only if told so.
      'dom.w3c_touch_events.enabled': 1,
      'ui.systemUsesDarkTheme': Number(dark),
      'ui.prefersReducedMotion': Number(reducedMotion),
    },
  });
  // Not the first tab, which Firefox never gives the focus.
  const page = await running.newPage();
  if (browser === 'chrome')
    await page.emulateMediaFeatures([
      { name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' },
      { name: 'prefers-reduced-motion', value: reducedMotion ? 'reduce' : 'no-preference' },
    ]);

  const log: string[] = [];
  page.on('console', (message) => {
    // The calls of console.error in the page, which have arguments, are recorded by recorder.js.
    if (message.type() === 'error' && !message.args().length) log.push(`${browser}: ${message.text()}`);
  });
  page.on('workercreated', (worker) => worker.on('console', (message) => log.push(`worker: ${message.text()}`)));

  return {
    log,
    resize: (width, height, hasTouch) => page.setViewport({ width, height, hasTouch }),
    goto: async (url) => {
      await page.goto(url);
    },
    evaluate: (script, ...args) => page.evaluate(script as (...args: unknown[]) => never, ...args),
    async pointer(kind, [start, ...path]) {
      const { x, y } = start!;
      if (kind === 'touch') {
        const touch = await page.touchscreen.touchStart(x, y);
        for (const { x, y } of path) await touch.move(x, y);
        await touch.end();
      } else {
        await page.mouse.move(x, y);
        await page.mouse.down();
        for (const { x, y } of path) await page.mouse.move(x, y);
        await page.mouse.up();
      }
    },
    async press(keys) {
      for (const key of keys) await page.keyboard.down(key as 'Tab');
      for (const key of keys.toReversed()) await page.keyboard.up(key as 'Tab');
    },
    type: (text) => page.keyboard.type(text),
    async upload(selector, file) {
      const input = await page.$(selector);
      await (input as unknown as { uploadFile(path: string): Promise<void> }).uploadFile(file);
    },
    screenshot: () => page.screenshot(),
    close: () => running.close(),
  };
}
