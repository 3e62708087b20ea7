/** Monte-Carlo dropout: how much the samples differ, over the plane and at one point. */
import { type Chart, createChart } from '../chart.js';
import type { State } from '../fields.js';
import { Ensemble, softmax } from '../network/ensemble.js';
import { AMOUNT, CLASSES, PlaneMap } from '../network/map.js';
import { GRID, margins } from '../network/plane.js';
import { three } from '../network/text.js';
import { drops } from '../network/train.js';
import { type Training, trainingOf } from '../network/training.js';
import { Job, pacer } from '../pace.js';
import { everyFrame, find, onScheme, type Section } from '../section.js';
import { drawPoint } from './chart.js';
import { uncertaintyCode } from './code.js';
import { MEASURES, measured, type PointStatistics, pointStatistics } from './compute.js';

const STATISTICS = ['mean', 'error', ...Object.keys(MEASURES)] as (keyof PointStatistics)[];

export const uncertainty: Section = {
  name: 'uncertainty',
  start(root, state) {
    const training = trainingOf(state);
    const plane = createPlane(root, training, state);
    const pause = pacer(root);
    const jobs = { map: mapJob(plane, pause, training, state), point: pointJob(root, pause, training, state) };
    const all = Object.values(jobs);
    const startAll = () => {
      const isAlone = !drops(training.experiment.settings);
      find(root, '#one-sample').hidden = !isAlone;
      find(root, '#many-samples').hidden = isAlone;
      for (const job of isAlone ? [] : all) job.start();
    };
    const stopAll = () => {
      find(root, '#uncertainty-status').textContent = '';
      for (const job of all) job.stop();
    };
    const ifTrained = (then: () => void) =>
      everyFrame(() => {
        if (training.isDone && drops(training.experiment.settings)) then();
      });

    training.whenDone(root, startAll, stopAll);
    state.watch(['samples', 'masks'], ifTrained(startAll));
    state.watch(
      ['x', 'y'],
      ifTrained(() => {
        plane.paint();
        jobs.point.start();
      }),
    );
    state.watch(['measure'], ifTrained(plane.paint));
    onScheme(ifTrained(plane.paint));
    for (const canvas of plane.canvases) {
      canvas.addEventListener('click', ({ offsetX, offsetY }) => {
        choose(state, 'x', offsetX / canvas.clientWidth);
        choose(state, 'y', 1 - offsetY / canvas.clientHeight);
      });
    }
  },
  code: uncertaintyCode,
};

/** Sets a coordinate by a share of the map's side. */
function choose(state: State, name: 'x' | 'y', share: number): void {
  const field = state.fields[name];
  const value = field.parse(`${field.min! + share * (field.max! - field.min!)}`);
  if (value !== undefined) state.set(name, value);
}

type Result = Parameters<typeof measured>[0];

/** Both maps, which show the latest result. */
interface Plane {
  readonly canvases: readonly HTMLCanvasElement[];
  show(result: Result): void;
  readonly paint: () => void;
}

function createPlane(root: HTMLElement, training: Training, state: State): Plane {
  const spread = new PlaneMap(root, '#map-spread');
  const off = new PlaneMap(root, '#map-off');
  let result: Result | undefined;
  const paint = () => {
    const point = [state.get('x'), state.get('y')] as const;
    const { train, trainers } = training.experiment;
    const [, probability] = softmax(trainers.with.logits(Float32Array.from(point)));
    off.paint(
      margins(trainers.with.logits(GRID)),
      CLASSES,
      `The classes in evaluation mode: at (${point.join(', ')}), the probability of class 1 is ${three(probability!)}`,
    );
    find(root, '#probability-off').textContent = three(probability!);
    if (result) {
      const { title, most } = MEASURES[state.get('measure')];
      const values = measured(result, state.get('measure'));
      const [least, largest] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
      const range = `from ${three(least)} to ${three(largest)} after ${result.count} samples`;
      spread.paint(
        values.map((value) => value / most),
        AMOUNT,
        `${title} over the plane, ${range}`,
      );
      find(root, '#title-spread').textContent = title;
      find(root, '#spread-caption').textContent = `The stronger the gray, the more unsure: ${range}.`;
    }
    for (const map of [spread, off]) {
      map.points(train);
      map.cross(...point);
    }
  };
  return {
    canvases: [spread.canvas, off.canvas],
    show(latest) {
      result = latest;
      paint();
    },
    paint,
  };
}

type Pause = ReturnType<typeof pacer>;

/** A new one for each job: a layer can be in one run at a time. */
const ensembleOf = ({ experiment }: Training, state: State) =>
  new Ensemble(experiment.settings, experiment.trainers.with.weights, state.get('masks'));

function mapJob(plane: Plane, pause: Pause, training: Training, state: State): Job {
  return new Job(async (signal) => {
    const samples = state.get('samples');
    // Drawn about ten times: a map takes as long as a few samples.
    const options = { samples, every: Math.ceil(samples / 10), signal, onSample: pause };
    for await (const result of ensembleOf(training, state).stream(GRID, options)) plane.show(result);
  });
}

function pointJob(root: HTMLElement, pause: Pause, training: Training, state: State): Job {
  const chart: Chart = createChart(find(root, '#point-chart'));
  return new Job(async (signal) => {
    const point = [state.get('x'), state.get('y')] as const;
    const pace = { signal, onSample: pause };
    const track: PointStatistics[] = [];
    for await (const latest of pointStatistics(ensembleOf(training, state), point, state.get('samples'), pace)) {
      track.push(latest);
    }
    const latest = track.at(-1)!;
    drawPoint(chart, track);
    find(root, '#point-count').textContent = `${latest.count}`;
    for (const name of STATISTICS) find(root, `#point-${name}`).textContent = three(latest[name]);
    find(root, '#uncertainty-status').textContent =
      `At (${point.join(', ')}), ${latest.count} samples give a probability of ${three(latest.mean)} ± ${three(latest.error)}.`;
  });
}
