/** "Draw a digit", with real strokes, touches and keys, against the library. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { weightsFromBytes } from '../../examples/digits/classifier.js';
import examples from '../../website/playground/digits/examples.json' with { type: 'json' };
import { decode, drawing, INK, SIDE } from '../../website/playground/digits/image.js';
import { best, evaluate, sample } from '../../website/playground/digits/predict.js';
import { last } from '../support/last.js';
import { describeInBrowsers } from './browsers.js';
import type { Tab } from './tab.js';

const PAGE = 'site/index.html';
const weights = weightsFromBytes(readFileSync(new URL('../../examples/digits/weights.bin', import.meta.url)));

/** What the page shows of a drawing. */
async function answerTo(text: string, options = { seed: 1, samples: 100 }) {
  const pixels = decode(text)!;
  const { mean, std, entropy, mutualInformation } = await last(sample(weights, pixels, options));
  const off = evaluate(weights, pixels);
  const [digit, digitOff] = [best(mean), best(off)];
  return {
    answer: text === '' ? 'Nothing is drawn.' : `The network reads a ${digit}.`,
    with: `${digit}: ${mean[digit]!.toFixed(3)} ± ${std[digit]!.toFixed(3)}`,
    off: `${digitOff}: ${off[digitOff]!.toFixed(3)}`,
    entropy: `${entropy[0]!.toFixed(3)} nats`,
    information: `${mutualInformation[0]!.toFixed(3)} nats`,
  };
}

const shownAnswer = (tab: Tab) =>
  tab.evaluate(() =>
    Object.fromEntries(
      ['answer', 'with', 'off', 'entropy', 'information'].map((id) => [
        id,
        document.querySelector(`#digits-${id}`)!.textContent,
      ]),
    ),
  );

async function open(tab: Tab, query = '', options = {}): Promise<void> {
  await tab.open(`${PAGE}${query}`, options);
  await show(tab);
}

async function show(tab: Tab): Promise<void> {
  await tab.scrollTo('#digits');
  await tab.waitFor(() => document.querySelector('#digits-answer')!.textContent !== '');
}

/** Waits until the address has another drawing and the page the answer to it. Returns the drawing. */
async function expectAnswer(tab: Tab, before: string): Promise<string> {
  const isOther = (before: string) => {
    const text = new URLSearchParams(location.search).get('drawing');
    return text !== null && text !== before;
  };
  await tab.waitFor(isOther, before);
  // The address follows the drawing with a delay: the last part of a stroke may still be missing.
  let text: string | null;
  do {
    text = await tab.parameter('drawing');
    await sleep(1000);
  } while (text !== (await tab.parameter('drawing')));
  await expect.poll(() => shownAnswer(tab), { timeout: 20_000 }).toEqual(await answerTo(text!));
  return text!;
}

const SEVEN = [
  [0.28, 0.15],
  [0.72, 0.15],
  [0.45, 0.88],
] as const;

describeInBrowsers('digits', (tab) => {
  it('shows the numbers of the library without a click', async () => {
    await open(tab);
    await expect.poll(() => shownAnswer(tab), { timeout: 20_000 }).toEqual(await answerTo(drawing.initial));
    expect(await tab.errors()).toEqual([]);
  });

  it('gives the digit that is drawn by mouse, and the address restores it', async () => {
    await open(tab);
    await tab.click('#digits-clear');
    await tab.waitFor(() => new URLSearchParams(location.search).get('drawing') === '');
    await tab.drag('#digits-pad', ...SEVEN);
    const text = await expectAnswer(tab, '');
    expect(await tab.text('#digits-answer')).toBe('The network reads a 7.');
    await tab.reload();
    await show(tab);
    expect(await tab.parameter('drawing')).toBe(text);
    await expect.poll(() => shownAnswer(tab), { timeout: 20_000 }).toEqual(await answerTo(text));
    expect(await tab.errors()).toEqual([]);
  });

  it('gives the digit that is drawn by finger', async () => {
    await open(tab, '?drawing=', { width: 360, touch: true });
    await tab.swipe('#digits-pad', ...SEVEN);
    await expectAnswer(tab, '');
    expect(await tab.text('#digits-answer')).toBe('The network reads a 7.');
    expect(await tab.errors()).toEqual([]);
  });

  it('gives the digit that is drawn by keys', async () => {
    await open(tab, '?drawing=');
    await tab.focus('#digits-pad');
    for (let i = 0; i < 7; i++) await tab.press('ArrowUp');
    await tab.press(' ');
    expect(await tab.text('#digits-pen')).toBe('The pen is down.');
    for (let i = 0; i < 14; i++) await tab.press('ArrowDown');
    await tab.press(' ');
    await expectAnswer(tab, '');
    expect(await tab.text('#digits-answer')).toBe('The network reads a 1.');
    await tab.press('Delete');
    await tab.waitFor(() => new URLSearchParams(location.search).get('drawing') === '');
    expect(await tab.errors()).toEqual([]);
  });

  it('says that nothing is drawn, and draws a dot by a click or a tap', async () => {
    for (const touch of [false, true]) {
      await open(tab, '?drawing=', { touch });
      expect(await tab.text('#digits-answer')).toBe('Nothing is drawn.');
      await tab[touch ? 'tap' : 'click']('#digits-pad');
      const text = await expectAnswer(tab, '');
      // A dot of ink in the middle of the paper.
      expect(decode(text)![14 * SIDE + 14]).toBe(INK);
    }
    expect(await tab.errors()).toEqual([]);
  });

  it('reads an example', async () => {
    await open(tab);
    const example = examples.find(({ digit }) => digit === 3)!;
    await tab.click('#digits-easy [aria-label="Example of a 3"]');
    expect(await expectAnswer(tab, drawing.initial)).toBe(example.text);
    expect(await tab.errors()).toEqual([]);
  });

  it('takes other samples for another seed', async () => {
    await open(tab, '?seed=2&digitSamples=30');
    const expected = await answerTo(drawing.initial, { seed: 2, samples: 30 });
    await expect.poll(() => shownAnswer(tab), { timeout: 20_000 }).toEqual(expected);
  });
});
