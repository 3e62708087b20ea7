/** What the sections have in common that show the trained network: when their jobs run, and what they show without. */
import type { Job } from '../pace.js';
import { everyFrame, find } from '../section.js';
import { count } from '../text.js';
import { drops } from './train.js';
import type { Training } from './training.js';

/**
 * Starts jobs when the training comes to rest, and stops them when it goes on. With p = 0 there is a single network,
 * and a sentence takes the place of all else.
 *
 * @returns makes a listener that acts in the next frame, if the network is trained and has sub-networks
 */
export function whenTrained(
  root: HTMLElement,
  training: Training,
  jobs: readonly Job[],
): (act: () => void) => () => void {
  const hasMany = () => drops(training.experiment.settings);
  const show = () => {
    find(root, '.one-network').hidden = hasMany();
    find(root, '.many-networks').hidden = !hasMany();
    const { experiment, goal, isDone } = training;
    const pending = isDone ? 'computing …' : `training: ${experiment.steps} of ${count(goal, 'step')} …`;
    for (const element of root.querySelectorAll<HTMLElement>('[data-pending]')) element.dataset.pending = pending;
  };
  show();
  training.watch(root, show);
  training.whenDone(
    root,
    () => {
      if (hasMany()) for (const job of jobs) job.start();
    },
    () => {
      find(root, '[role="status"]').textContent = '';
      for (const job of jobs) job.stop();
    },
  );
  return (act) =>
    everyFrame(() => {
      if (training.isDone && hasMany()) act();
    });
}
