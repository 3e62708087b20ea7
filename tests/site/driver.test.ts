/** The harness itself: what it reports of a page, and that its input is real. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ROOT, run, tool } from '../packaging/project.js';
import { describeInBrowsers } from './browsers.js';

const folder = mkdtempSync(join(tmpdir(), 'site-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('has no type errors', async () => {
  await run(process.execPath, [tool('typescript/bin/tsc'), '-p', 'tests/site'], ROOT);
});

type Fixture = { events: string[] };

describeInBrowsers('the harness', (tab, browser) => {
  /** The events since the last call. */
  const events = () => tab.evaluate(() => (window as unknown as Fixture).events.splice(0));

  it('opens a page at a width, by a relative path, with the preferences', async () => {
    const seen = () =>
      tab.evaluate(() => ({
        width: innerWidth,
        height: innerHeight,
        dark: matchMedia('(prefers-color-scheme: dark)').matches,
        reducedMotion: matchMedia('(prefers-reduced-motion: reduce)').matches,
      }));
    await tab.open('fixture/');
    expect(await seen()).toEqual({ width: 1200, height: 900, dark: false, reducedMotion: false });
    const options = { width: 360, height: 640, dark: true, reducedMotion: true };
    await tab.open('fixture/', options);
    expect(await seen()).toEqual(options);
  });

  it.each(['plain', 'isolated', 'strict'] as const)('serves a page with %s headers', async (headers) => {
    await tab.open('fixture/', { headers });
    expect(await tab.evaluate(() => crossOriginIsolated && new SharedArrayBuffer(8).byteLength === 8)).toBe(
      headers === 'isolated',
    );
    await tab.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'window.inline = true';
      document.head.append(script);
    });
    expect(await tab.evaluate(() => 'inline' in window)).toBe(headers !== 'strict');
    expect(await tab.errors()).toEqual(
      headers === 'strict' ? expect.arrayContaining(['refused by script-src-elem: inline']) : [],
    );
  });

  it('clicks', async () => {
    await tab.open('fixture/');
    await tab.click('#button');
    expect(await events()).toEqual(expect.arrayContaining(['pointerdown true mouse', 'click true mouse']));
  });

  it('touches', async () => {
    await tab.open('fixture/', { touch: true });
    await tab.tap('#button');
    const touch = ['pointerdown true touch', 'touchstart true', 'click true touch'];
    // WebKitGTK's driver has no touch.
    expect(await events()).toEqual(expect.arrayContaining(browser === 'WebKit' ? ['click true mouse'] : touch));
  });

  it.each(['drag', 'swipe'] as const)('moves along a path by %s', async (move) => {
    await tab.open('fixture/', { touch: true });
    await tab.evaluate(() => {
      const points: number[][] = [];
      Object.assign(window, { points });
      const canvas = document.querySelector<HTMLElement>('#canvas')!;
      for (const type of ['pointerdown', 'pointermove', 'pointerup'] as const)
        canvas.addEventListener(type, ({ clientX, clientY, isTrusted, buttons }) => {
          const { left, top } = canvas.getBoundingClientRect();
          if (isTrusted && (buttons || type === 'pointerup'))
            points.push([clientX - left, clientY - top].map(Math.round));
        });
    });
    await tab[move]('#canvas', [0.1, 0.1], [0.5, 0.5], [0.8, 0.2]);
    const points = await tab.evaluate(() => (window as unknown as { points: number[][] }).points);
    const near = (x: number, y: number) => [expect.closeTo(x, -0.5), expect.closeTo(y, -0.5)];
    expect(points[0]).toEqual(near(20, 10));
    expect(points).toContainEqual(near(100, 50));
    expect(points.at(-1)).toEqual(near(160, 20));
  });

  it('presses keys and types', async () => {
    await tab.open('fixture/');
    await tab.press('Tab');
    await tab.press('Tab');
    await tab.press('ArrowRight');
    expect(await events()).toEqual(['keydown true Tab', 'keydown true Tab', 'keydown true ArrowRight', 'input true']);
    expect(await tab.evaluate(() => document.querySelector<HTMLInputElement>('#range')!.value)).toBe('6');
    await tab.press('Tab');
    await tab.type('0.5');
    expect(await tab.evaluate(() => document.querySelector<HTMLInputElement>('#text')!.value)).toBe('0.5');
    await tab.press('Shift+Tab');
    expect(await tab.evaluate(() => document.activeElement!.id)).toBe('range');
    expect(await tab.evaluate(() => document.activeElement!.matches(':focus-visible'))).toBe(true);
  });

  it('chooses a file', async () => {
    await tab.open('fixture/');
    await tab.upload('#file', join(ROOT, 'LICENSE'));
    expect(await tab.evaluate(() => document.querySelector<HTMLInputElement>('#file')!.files![0]!.text())).toBe(
      readFileSync(join(ROOT, 'LICENSE'), 'utf8'),
    );
  });

  it('reads text, waits, and takes a screenshot', async () => {
    await tab.open('fixture/');
    expect(await tab.text('h1')).toBe('Fixture');
    await tab.evaluate(() => setTimeout(() => document.querySelector('h1')!.append(' 2'), 100));
    await tab.waitFor((text) => document.querySelector('h1')!.textContent === text, 'Fixture 2');
    const file = join(folder, 'page.png');
    await tab.screenshot(file, '#far');
    expect(readFileSync(file).subarray(1, 4).toString()).toBe('PNG');
  });

  it('refuses to use an element that is missing or covered', async () => {
    await tab.open('fixture/');
    await expect(tab.click('#none')).rejects.toThrow('no element matches #none');
    await tab.evaluate(() => {
      const cover = document.createElement('dialog');
      cover.textContent = 'cover';
      cover.style.inset = '0';
      document.body.append(cover);
      cover.showModal();
    });
    await expect(tab.click('#button')).rejects.toThrow('#button is covered by <');
  });

  describe('finds', () => {
    it.each([
      ['log', /^console.error: broken 1$/],
      ['throw', /^uncaught: .*broken/],
      ['reject', /^unhandled rejection: Error: broken$/],
      ['image', /^404: \/plain\/fixture\/none.png$/],
      ['fetch', /^404: \/plain\/fixture\/none.json$/],
      ['import', /^404: \/plain\/fixture\/none.js$/],
      ['absolute', /^404: \/index.html$/],
    ])('%s, also after a reload', async (id, error) => {
      await tab.open('fixture/');
      expect(await tab.errors()).toEqual([]);
      await tab.click(`#${id}`);
      await expect.poll(() => tab.errors()).toContainEqual(expect.stringMatching(error));
      await tab.reload();
      expect(await tab.errors()).toContainEqual(expect.stringMatching(error));
    });
  });

  it.each(['plain', 'strict'] as const)('finds serious faults of accessibility with %s headers', async (headers) => {
    await tab.open('fixture/', { headers });
    expect(await tab.axe()).toEqual([]);
    await tab.evaluate(() => document.querySelector('main')!.append(document.createElement('button')));
    expect(await tab.axe()).toEqual([expect.stringMatching(/^button-name: /)]);
    expect(await tab.axe('h1')).toEqual([]);
  });
});
