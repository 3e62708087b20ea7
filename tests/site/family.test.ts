/** All layers on one picture, with real clicks, keys and files, against the library. */
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { Family, measured, seedOf } from '../../website/playground/family/family.js';
import { MEMBERS } from '../../website/playground/family/members.js';
import { builtInPicture } from '../../website/playground/family/picture.js';
import { describeInBrowsers } from './browsers.js';
import type { Tab } from './tab.js';

const PAGE = 'site/index.html';
const family = new Family(builtInPicture());
const file = (name: string) => fileURLToPath(new URL(`fixture/${name}`, import.meta.url));

/** What the page says of mask `number` of a layer. */
const numbersOf = (name: string, number: number, p = 0.3) => {
  const member = MEMBERS.find((member) => member.name === name)!;
  return measured(member, family.draw(member, { p, seed: seedOf(1, number), block: 24 }).mask);
};

async function open(tab: Tab, query = ''): Promise<void> {
  await tab.open(`${PAGE}${query}`, { reducedMotion: true });
  await tab.scrollTo('#family');
  await tab.waitFor(() => document.querySelector('#family-measured')!.textContent !== '');
}

const shows = (tab: Tab, text: string) =>
  tab.waitFor((text) => document.querySelector('#family-measured')!.textContent === text, text);

/** The sum of the pixels of a canvas. */
const sumOf = (tab: Tab, selector: string) =>
  tab.evaluate((selector) => {
    const canvas = document.querySelector<HTMLCanvasElement>(selector)!;
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    return data.reduce((sum, value) => sum + value, 0);
  }, selector);

describeInBrowsers('the family', (tab) => {
  it('shows the numbers of the library for each layer, chosen by keys', async () => {
    await open(tab);
    await tab.click('#family-layers input[value="dropout"]');
    for (const { name } of MEMBERS) {
      await shows(tab, numbersOf(name, 1));
      await tab.press('ArrowRight');
    }
    expect(await tab.errors()).toEqual([]);
  });

  it('draws the next mask, and the address restores it', async () => {
    await open(tab);
    await tab.click('#family-layers input[value="rows"]');
    await tab.click('#family-next');
    await shows(tab, numbersOf('rows', 2));
    const sum = await sumOf(tab, '#family-result');
    await tab.waitFor(() => new URLSearchParams(location.search).get('layerMask') === '2');
    await tab.reload();
    await tab.scrollTo('#family');
    await shows(tab, numbersOf('rows', 2));
    expect(await sumOf(tab, '#family-result')).toBe(sum);
    expect(await tab.errors()).toEqual([]);
  });

  it('moves only when told to, if the visitor prefers reduced motion', async () => {
    await open(tab);
    const isPressed = () => tab.evaluate(() => document.querySelector('#family-animate')!.getAttribute('aria-pressed'));
    expect(await isPressed()).toBe('false');
    expect(await tab.evaluate(() => document.querySelector('#hero .animate')!.getAttribute('aria-pressed'))).toBe(
      'false',
    );
    await tab.click('#family-animate');
    expect(await isPressed()).toBe('true');
    await shows(tab, numbersOf('dropout', 3));
    await tab.press(' ');
    expect(await isPressed()).toBe('false');
  });

  it('takes a picture of the visitor, and says what is wrong with another file', async () => {
    await open(tab);
    const builtIn = await sumOf(tab, '#family-picture');
    await tab.upload('#family-file', file('picture.png'));
    await tab.waitFor(() => !document.querySelector<HTMLElement>('#family-reset')!.hidden);
    // Red all over: 512 × 512 pixels of 255, 0, 0, 255.
    expect(await sumOf(tab, '#family-picture')).toBe(512 * 512 * 510);
    await shows(tab, numbersOf('dropout', 1));

    await tab.upload('#family-file', file('not-a-picture.png'));
    await tab.waitFor(() => document.querySelector('#family-message')!.textContent !== '');
    expect(await tab.text('#family-message')).toContain('cannot read “not-a-picture.png” as a picture');
    expect(await sumOf(tab, '#family-picture')).toBe(512 * 512 * 510);

    await tab.click('#family-reset');
    expect(await tab.text('#family-message')).toBe('');
    expect(await sumOf(tab, '#family-picture')).toBe(builtIn);
    expect(await tab.errors()).toEqual([]);
  });

  it('takes an SVG picture', async () => {
    await open(tab);
    await tab.upload('#family-file', file('picture.svg'));
    await tab.waitFor(() => !document.querySelector<HTMLElement>('#family-reset')!.hidden);
    // Blue all over.
    expect(await sumOf(tab, '#family-picture')).toBe(512 * 512 * 510);
    expect(await tab.text('#family-message')).toBe('');
    expect(await tab.text('#family-status')).toBe('');
    expect(await tab.errors()).toEqual([]);
  });

  it('stays on the page when a file is dropped elsewhere', async () => {
    await open(tab);
    const isPrevented = await tab.evaluate(() => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(['text'], 'text.txt'));
      return ['dragover', 'drop'].map((type) => {
        const event = new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true });
        document.querySelector('#hero')!.dispatchEvent(event);
        return event.defaultPrevented;
      });
    });
    expect(isPrevented).toEqual([true, true]);
  });
});
