/** The page of the workers example in Chromium: the digest that Node has, for 1, 2 and 4 workers. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { monteCarlo } from 'dropout-wasm/monte-carlo';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createModel } from '../../examples/workers/model.js';
import type { Result } from '../../examples/workers/pool.js';
import { digestOf, short, tableOf } from '../../examples/workers/report.js';
import { findChromium } from '../../scripts/programs.js';
import { requiresAll } from '../runtimes/mode.js';
import { type Chromium, launch } from './chromium.js';
import { ROOT } from './project.js';

/** More than two ranges. */
const SAMPLES = 40;

const chromium = findChromium();

if (chromium || requiresAll)
  describe('the page of examples/workers', () => {
    let browser: Chromium;
    let server: ChildProcess;
    let url: string;
    /** Of a run without workers. */
    let expected: Result;
    beforeAll(async () => {
      if (!chromium) throw new Error('Chromium is not installed');
      const { predict, layers, kind } = createModel();
      expected = await monteCarlo(predict, { samples: SAMPLES, seed: 42, layers, kind });
      server = spawn(process.execPath, [join(ROOT, 'examples/workers/serve.js'), '--port', '0'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [line] = await once(server.stdout as Readable, 'data');
      url = String(line).split(' ')[0]!;
      browser = await launch(chromium);
    });
    afterAll(async () => {
      await browser?.close();
      server?.kill();
    });

    let page: Page;
    let errors: string[];
    beforeEach(async () => {
      page = await browser.newPage({ viewport: { width: 360, height: 800 } });
      errors = [];
      page.on('pageerror', (error) => errors.push(String(error)));
      page.on('console', (message) => {
        if (message.type() === 'error') errors.push(message.text());
      });
      await page.goto(url);
      await page.fill('[name=samples]', `${SAMPLES}`);
    });
    afterEach(() => page.close());

    /** Clicks a button, and waits until the run has ended. */
    async function click(name: string) {
      await page.click(`text=${name}`);
      await page.waitForSelector('[name=stop]:disabled');
    }

    /** Number of workers and digest of each run that the page shows. */
    async function runs() {
      const rows = await page.locator('#runs tbody tr').allInnerTexts();
      return rows.map((row) => row.split(/\s+/)).map((cells) => [cells[0], cells.at(-1)]);
    }

    it('shows the digest and the table of a run in Node, whichever button is clicked', async () => {
      for (const name of ['1 worker', '2 workers', '4 workers']) await click(name);
      const digest = short(await digestOf(expected));
      expect(await runs()).toEqual(['4', '2', '1'].map((workers) => [workers, digest]));
      const cells = await page.locator('#inputs tbody :is(th, td)').allInnerTexts();
      expect(cells).toEqual(tableOf(expected).flat());
      expect(await page.locator('progress').evaluate((element: HTMLProgressElement) => element.value)).toBe(1);
      expect(errors).toEqual([]);
    });

    it('has a content security policy, which refuses inline scripts', async () => {
      await expect(page.addScriptTag({ content: 'eval(1)' })).rejects.toThrow(/Content Security Policy/);
    });

    it('fits 360 pixels', async () => {
      await click('2 workers');
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
      const edges = await page
        .locator('main > *')
        .evaluateAll((all) => all.map((e) => e.getBoundingClientRect().right));
      // The page's margin is 16 px.
      expect(Math.max(...edges)).toBe(344);
    });

    it('stops its workers', async () => {
      await page.fill('[name=samples]', '100000');
      await page.click('text=2 workers');
      await page.waitForFunction(() => document.querySelector('progress')!.value > 0);
      await page.click('text=Stop');
      await page.waitForSelector('[name=stop]:disabled');
      expect(await page.innerText('#status')).toBe('Stopped.');
      // Chromium ends a worker that computes after 2 s.
      await expect.poll(() => page.workers().length, { timeout: 30_000 }).toBe(0);
      expect(await runs()).toEqual([]);
    });

    it('replaces a worker that dies', async () => {
      const body = "postMessage('ready'); onmessage = () => { throw new Error('broken') }";
      await page.route('**/worker.js', (route) => route.fulfill({ contentType: 'text/javascript', body }), {
        times: 1,
      });
      await click('2 workers');
      expect(await runs()).toEqual([['2', short(await digestOf(expected))]]);
    });

    it('says so if the file of the workers cannot be loaded', async () => {
      await page.route('**/worker.js', (route) => route.abort());
      await click('2 workers');
      expect(await page.innerText('#status')).toMatch(
        /^samples \d+ to \d+ failed 3 times: a worker ended or was not loaded$/,
      );
    });
  });
