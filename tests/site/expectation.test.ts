/** "The expectation stays", with real clicks and keys, against the library. */
import { expect, it } from 'vitest';
import {
  compareElements,
  compareMeans,
  compareWays,
  measure,
  type Settings,
} from '../../website/playground/expectation/measure.js';
import { factor, grouped } from '../../website/playground/text.js';
import { last } from '../support/last.js';
import { describeInBrowsers } from './browsers.js';
import type { Tab } from './tab.js';

const PAGE = 'site/index.html';
const SETTINGS: Settings = { seed: 1, p: 0.5, x: 'ones', elements: 10_000 };

/** What the page shows of so many masks, by the names of the numbers. */
async function numbersOf(settings: Settings, masks: number): Promise<Record<string, string>> {
  const measurement = await last(measure(settings, masks));
  const rows = { elements: compareElements(measurement), means: compareMeans(measurement) };
  const numbers = Object.entries(rows).flatMap(([name, { measured, theory }]) => [
    [`${name}-mean`, measured.mean],
    [`${name}-mean-theory`, theory.mean],
    [`${name}-std`, measured.std],
    [`${name}-std-theory`, theory.std],
  ]);
  const ways = compareWays(measurement).flatMap(({ name, training, evaluation }) => [
    [`${name}-training`, training],
    [`${name}-evaluation`, evaluation],
    [`${name}-ratio`, evaluation / training],
  ]);
  const { p } = settings;
  const all = [...numbers, ...ways] as [string, number][];
  const printed = Object.fromEntries(all.map(([name, value]) => [name, value.toFixed(4)]));
  return { ...printed, scale: factor(1 / (1 - p)), keep: factor(1 - p) };
}

async function open(tab: Tab, query = ''): Promise<void> {
  await tab.open(`${PAGE}${query}`);
  await show(tab);
}

/** Scrolls to the section, and waits until it has started. */
async function show(tab: Tab): Promise<void> {
  await tab.scrollTo('#expectation');
  await tab.waitFor(() => document.querySelector('#expectation [data-number="scale"]')!.textContent !== '');
}

/** The numbers on the page, once it has drawn so many masks. */
async function shownNumbers(tab: Tab, masks: number): Promise<Record<string, string>> {
  await tab.waitFor(
    (text) => document.querySelector('#expectation-means')?.getAttribute('aria-label')?.includes(text),
    ` ${grouped(masks)} masks`,
  );
  return tab.evaluate(() =>
    Object.fromEntries(
      Array.from(document.querySelectorAll<HTMLElement>('#expectation [data-number]'), (e) => [
        e.dataset.number!,
        e.textContent!,
      ]),
    ),
  );
}

const masks = (tab: Tab) =>
  tab.evaluate(() => Number(document.querySelector<HTMLInputElement>('#expectation [name="maskCount"]')!.value));

describeInBrowsers('the expectation', (tab) => {
  it('shows the numbers of the library without a click', async () => {
    await open(tab);
    expect(await shownNumbers(tab, 200)).toEqual(await numbersOf(SETTINGS, 200));
    expect(await tab.errors()).toEqual([]);
  });

  it('draws the next mask by a click and by a key', async () => {
    await open(tab, '?maskCount=10');
    await tab.click('#expectation-next');
    expect(await shownNumbers(tab, 11)).toEqual(await numbersOf(SETTINGS, 11));
    await tab.press(' ');
    expect(await shownNumbers(tab, 12)).toEqual(await numbersOf(SETTINGS, 12));
    expect(await tab.errors()).toEqual([]);
  });

  it('keeps drawing until it is told to stop, or has drawn 1,000', async () => {
    await open(tab, '?elements=1000&maskCount=10');
    expect(await masks(tab)).toBe(10);
    await tab.click('#expectation-run');
    await tab.waitFor(() => Number(document.querySelector<HTMLInputElement>('[name="maskCount"]')!.value) > 12);
    await tab.click('#expectation-run');
    const count = await masks(tab);
    expect(await tab.text('#expectation-run')).toBe('Keep drawing');
    expect(await shownNumbers(tab, count)).toEqual(await numbersOf({ ...SETTINGS, elements: 1000 }, count));
    await open(tab, '?elements=1000&maskCount=998');
    await tab.click('#expectation-run');
    await shownNumbers(tab, 1000);
    expect(await tab.evaluate(() => document.querySelector<HTMLButtonElement>('#expectation-run')!.disabled)).toBe(
      true,
    );
    expect(await tab.errors()).toEqual([]);
  });

  it('follows p and x, and the address restores them', async () => {
    await open(tab, '?values=normals&maskCount=20');
    await shownNumbers(tab, 20);
    await tab.focus('#expectation [name="p"]');
    await tab.press('ArrowRight');
    const expected = await numbersOf({ ...SETTINGS, p: 0.55, x: 'normals' }, 20);
    await tab.waitFor(
      (scale) => document.querySelector('#expectation [data-number="scale"]')!.textContent === scale,
      expected.scale!,
    );
    expect(await shownNumbers(tab, 20)).toEqual(expected);
    await tab.waitFor(() => new URLSearchParams(location.search).get('p') === '0.55');
    await tab.reload();
    await show(tab);
    expect(await shownNumbers(tab, 20)).toEqual(expected);
    expect(await tab.errors()).toEqual([]);
  });
});
