/** A network with and without dropout, side by side. */
import { type Chart, countAxis, createChart, GRID_LINE, LABEL } from '../chart.js';
import type { State } from '../fields.js';
import { View } from '../pace.js';
import { find, onScheme, reducedMotion, type Section, write } from '../section.js';
import { count, percent, three } from '../text.js';
import { networkCode } from './code.js';
import { type Experiment, type Fit, SIDES, type Side } from './experiment.js';
import { CLASSES, PlaneMap } from './map.js';
import { GRID, margins } from './plane.js';
import { type Training, trainingOf } from './training.js';
import { turningPoints, verdict } from './verdict.js';

const NAMES: Readonly<Record<Side, string>> = { without: 'without dropout', with: 'with dropout' };

export const network: Section = {
  name: 'network',
  start(root, state) {
    const training = trainingOf(state);
    const chart = createChart(find(root, '#losses'));
    const maps = { without: new PlaneMap(root, '#map-without'), with: new PlaneMap(root, '#map-with') };
    const paint = () => {
      for (const side of SIDES) paintSide(root, training.experiment, side, maps[side]);
      drawLosses(root, chart, training.experiment);
    };
    bindButtons(root, training, state);
    let frame = 0;
    training.watch(root, () => {
      const { isDone, experiment } = training;
      showProgress(root, training, state);
      if (isDone) paint();
      else if (!reducedMotion.matches) {
        // A part in each frame, since all take as long as a frame.
        const side = SIDES[frame++ % 3];
        if (side) paintSide(root, experiment, side, maps[side]);
        else drawLosses(root, chart, experiment);
      }
    });
    onScheme(paint);
    // What cannot be watched need not run.
    const view = new View([root], () => {
      if (view.isEmpty && training.isRunning) training.pause();
    });
    new ResizeObserver(paint).observe(find(root, '#map-with'));
  },
  code: networkCode,
};

function paintSide(root: HTMLElement, experiment: Experiment, side: Side, map: PlaneMap): void {
  const { train, test, trainers, steps } = experiment;
  const fit = experiment.fit(side);
  map.paint(
    margins(trainers[side].logits(GRID)),
    CLASSES,
    `The classes that the network ${NAMES[side]} predicts over the plane after ${count(steps, 'step')}: ` +
      `${percent(fit.test.accuracy)} of the test points are right`,
  );
  map.points(test, true);
  map.points(train);
  const numbers: Record<string, string> = {
    gap: three(gapOf(fit)),
    'train-loss': three(fit.train.loss),
    'test-loss': three(fit.test.loss),
    'test-accuracy': percent(fit.test.accuracy),
  };
  for (const [name, text] of Object.entries(numbers)) write(root, `#${name}-${side}`, text);
}

const gapOf = ({ train, test }: Fit) => test.loss - train.loss;

function bindButtons(root: HTMLElement, training: Training, state: State): void {
  find(root, '#run').addEventListener('click', () => (training.isDone ? training.run() : training.pause()));
  find(root, '#step').addEventListener('click', () => {
    training.pause();
    state.set('steps', Math.min(training.experiment.steps + 1, state.fields.steps.max!));
  });
  find(root, '#reset').addEventListener('click', () => {
    training.pause();
    state.set('steps', 0);
  });
  // A number that is half typed would be overwritten by the steps made.
  find(root, '#steps').addEventListener('input', () => {
    if (training.isRunning) training.pause();
  });
}

/** The text for screen readers changes only when the training rests. */
function showProgress(root: HTMLElement, training: Training, state: State): void {
  const { experiment, isDone } = training;
  const { max } = state.fields.steps;
  const button = find<HTMLButtonElement>(root, '#run');
  button.textContent = isDone ? 'Run' : 'Pause';
  button.disabled = find<HTMLButtonElement>(root, '#step').disabled = isDone && experiment.steps === max;
  root.dataset.steps = `${experiment.steps}`;
  const progress = find<HTMLProgressElement>(root, '#training-progress');
  progress.max = Math.max(1, training.goal);
  progress.value = experiment.steps;
  if (!isDone) return;
  const [without, withDropout] = SIDES.map((side) => three(experiment.fit(side).test.loss));
  find(root, '#network-status').textContent =
    `After ${count(experiment.steps, 'step')}, the loss on the test points is ${without} without dropout ` +
    `and ${withDropout} with it.`;
}

function drawLosses(root: HTMLElement, chart: Chart, experiment: Experiment): void {
  write(root, '#verdict', verdict(experiment));
  write(root, '#turning-points', turningPoints(experiment));
  const series = SIDES.flatMap((side) =>
    (['test', 'train'] as const).map((set) => ({
      type: 'line',
      name: `${side}, ${set === 'test' ? 'test' : 'training'}`,
      data: experiment.curve(side, set),
      symbol: 'none',
      lineStyle: { color: `var(--${side})`, width: 2, type: set === 'test' ? 'solid' : 'dashed' },
      itemStyle: { color: `var(--${side})` },
    })),
  );
  const last = series.map(({ name, data }) => `${name} ${three(data.at(-1)![1])}`);
  chart.draw(
    {
      grid: { left: 40, right: 16, top: 56, bottom: 40 },
      // Without ECharts' circle, which would hide the dashes.
      legend: {
        top: 0,
        left: 0,
        width: 300,
        itemWidth: 26,
        itemStyle: { opacity: 0 },
        textStyle: LABEL,
        selectedMode: false,
      },
      xAxis: countAxis('training steps', 'dataMax'),
      yAxis: { type: 'value', min: 0, axisLabel: LABEL, splitLine: GRID_LINE },
      series,
    },
    `Losses over ${count(experiment.steps, 'training step')}. At the end: ${last.join(', ')}`,
  );
}
