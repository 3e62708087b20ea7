/** Chromium of the system, for pages. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';

/** Where it is: on PATH, or where Debian put it. */
export function findChromium(): string | undefined {
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const path = (process.env.PATH ?? '').split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  return [...path, ...debian()].find((file) => existsSync(file));
}

function debian(): string[] {
  try {
    const files = execFileSync('dpkg', ['-L', 'chromium'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return files.split('\n').filter((file) => /\/chromium$/.test(file) && /\/bin\//.test(file));
  } catch {
    return [];
  }
}

export interface Chromium {
  /** The title that a page gives itself. @throws Error with what the page says is wrong */
  titleOf(url: string): Promise<string>;
  close(): Promise<void>;
}

export async function launch(executablePath: string): Promise<Chromium> {
  // Its sandbox refuses to run as root; what it opens are these pages alone.
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  return {
    async titleOf(url) {
      const page = await browser.newPage();
      const wrong: string[] = [];
      page.on('pageerror', (error) => wrong.push(String(error)));
      page.on('console', (message) => {
        if (message.type() === 'error') wrong.push(`${message.text()} ${message.location().url}`);
      });
      await page.goto(url);
      await page.waitForFunction('document.title', undefined, { timeout: 30_000 }).catch((error) => {
        throw new Error([error, ...wrong].join('\n'));
      });
      const title = await page.title();
      await page.close();
      return [title, ...wrong].join('\n');
    },
    close: () => browser.close(),
  };
}
