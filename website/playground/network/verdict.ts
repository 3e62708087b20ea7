/** What the numbers of the section say. */
import { count, three } from '../text.js';
import type { Experiment, Side } from './experiment.js';
import { drops } from './train.js';

/** What dropout does to the test loss, as printed with three decimals. */
export function verdict(experiment: Experiment): string {
  const { steps, settings } = experiment;
  if (!drops(settings)) return 'With p = 0 in both layers, both networks are equal.';
  const after = `After ${count(steps, 'step')} here,`;
  const [without, withDropout] = [experiment.fit('without').test.loss, experiment.fit('with').test.loss];
  const difference = three(Math.abs(withDropout - without));
  if (Number(difference) === 0) return `${after} both networks have the same test loss.`;
  return `${after} dropout ${withDropout < without ? 'lowers' : 'raises'} the test loss by ${difference}.`;
}

/** Where the test losses of the curves are lowest, and where they are now. */
export function turningPoints(experiment: Experiment): string {
  const of = (side: Side) => {
    const curve = experiment.curve(side, 'test');
    const [steps, least] = curve.reduce((best, point) => (point[1] < best[1] ? point : best));
    const now = three(experiment.fit(side).test.loss);
    return `${side} dropout, it was lowest after ${count(steps, 'step')} (${three(least)}), and is ${now} now`;
  };
  return `The test loss: ${of('without')}; ${of('with')}.`;
}
