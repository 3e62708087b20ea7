/** The networks of the playground: their gradient, their bits, and the programs that the page shows as code. */
import { setTraining } from 'dropout-wasm';
import { describe, expect, it } from 'vitest';
import { networkCode } from '../../website/playground/network/code.js';
import { DATA } from '../../website/playground/network/data.js';
import { type Masks, maskedUnits, softmax } from '../../website/playground/network/ensemble.js';
import { Experiment, SIDES, settingsOf } from '../../website/playground/network/experiment.js';
import { backward, forward, UNITS } from '../../website/playground/network/model.js';
import { GRID, NODES, withGrid } from '../../website/playground/network/plane.js';
import { lossGradient, score, Trainer } from '../../website/playground/network/train.js';
import { turningPoints, verdict } from '../../website/playground/network/verdict.js';
import { subnetworksCode } from '../../website/playground/subnetworks/code.js';
import { meanVerdict, opinionOf } from '../../website/playground/subnetworks/compute.js';
import { uncertaintyCode } from '../../website/playground/uncertainty/code.js';
import { pointStatistics } from '../../website/playground/uncertainty/compute.js';
import { last } from '../support/last.js';
import { printed, stateOf, trained } from './state.js';

const three = (...values: number[]) => values.map((value) => value.toFixed(3)).join(' ');

describe('the model', () => {
  const { train, trainers, settings } = new Experiment(settingsOf(stateOf()));

  it('has the gradient of its loss, with the masks of the forward', () => {
    const { weights } = trainers.with;
    // The same masks at each call.
    const dropouts = () => new Trainer(settings, train).dropouts.map((layer) => layer.train());
    const lossOf = () => score(forward(weights, dropouts(), train.x).at(-1)!, train.labels).loss;
    const layers = dropouts();
    const activations = forward(weights, layers, train.x);
    const gradients = backward(weights, layers, activations, lossGradient(activations.at(-1)!, train.labels));
    const step = 1e-3;
    weights.forEach((layer, k) => {
      const gradient = gradients[k]!;
      const slope = Math.hypot(...gradient);
      const original = layer.slice();
      const [above, below] = [step, -step].map((distance) => {
        layer.set(original.map((weight, i) => weight + (distance * gradient[i]!) / slope));
        return lossOf();
      });
      layer.set(original);
      expect((above! - below!) / (2 * step) / slope).toBeCloseTo(1, 2);
    });
  });

  it('starts from the same weights without and with dropout', () =>
    expect(trainers.without.weights).toEqual(trainers.with.weights));
});

describe('training', () => {
  it('gives the same bits for the same settings, and others for another seed', () => {
    const [a, b, other] = ['', '', '?seed=2'].map((query) => trained(stateOf(`${query || '?'}&steps=20`)));
    for (const side of SIDES) {
      expect(a!.trainers[side].weights).toEqual(b!.trainers[side].weights);
      expect(a!.trainers[side].weights).not.toEqual(other!.trainers[side].weights);
    }
    expect(a!.history).toEqual(b!.history);
    expect(a!.history).toHaveLength(3);
  });

  it('with p = 0 in both layers, gives two equal networks', () => {
    const { trainers } = trained(stateOf('?p1=0&p2=0&steps=20'));
    expect(trainers.without.weights).toEqual(trainers.with.weights);
  });

  it.each(DATA)('on %s, dropout lowers the test loss and the gap at the defaults', (data) => {
    const [without, withDropout] = SIDES.map((side) => trained(stateOf(`?data=${data}`)).fit(side));
    expect(without!.train.loss).toBeLessThan(withDropout!.train.loss);
    expect(withDropout!.test.loss).toBeLessThan(0.8 * without!.test.loss);
  });
});

describe('the sentences on the networks', () => {
  it.each([
    ['', /^After 200 steps here, dropout lowers the test loss by (0\.\d+)\.$/],
    // Few clean points: there is no noise to learn.
    ['?noise=0&points=10&steps=500', /^After 500 steps here, dropout raises the test loss by (0\.\d+)\.$/],
  ] as const)('say what the numbers say: %s', (query, sentence) => {
    const experiment = trained(stateOf(query));
    const [without, withDropout] = SIDES.map((side) => experiment.fit(side).test.loss);
    expect(verdict(experiment).match(sentence)?.[1]).toBe(three(Math.abs(withDropout! - without!)));
  });

  it('find equal networks', () => {
    expect(verdict(trained(stateOf('?steps=0')))).toMatch(/^After 0 steps here, both/);
    expect(verdict(trained(stateOf('?steps=1&p1=0&p2=0')))).toBe('With p = 0 in both layers, both networks are equal.');
  });

  it('find the lowest test losses', () =>
    expect(turningPoints(trained(stateOf('?steps=1')))).toMatch(
      /^The test loss: without dropout, it was lowest after 0 steps .* is \d\.\d{3} now\.$/,
    ));
});

describe('sub-networks', () => {
  const experiment = trained(stateOf('?steps=50'));
  const ensemble = (masks: Masks = 'shared') => experiment.ensemble(masks);
  const rows = withGrid(experiment.test);

  it('the mean of a run is the mean of its sub-networks, which their numbers recompute', async () => {
    const { mean } = await ensemble().run(rows, { samples: 5 });
    const singles = await Promise.all([0, 1, 2, 3, 4].map((from) => ensemble().run(rows, { samples: 1, from })));
    mean.forEach((value, i) => {
      expect(value).toBeCloseTo(singles.reduce((sum, single) => sum + single.mean[i]!, 0) / 5, 12);
    });
  });

  it('have the masks of the strip: weights without the dropped units give the same probabilities', async () => {
    const [masks] = await ensemble().masks(7, 1);
    const kept = experiment.trainers.with.weights.map((layer, k) => {
      const outs = UNITS[k + 1]!;
      // The weights from a dropped unit are 0, those from a kept one are scaled by 1 / (1 − p) = 2.
      return layer.map((weight, i) => {
        const mask = masks![k - 1];
        const unit = Math.floor(i / outs);
        return mask && unit < mask.length ? 2 * mask[unit]! * weight : weight;
      });
    });
    const { dropouts } = experiment.trainers.with;
    setTraining(dropouts, false);
    const expected = softmax(forward(kept, dropouts, GRID).at(-1)!);
    const { mean } = await ensemble().run(GRID, { samples: 1, from: 7 });
    mean.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 6);
    });
  });

  it.each([
    ['?', 64],
    ['?p1=0', 32],
    ['?p2=0', 32],
    ['?p1=0&p2=0', 0],
  ])('differ in the units after which dropout acts: %s', (query, units) =>
    expect(maskedUnits(settingsOf(stateOf(query)))).toBe(units),
  );

  it('compare their mean with evaluation mode by the losses', () => {
    const of = (loss: number) => ({ plane: new Float64Array(), loss, accuracy: 1 });
    expect(meanVerdict(of(0.25), of(0.5), 9)).toBe(
      'Here the mean of 9 has a test loss lower by 0.250 than evaluation mode.',
    );
    expect(meanVerdict(of(0.5), of(0.25), 9)).toContain('higher by 0.250');
    expect(meanVerdict(of(0.5), of(0.5), 9)).toBe('Here the mean of 9 has the test loss of evaluation mode.');
  });

  it('with own masks, differ from row to row', async () => {
    const twice = Float32Array.of(0.5, 0.5, 0.5, 0.5);
    const [shared, own] = await Promise.all(
      (['shared', 'own'] as const).map((masks) => ensemble(masks).run(twice, { samples: 1 })),
    );
    expect(shared!.mean[0]).toBe(shared!.mean[2]);
    expect(own!.mean[0]).not.toBe(own!.mean[2]);
  });
});

describe('the plane', () => {
  it('starts at the top left', () => {
    expect([...GRID.subarray(0, 4)].map((v) => v + 0)).toEqual([-2, 2, -2 + 4 / (NODES - 1), 2].map(Math.fround));
    expect([...GRID.subarray(-2)]).toEqual([2, -2]);
  });
});

describe('the code that the page shows prints its numbers', () => {
  const QUERIES = ['', '?seed=7&data=spirals&points=40&noise=0.2&p1=0.2&p2=0.4&steps=60&masks=own&samples=50&x=1&y=-1'];

  it.each([...QUERIES, '?data=circles&steps=30'])('of the networks: %s', (query) => {
    const state = stateOf(query);
    const experiment = trained(state);
    const fits = SIDES.map((side) => experiment.fit(side));
    expect(printed(networkCode(state))).toEqual(fits.map(({ train, test }) => three(train.loss, test.loss)));
  });

  it.each(QUERIES)('of sub-networks: %s', async (query) => {
    const state = stateOf(`${query || '?'}&firstMask=12&chosenMask=3&averaged=20`);
    const experiment = trained(state);
    const { test } = experiment;
    const rows = withGrid(test);
    const runs = [{ samples: 1, from: 15 }, { samples: 20 }];
    const lines = runs.map(async (options) => {
      const { mean } = await experiment.ensemble('shared').run(rows, options);
      const { loss, accuracy } = opinionOf(mean, test);
      return `${three(loss)} ${accuracy}`;
    });
    expect(printed(subnetworksCode(state))).toEqual(await Promise.all(lines));
  });

  it.each(QUERIES)('of the uncertainty: %s', async (query) => {
    const state = stateOf(query);
    const ensemble = trained(state).ensemble(state.get('masks'));
    const point = [state.get('x'), state.get('y')] as const;
    const latest = await last(pointStatistics(ensemble, point, state.get('samples')));
    const { count, mean, error, std, entropy, mutualInformation } = latest;
    expect(count).toBe(state.get('samples'));
    expect(printed(uncertaintyCode(state))).toEqual([three(mean, error), three(std, entropy, mutualInformation)]);
  });
});
