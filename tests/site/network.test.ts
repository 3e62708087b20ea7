/** The networks, their sub-networks and their uncertainty: what the page shows is what Node computes. */
import { expect, it } from 'vitest';
import { fields, type State } from '../../website/playground/fields.js';
import { softmax } from '../../website/playground/network/ensemble.js';
import { SIDES } from '../../website/playground/network/experiment.js';
import { withGrid } from '../../website/playground/network/plane.js';
import { Store } from '../../website/playground/store.js';
import { largestDifference, opinionOf } from '../../website/playground/subnetworks/compute.js';
import { percent, three } from '../../website/playground/text.js';
import { pointStatistics } from '../../website/playground/uncertainty/compute.js';
import { last } from '../support/last.js';
import { trained } from '../website/state.js';
import { describeInBrowsers } from './browsers.js';
import type { OpenOptions, Tab } from './tab.js';

const page = (query: string) => `site/index.html?${query}`;

/** What the section of the networks shows for a state. */
function networkNumbers(state: State): string[] {
  const experiment = trained(state);
  return SIDES.flatMap((side) => {
    const { train, test } = experiment.fit(side);
    return [three(test.loss - train.loss), three(train.loss), three(test.loss), percent(test.accuracy)];
  });
}

const NUMBERS = SIDES.flatMap((side) =>
  ['gap', 'train-loss', 'test-loss', 'test-accuracy'].map((name) => `#${name}-${side}`),
);

const texts = (tab: Tab, selectors: string[]) =>
  tab.evaluate((all) => all.map((selector) => document.querySelector(selector)!.textContent), selectors);

/** Scrolls to a section, and waits until its text for screen readers says that it rests. */
async function rest(tab: Tab, section: string, before = ''): Promise<string> {
  await tab.scrollTo(`#${section}`);
  return tab.waitFor(
    (section, before) => {
      const text = document.querySelector(`#${section}-status`)!.textContent ?? '';
      return text !== before ? text : '';
    },
    section,
    before,
  );
}

async function open(tab: Tab, section: string, query: string, options: OpenOptions = {}): Promise<string> {
  await tab.open(page(query), options);
  return rest(tab, section);
}

/** The state of the address, once a field has another value than before. */
async function stateAfter(tab: Tab, name: string, before: string): Promise<State> {
  const query = await tab.waitFor(
    (name, before) => {
      const value = new URLSearchParams(location.search).get(name);
      return value !== null && value !== before && location.search;
    },
    name,
    before,
  );
  return new Store(fields, query as string);
}

describeInBrowsers('the networks', (tab) => {
  it('train to the steps of the address', async () => {
    const query = 'data=circles&seed=3&steps=40';
    await open(tab, 'network', query);
    expect(await texts(tab, NUMBERS)).toEqual(networkNumbers(new Store(fields, query)));
    expect(await tab.errors()).toEqual([]);
  });

  it('train until Pause, by clicks, to a state that the address restores', async () => {
    const first = await open(tab, 'network', 'steps=0');
    const [untrained] = await texts(tab, ['#test-loss-with']);
    expect(await tab.text('#run')).toBe('Run');
    await tab.click('#run');
    await tab.waitFor(() => Number(document.querySelector<HTMLElement>('#network')!.dataset.steps) >= 20);
    expect(await tab.text('#run')).toBe('Pause');
    await tab.click('#run');
    await rest(tab, 'network', first);
    const numbers = await texts(tab, NUMBERS);
    const [trainedLoss] = await texts(tab, ['#test-loss-with']);
    expect(Number(trainedLoss)).toBeLessThan(Number(untrained));

    const state = await stateAfter(tab, 'steps', '0');
    await tab.waitFor(
      () =>
        new URLSearchParams(location.search).get('steps') ===
        document.querySelector<HTMLElement>('#network')!.dataset.steps,
    );
    await tab.reload();
    await rest(tab, 'network');
    expect(await texts(tab, NUMBERS)).toEqual(numbers);
    expect(state.get('seed')).toBe(1);
    expect(await tab.errors()).toEqual([]);
  });

  it('show the steps made in the field that has the focus, and a number that is typed ends the run', async () => {
    await open(tab, 'network', 'steps=0');
    await tab.click('#run');
    await tab.focus('#steps');
    await tab.waitFor(() => Number(document.querySelector<HTMLInputElement>('#steps')!.value) >= 5);
    await tab.press('ArrowUp');
    await tab.waitFor(() => document.querySelector('#run')!.textContent === 'Run');
    const steps = await tab.evaluate(() => document.querySelector<HTMLInputElement>('#steps')!.value);
    expect(await tab.text('#network-status')).toContain(`After ${steps} steps`);
    expect(await tab.errors()).toEqual([]);
  });

  it('step and start over by keys', async () => {
    let status = await open(tab, 'network', 'steps=3');
    await tab.focus('#step');
    await tab.press(' ');
    status = await rest(tab, 'network', status);
    expect(status).toContain('After 4 steps');
    await tab.focus('#reset');
    await tab.press('Enter');
    status = await rest(tab, 'network', status);
    expect(status).toContain('After 0 steps');
    const [without, withDropout] = [NUMBERS.slice(0, 4), NUMBERS.slice(4)];
    expect(await texts(tab, without)).toEqual(await texts(tab, withDropout));
  });

  it('train anew after a touch on a slider', async () => {
    const status = await open(tab, 'network', 'steps=10', { width: 360, touch: true });
    await tab.tap('#p1', [0.9, 0.5]);
    const state = await stateAfter(tab, 'p1', '0.5');
    expect(state.get('p1')).toBeGreaterThan(0.7);
    await rest(tab, 'network', status);
    expect(await texts(tab, NUMBERS)).toEqual(networkNumbers(state));
    expect(await tab.errors()).toEqual([]);
  });

  it('do not move by themselves where motion is to be reduced', async () => {
    await tab.open(page('steps=60'), { reducedMotion: true });
    await rest(tab, 'network');
    expect(await texts(tab, NUMBERS)).toEqual(networkNumbers(new Store(fields, 'steps=60')));
  });
});

describeInBrowsers('sub-networks', (tab) => {
  it('show the chosen one, their mean, and how it differs from evaluation mode', async () => {
    const status = await open(tab, 'subnetworks', 'steps=30&averaged=20&firstMask=12');
    await tab.focus('#strip input:checked');
    await tab.press('ArrowRight');
    await tab.waitFor(() => document.querySelector('#title-chosen')!.textContent === 'Sub-network 13');
    expect(status).toContain('20 sub-networks');

    const experiment = trained(await stateAfter(tab, 'chosenMask', '0'));
    const { trainers, test } = experiment;
    const ensemble = () => experiment.ensemble('shared');
    const rows = withGrid(test);
    const evaluation = opinionOf(softmax(trainers.with.logits(rows)), test);
    const [chosen, mean] = await Promise.all(
      [{ samples: 1, from: 13 }, { samples: 20 }].map(async (options) =>
        opinionOf((await ensemble().run(rows, options)).mean, test),
      ),
    );
    const names = ['chosen', 'mean', 'evaluation'];
    const losses = [chosen!, mean!, evaluation].map(({ loss }) => three(loss));
    expect(
      await texts(
        tab,
        names.map((name) => `#loss-${name}`),
      ),
    ).toEqual(losses);
    expect(await tab.text('#difference')).toBe(three(largestDifference(mean!, evaluation)));
    const kept = (await ensemble().masks(13, 1))[0]!.map((units) => units.filter(Boolean).length);
    const label = '#strip label:nth-of-type(2) canvas';
    expect(await tab.evaluate((label) => document.querySelector(label)!.getAttribute('aria-label'), label)).toBe(
      `keeps ${kept[0]} of 32 and ${kept[1]} of 32 units`,
    );
    expect(await tab.errors()).toEqual([]);
  });

  it('draw other masks by a click', async () => {
    await open(tab, 'subnetworks', 'steps=5&averaged=2');
    await tab.click('#other-masks');
    await tab.waitFor(() => document.querySelector('#title-chosen')!.textContent === 'Sub-network 12');
    expect(await tab.text('#strip label:last-of-type')).toContain('23');
  });

  it('are one network with p = 0', async () => {
    await tab.open(page('p1=0&p2=0&steps=2'));
    await tab.scrollTo('#subnetworks');
    await tab.waitFor(() => !document.querySelector<HTMLElement>('#subnetworks .one-network')!.hidden);
    expect(await tab.text('#unit-count')).toBe('0');
    // It is known before the training ends.
    await tab.open(page('p1=0&p2=0&steps=1000'));
    await tab.scrollTo('#uncertainty');
    await tab.waitFor(() => !document.querySelector<HTMLElement>('#uncertainty .one-network')!.hidden);
    expect(await tab.text('#network-status')).toBe('');
    expect(await tab.errors()).toEqual([]);
  });
});

describeInBrowsers('uncertainty', (tab) => {
  it('says that the network trains in place of sentences without their numbers', async () => {
    await tab.open(page('steps=300&samples=10'));
    await tab.scrollTo('#uncertainty');
    await tab.waitFor(() =>
      document
        .querySelector('#point-mean')!
        .closest<HTMLElement>('[data-pending]')
        ?.dataset.pending?.includes('of 300 steps'),
    );
    expect(await tab.evaluate(() => document.querySelector('#point-mean')!.checkVisibility())).toBe(false);
    await tab.waitFor(() => document.querySelector('#point-mean')!.checkVisibility());
    expect(await tab.text('#point-mean')).toMatch(/^\d\.\d{3}$/);
    expect(await tab.errors()).toEqual([]);
  });

  it('shows the numbers of the point that is clicked', async () => {
    const before = await open(tab, 'uncertainty', 'steps=30&samples=50&masks=own');
    await tab.click('#map-spread', [0.75, 0.25]);
    await rest(tab, 'uncertainty', before);
    const state = await stateAfter(tab, 'x', '0');
    expect([state.get('x'), state.get('y')]).toEqual([1, 1]);

    const latest = await last(pointStatistics(trained(state).ensemble('own'), [1, 1], 50));
    const { mean, error, std, entropy, mutualInformation } = latest;
    const names = ['mean', 'error', 'std', 'entropy', 'mutualInformation'];
    expect(
      await texts(
        tab,
        names.map((name) => `#point-${name}`),
      ),
    ).toEqual([mean, error, std, entropy, mutualInformation].map(three));
    expect(await tab.errors()).toEqual([]);
  });
});
