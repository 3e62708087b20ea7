/**
 * One tab, driven by real input: each click, key and touch is an event that the browser trusts. The same in Chromium,
 * Firefox and WebKit, with one limit: WebKitGTK's driver has no touch, so `tap` and `swipe` are a mouse there.
 *
 *   describeInBrowsers('digits', (tab) => {
 *     it('shows the digit that is drawn', async () => {
 *       await tab.open('site/index.html?seed=1', { width: 360, dark: true });
 *       await tab.drag('#digits canvas', [0.5, 0.2], [0.5, 0.8]);
 *       await tab.waitFor(() => document.querySelector('#digits output')?.textContent !== '');
 *       expect(await tab.text('#digits output')).toContain('1');
 *       expect(await tab.errors()).toEqual([]);
 *     });
 *   });
 *
 * A browser starts when it is first needed, with more instances for dark, for reduced motion and for WebGPU, and stays
 * until the run ends. To try one browser: `npm run test:site -- -t Firefox`, or one file: `… tests/site/x.test.ts`.
 */
import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Driver, Point, Preferences } from './driver.js';
import { BLANK, type Headers, type Server } from './server.js';

export interface OpenOptions extends Partial<Preferences> {
  /** Of the viewport, in CSS pixels. */
  width?: number;
  height?: number;
  /** Whether the screen can be touched, where the browser can pretend that (Chromium). */
  touch?: boolean;
  headers?: Headers;
}

/** A place in an element: the fractions of its width and height. */
type Place = readonly [x: number, y: number];

export class Tab {
  /** Set by `open`. */
  private driver!: Driver;

  constructor(
    private readonly start: (preferences: Preferences) => Promise<Driver>,
    private readonly server: Server,
  ) {}

  /**
   * Opens a page with empty storage.
   *
   * @param path `site/…` for the folder site/, `fixture/…` for tests/site/fixture/, with the query and the fragment
   */
  async open(path: string, options: OpenOptions = {}): Promise<void> {
    const {
      width = 1200,
      height = 900,
      touch = false,
      headers = 'plain',
      dark = false,
      reducedMotion = false,
      gpu = false,
    } = options;
    const { origin, failed } = this.server;
    await this.leave();
    this.driver = await this.start({ dark, reducedMotion, gpu });
    // From another page, so an address that differs by its fragment alone is loaded too.
    await this.driver.goto(origin + BLANK);
    await this.evaluate(() => {
      sessionStorage.clear();
      localStorage.clear();
    });
    failed.length = this.driver.log.length = 0;
    await this.driver.resize(width, height, touch);
    await this.driver.goto(`${origin}/${headers}/${path}`);
  }

  /** Leaves the page, which would go on working beside the pages of other browsers. */
  async leave(): Promise<void> {
    await this.driver?.goto(this.server.origin + BLANK);
  }

  /** Loads the page again, from its present address. Keeps what `errors` returns. */
  async reload(): Promise<void> {
    const url = await this.evaluate(() => location.href);
    await this.driver.goto(this.server.origin + BLANK);
    await this.driver.goto(url);
  }

  /** Runs a function in the page. It sees its arguments and the page, but nothing around it. */
  evaluate<T, A extends unknown[]>(script: (...args: A) => T, ...args: A): Promise<Awaited<T>> {
    return this.driver.evaluate(script, ...args);
  }

  /** Waits until a function in the page returns something true, and returns that. @throws Error after 120 s */
  async waitFor<T, A extends unknown[]>(script: (...args: A) => T, ...args: A): Promise<Awaited<T>> {
    for (const end = performance.now() + 120_000; performance.now() < end; await sleep(50)) {
      const value = await this.evaluate(script, ...args);
      if (value) return value;
    }
    throw new Error([`waited 120 s for ${script}`, ...(await this.errors())].join('\n'));
  }

  /** The text of an element, as it is shown. */
  text(selector: string): Promise<string> {
    return this.evaluate((selector) => {
      const element = document.querySelector<HTMLElement>(selector);
      if (!element) throw new Error(`no element matches ${selector}`);
      return element.innerText;
    }, selector);
  }

  /** A part of the query of the address, or null. */
  parameter(name: string): Promise<string | null> {
    return this.evaluate((name) => new URLSearchParams(location.search).get(name), name);
  }

  async scrollTo(selector: string): Promise<void> {
    await this.evaluate(
      (selector) => document.querySelector(selector)!.scrollIntoView({ behavior: 'instant' }),
      selector,
    );
  }

  /** Gives an element the focus, for `press` and `type`. */
  async focus(selector: string): Promise<void> {
    await this.evaluate((selector) => document.querySelector<HTMLElement>(selector)!.focus(), selector);
  }

  /** Clicks in the middle of an element, or at another place of it. */
  async click(selector: string, place: Place = [0.5, 0.5]): Promise<void> {
    await this.driver.pointer('mouse', await this.points(selector, [place]));
  }

  /** Touches an element. */
  async tap(selector: string, place: Place = [0.5, 0.5]): Promise<void> {
    await this.driver.pointer('touch', await this.points(selector, [place]));
  }

  /** Presses the mouse at the first place of an element and moves it along the others: `[0, 0], [1, 1]`. */
  async drag(selector: string, ...path: Place[]): Promise<void> {
    await this.driver.pointer('mouse', await this.points(selector, path));
  }

  /** The same with a finger. */
  async swipe(selector: string, ...path: Place[]): Promise<void> {
    await this.driver.pointer('touch', await this.points(selector, path));
  }

  /** Presses a key, or keys together: `Tab`, `ArrowRight`, `a`, `Shift+Tab`. Names are those of KeyboardEvent.key. */
  async press(keys: string): Promise<void> {
    await this.driver.press(keys.split('+'));
  }

  /** Types into what has the focus. */
  async type(text: string): Promise<void> {
    await this.driver.type(text);
  }

  /** Chooses a file in an `<input type="file">`. */
  async upload(selector: string, file: string): Promise<void> {
    await this.driver.upload(selector, file);
  }

  /** Writes the viewport to a PNG. @param selector an element to scroll to first */
  async screenshot(file: string, selector?: string): Promise<void> {
    if (selector) await this.scrollTo(selector);
    await writeFile(file, await this.driver.screenshot());
  }

  /** What went wrong since `open`: console.error, uncaught errors, rejections, refusals by the CSP, failed requests. */
  async errors(): Promise<string[]> {
    const recorded = await this.evaluate(() => JSON.parse(sessionStorage.getItem('errors') ?? '[]') as string[]);
    return [...recorded, ...this.driver.log, ...this.server.failed];
  }

  /** The serious and critical violations that axe-core finds. @param selector a part of the page */
  async axe(selector = 'html'): Promise<string[]> {
    return this.evaluate(async (selector) => {
      type Violation = { id: string; impact: string; help: string; nodes: { target: string[] }[] };
      type Axe = { run(context: string, options: object): Promise<{ violations: Violation[] }> };
      const page = window as unknown as { axe?: Axe };
      if (!page.axe)
        await new Promise((resolve, reject) => {
          const script = document.createElement('script');
          Object.assign(script, { src: '/harness/axe.js', onload: resolve, onerror: reject });
          document.head.append(script);
        });
      const { violations } = await page.axe!.run(selector, { resultTypes: ['violations'] });
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
    }, selector);
  }

  /**
   * Scrolls an element into view and waits until it rests.
   * @throws Error if there is none, or another one covers the first place
   */
  private points(selector: string, places: readonly Place[]): Promise<Point[]> {
    return this.evaluate(
      async (selector, places) => {
        const element = document.querySelector(selector);
        if (!element) throw new Error(`no element matches ${selector}`);
        let box: DOMRect;
        let before: DOMRect | undefined;
        // What is drawn above it may move it.
        for (let i = 0; ; i++) {
          element.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
          box = element.getBoundingClientRect();
          if ((before?.top === box.top && before.left === box.left) || i === 100) break;
          before = box;
          await new Promise(requestAnimationFrame);
        }
        const points = places.map(([x, y]) => ({ x: box.left + x * box.width, y: box.top + y * box.height }));
        const { x, y } = points[0]!;
        const hit = document.elementFromPoint(x, y);
        const labels = element instanceof HTMLInputElement ? Array.from(element.labels ?? []) : [];
        if (![element, ...labels].some((e) => e.contains(hit)))
          throw new Error(`${selector} is covered by ${hit?.outerHTML.slice(0, 100) ?? 'nothing: it is not shown'}`);
        return points;
      },
      selector,
      places,
    );
  }
}
