/** The section "The expectation stays" without the page. */
import { describe, expect, it } from 'vitest';
import { code } from '../../website/playground/expectation/code.js';
import { histogram } from '../../website/playground/expectation/histogram.js';
import {
  compareElements,
  compareMeans,
  compareWays,
  type Measurement,
  measure,
  type Settings,
} from '../../website/playground/expectation/measure.js';
import { last } from '../support/last.js';
import { printed } from './state.js';

const run = (settings: Settings, masks: number, before?: Measurement) => last(measure(settings, masks, before));

/** As the page prints them. */
const four = (value: number) => value.toFixed(4);

const ONES: Settings = { seed: 1, p: 0.5, x: 'ones', elements: 1000 };
const NORMALS: Settings = { ...ONES, p: 0.2, x: 'normals' };

describe.each([
  ['ones', ONES],
  ['normals', NORMALS],
])('%s', (_, settings) => {
  it('agree with theory', async () => {
    const masks = 1000;
    const measurement = await run(settings, masks);
    const [elements, means] = [compareElements(measurement), compareMeans(measurement)];
    // Five standard errors.
    const error = 5 / Math.sqrt(masks);
    expect(Math.abs(means.measured.mean - means.theory.mean)).toBeLessThan(error * means.theory.std);
    expect(Math.abs(means.measured.std / means.theory.std - 1)).toBeLessThan(error / Math.SQRT2);
    expect(Math.abs(elements.measured.mean - elements.theory.mean)).toBeLessThan(5 * means.theory.std);
    expect(elements.measured.std / elements.theory.std).toBeCloseTo(1, 1);
  });

  it('the program prints what the page shows', async () => {
    const measurement = await run(settings, 20);
    const { measured: elements } = compareElements(measurement);
    const { measured: means } = compareMeans(measurement);
    const ways = compareWays(measurement);
    const numbers = printed(code(settings, 20)).map((line) => line.match(/[\d.]+/g)!);
    expect(numbers).toEqual([
      [four(elements.mean), four(elements.std)],
      [four(means.mean), four(means.std)],
      ...ways.map(({ training, evaluation }) => [four(training), four(evaluation)]),
    ]);
  });
});

it('theory for ones is 1, √(p / (1 − p)), and that divided by √n', async () => {
  const measurement = await run({ ...ONES, p: 0.8 }, 2);
  expect(compareElements(measurement).theory).toEqual({ mean: 1, std: expect.closeTo(2, 12) });
  expect(compareMeans(measurement).theory).toEqual({ mean: 1, std: expect.closeTo(2 / Math.sqrt(1000), 12) });
});

it('both ways to scale keep the expectation, and forgetting both is wrong by 1 / (1 − p)', async () => {
  const ways = compareWays(await run({ ...ONES, p: 0.8 }, 400));
  const ratios = ways.map(({ name, training, evaluation }) => [name, evaluation / training]);
  expect(ratios).toEqual([
    ['inverted', expect.closeTo(1, 1)],
    ['evaluation', expect.closeTo(1, 1)],
    ['forgotten', expect.closeTo(5, 0)],
  ]);
});

it('more masks continue a measurement, with the same numbers', async () => {
  const whole = await run(ONES, 30);
  const continued = await run(ONES, 30, await run(ONES, 12));
  expect(continued.means.toBytes()).toEqual(whole.means.toBytes());
  expect(continued.means.kept).toEqual(whole.means.kept);
  expect(continued.y).toEqual(whole.y);
});

it('other settings start a new measurement', async () => {
  const other = await run(ONES, 5, await run({ ...ONES, seed: 2 }, 3));
  expect(other.means.toBytes()).toEqual((await run(ONES, 5)).means.toBytes());
});

it('bins are centered, and values outside have no bin but count', () => {
  const bins = { center: 1, width: 0.5, first: -2, last: 1 };
  expect(histogram([0, 0.2, 1, 1.24, 9], bins)).toEqual([
    [0, 0.4],
    [0.5, 0],
    [1, 0.4],
    [1.5, 0],
  ]);
});
