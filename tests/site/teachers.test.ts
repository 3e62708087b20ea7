/** What teachers use: parts that are left out, and the link to the rest. */
import { expect, it } from 'vitest';
import { describeInBrowsers } from './browsers.js';
import type { Tab } from './tab.js';

const PAGE = 'site/index.html';

const isShown = (tab: Tab, selector: string) =>
  tab.evaluate((selector) => document.querySelector(selector)!.checkVisibility(), selector);

/** Opens the page and waits until it works. */
async function open(tab: Tab, query = ''): Promise<void> {
  await tab.open(PAGE + query, { reducedMotion: true });
  await started(tab);
}

const started = (tab: Tab) => tab.waitFor(() => document.querySelector('#hero output')!.textContent !== '');

/** By keys: sections that start move the checkboxes away from under a pointer. */
async function toggle(tab: Tab, name: string): Promise<void> {
  await tab.focus(`#teachers input[value="${name}"]`);
  await tab.press(' ');
}

describeInBrowsers('for teachers', (tab) => {
  it('hides a section and its entry in the list, and the link does the same', async () => {
    await open(tab);
    expect(await isShown(tab, '#digits')).toBe(true);
    await toggle(tab, 'digits');
    await tab.press('Tab');
    await tab.press(' ');
    expect(await isShown(tab, '#digits')).toBe(false);
    expect(await isShown(tab, 'nav a[href="#digits"]')).toBe(false);
    expect(await isShown(tab, '#bits')).toBe(false);
    expect(await isShown(tab, '#family')).toBe(true);

    await tab.waitFor(() =>
      document.querySelector<HTMLAnchorElement>('#lesson-link')!.href.includes('hide=digits%2Cbits'),
    );
    expect(await tab.evaluate(() => document.querySelector<HTMLTextAreaElement>('#lesson-frame')!.value)).toContain(
      '/index.html?seed=1&amp;hide=digits%2Cbits%2Cteachers" title=',
    );
    const link = await tab.evaluate(() => document.querySelector<HTMLAnchorElement>('#lesson-link')!.href);
    await open(tab, new URL(link).search);
    expect(await isShown(tab, '#digits')).toBe(false);
    expect(await isShown(tab, '#bits')).toBe(false);
    expect(await isShown(tab, '#teachers')).toBe(false);
    expect(await isShown(tab, 'nav a[href="#teachers"]')).toBe(false);
    expect(await tab.errors()).toEqual([]);
  });

  it('shows the sections again', async () => {
    await open(tab, '?hide=settings,family');
    expect(await isShown(tab, '.settings')).toBe(false);
    for (const name of ['settings', 'family']) await toggle(tab, name);
    expect(await isShown(tab, '.settings')).toBe(true);
    expect(await isShown(tab, '#family')).toBe(true);
  });

  it('leaves no gap where the first screen was, but shows what is wrong with the address', async () => {
    await open(tab, '?hide=hero,settings');
    expect(await isShown(tab, '#hero')).toBe(false);
    expect(await isShown(tab, '#network')).toBe(true);
    await open(tab, '?hide=hero,settings&seed=-1');
    expect(await isShown(tab, '#problems')).toBe(true);
    expect(await isShown(tab, '#hero h1')).toBe(false);
    await open(tab, '?hide=hero');
    expect(await isShown(tab, '#seed')).toBe(true);
  });
});

describeInBrowsers('the first screen', (tab) => {
  it('draws masks of the seed: the same seed the same masks', async () => {
    await open(tab, '?seed=5');
    const first = await tab.text('#hero output');
    expect(first).toMatch(/^p = 0\.5, mask 1: \d+ of 16 hidden units kept/);
    await tab.click('#hero .next');
    expect(await tab.text('#hero output')).toContain('mask 2');
    await tab.reload();
    await started(tab);
    expect(await tab.text('#hero output')).toBe(first);
  });
});
