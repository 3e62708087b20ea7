/** "The same bits on your device", against the test vectors. */
import { expect, it } from 'vitest';
import { expectedDigest } from '../../website/playground/bits/stream.js';
import { describeInBrowsers } from './browsers.js';
import type { OpenOptions, Tab } from './tab.js';

const PAGE = 'site/index.html';

async function open(tab: Tab, options: OpenOptions): Promise<void> {
  await tab.open(PAGE, options);
  await tab.scrollTo('#bits');
  await tab.waitFor(() => document.querySelector('#bits-answer')!.textContent !== '');
}

/** The texts in the first column of the times, after the measurement. */
async function sides(tab: Tab): Promise<string[]> {
  await tab.scrollTo('#bits-times');
  await tab.waitFor(
    () =>
      document.querySelector('#bits-times td') && !document.querySelector<HTMLButtonElement>('#bits-measure')!.disabled,
  );
  return tab.evaluate(() => Array.from(document.querySelectorAll('#bits-times th'), (e) => e.textContent!));
}

/** What the page says of the GPU. */
async function gpuLine(tab: Tab): Promise<string> {
  await tab.waitFor(() => !document.querySelector('#bits-gpu')!.textContent!.endsWith('…'));
  return tab.text('#bits-gpu');
}

describeInBrowsers('the same bits', (tab, browser) => {
  it.each([
    ['isolated', 'wasm-simd'],
    ['plain', 'wasm-simd'],
    ['strict', 'reference'],
  ] as const)('gives the expected digest with %s headers, by %s', async (headers, backend) => {
    await open(tab, { headers });
    expect(await tab.text('#bits-here')).toBe(expectedDigest);
    expect(await tab.text('#bits-expected')).toBe(expectedDigest);
    expect(await tab.text('#bits-answer')).toBe('✓ The same bits.');
    expect(await tab.text('#bits-sentence')).toContain(`(${backend})`);
    expect(await tab.text('#bits-sentence')).toContain(expectedDigest);
    expect(await tab.errors()).toEqual([]);
  });

  it('says in one line that there is no WebGPU, unless this machine has a GPU', async () => {
    await open(tab, { headers: 'plain' });
    const hasAdapter = await tab.evaluate(async () => Boolean(await navigator.gpu?.requestAdapter()));
    expect(await gpuLine(tab)).toMatch(hasAdapter ? /: ✓ The same bits\.$/ : /^This browser offers no WebGPU here/);
    expect(await tab.errors()).toEqual([]);
  });

  if (browser === 'Chromium') {
    it.each(['plain', 'strict'] as const)('draws the same masks on the GPU, with %s headers', async (headers) => {
      await open(tab, { headers, gpu: true });
      expect(await gpuLine(tab)).toMatch(/^On the GPU \(.*swiftshader.*\): ✓ The same bits\.$/i);
      expect(await tab.errors()).toEqual([]);
    });

    it('says that the GPU failed', async () => {
      await tab.open(PAGE, { gpu: true });
      await tab.evaluate(() => {
        GPUAdapter.prototype.requestDevice = () => Promise.reject(new Error('no memory'));
      });
      await tab.scrollTo('#bits');
      expect(await gpuLine(tab)).toMatch(/^On the GPU \(.*\): it failed: no memory$/);
      expect(await tab.errors()).toEqual([]);
    });
  }

  it('measures again by a click, with two threads in an isolated page', async () => {
    await open(tab, { headers: 'isolated' });
    const all = ['a Math.random loop', 'dropout-wasm', 'dropout-wasm, one thread', 'dropout-wasm, two threads'];
    expect(await sides(tab)).toEqual(all);
    await tab.click('#bits-measure');
    expect(await sides(tab)).toEqual(all);
    expect(await tab.errors()).toEqual([]);
  });

  it('says why two threads do not run in another page', async () => {
    await open(tab, { headers: 'plain' });
    expect(await sides(tab)).toEqual(['a Math.random loop', 'dropout-wasm']);
    expect(await tab.text('#bits-threads')).toContain('isolated');
    expect(await tab.errors()).toEqual([]);
  });
});
