/** The sub-networks of the network with dropout: one at a time, their mean, and evaluation mode. */
import { bindControls } from '../controls.js';
import type { State } from '../fields.js';
import { whenTrained } from '../network/dependent.js';
import { maskedUnits, softmax } from '../network/ensemble.js';
import { CLASSES, PlaneMap } from '../network/map.js';
import { logOdds, withGrid } from '../network/plane.js';
import { type Training, trainingOf } from '../network/training.js';
import { Job, pacer } from '../pace.js';
import { find, onScheme, type Section, write } from '../section.js';
import { grouped, percent, three } from '../text.js';
import { subnetworksCode } from './code.js';
import { largestDifference, meanVerdict, type Opinion, opinionOf } from './compute.js';
import { createStrip, STRIP } from './strip.js';

export const subnetworks: Section = {
  name: 'subnetworks',
  start(root, state) {
    const training = trainingOf(state);
    const { masks, chosen, mean } = createJobs(root, training, state);
    const ifTrained = whenTrained(root, training, [masks, chosen, mean]);
    const restart = (...jobs: Job[]) =>
      ifTrained(() => {
        for (const job of jobs) job.start();
      });

    const countUnits = () => {
      find(root, '#unit-count').textContent = `${maskedUnits(training.experiment.settings)}`;
    };
    countUnits();
    state.watch(['p1', 'p2'], countUnits);
    bindControls(find(root, '#strip'), state);
    state.watch(['firstMask'], restart(masks, chosen));
    state.watch(['chosenMask'], restart(chosen));
    state.watch(['averaged'], restart(mean));
    onScheme(restart(masks, chosen, mean));
    find(root, '#other-masks').addEventListener('click', () => {
      const next = state.get('firstMask') + STRIP;
      state.set('firstMask', next > state.fields.firstMask.max! ? 0 : next);
    });
  },
  code: subnetworksCode,
};

function createJobs(root: HTMLElement, training: Training, state: State): Record<'masks' | 'chosen' | 'mean', Job> {
  const showMasks = createStrip(find(root, '#strip'));
  const show = { chosen: view(root, 'chosen'), mean: view(root, 'mean'), evaluation: view(root, 'evaluation') };
  const pause = pacer(root);
  const ensemble = () => training.experiment.ensemble('shared');

  return {
    masks: new Job(async () => {
      const first = state.get('firstMask');
      showMasks(await ensemble().masks(first, STRIP), first);
    }),
    chosen: new Job(async () => {
      const { test } = training.experiment;
      const from = state.get('firstMask') + state.get('chosenMask');
      const { mean } = await ensemble().run(withGrid(test), { samples: 1, from });
      show.chosen(opinionOf(mean, test), `sub-network ${from}`);
    }),
    mean: new Job(async (signal) => {
      const { test, trainers } = training.experiment;
      const rows = withGrid(test);
      const evaluation = opinionOf(softmax(trainers.with.logits(rows)), test);
      show.evaluation(evaluation, 'evaluation mode');
      const samples = state.get('averaged');
      // Drawn about ten times: a map takes as long as a few sub-networks.
      const options = { samples, every: Math.ceil(samples / 10), signal, onSample: pause };
      for await (const { mean, count } of ensemble().stream(rows, options)) {
        const opinion = opinionOf(mean, test);
        show.mean(opinion, `mean of ${grouped(count)}`);
        const difference = three(largestDifference(opinion, evaluation));
        write(root, '#difference', difference);
        write(root, '#mean-verdict', meanVerdict(opinion, evaluation, count));
        if (count < samples) continue;
        find(root, '#subnetworks-status').textContent =
          `Somewhere on the map, the mean of ${grouped(count)} sub-networks differs from evaluation mode by ${difference}.`;
      }
    }),
  };
}

/** A map with its heading and the scores on the test points. */
function view(root: HTMLElement, name: string): (opinion: Opinion, of: string) => void {
  const map = new PlaneMap(root, `#map-${name}`);
  return ({ plane, loss, accuracy }, of) => {
    map.paint(logOdds(plane), CLASSES, `The classes of the ${of}: ${percent(accuracy)} of the test points are right`);
    find(root, `#title-${name}`).textContent = of[0]!.toUpperCase() + of.slice(1);
    write(root, `#loss-${name}`, three(loss));
    write(root, `#accuracy-${name}`, percent(accuracy));
  };
}
