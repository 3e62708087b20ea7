/** The installed Chromium, for pages. */
import { type Browser, chromium } from 'playwright-core';

export interface Chromium {
  /**
   * The title that a page sets, followed by the errors that it logs.
   * @param timeout ms, by default 30 s
   * @throws Error with these if it sets none
   */
  titleOf(url: string, timeout?: number): Promise<string>;
  newPage: Browser['newPage'];
  close(): Promise<void>;
}

/** @param flags more arguments of the program */
export async function launch(executablePath: string, flags: string[] = []): Promise<Chromium> {
  // Chromium's sandbox refuses to run as root. It opens nothing but our pages.
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', ...flags] });
  return {
    async titleOf(url, timeout = 30_000) {
      const page = await browser.newPage();
      const errors: string[] = [];
      page.on('pageerror', (error) => errors.push(String(error)));
      page.on('console', (message) => {
        if (message.type() === 'error') errors.push(`${message.text()} ${message.location().url}`);
      });
      await page.goto(url);
      // Without waitForFunction, which evaluates a string: pages with Trusted Types refuse that.
      const end = performance.now() + timeout;
      let title = await page.title();
      for (; !title && performance.now() < end; title = await page.title()) await page.waitForTimeout(50);
      if (!title) throw new Error(['the page set no title', ...errors].join('\n'));
      await page.close();
      return [title, ...errors].join('\n');
    },
    newPage: (options) => browser.newPage(options),
    close: () => browser.close(),
  };
}
