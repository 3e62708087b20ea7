/** Monte-Carlo dropout: how much the samples differ, over the plane and at one point. */
import type { ClassResult } from 'dropout-wasm/monte-carlo';
import { type Chart, createChart } from '../chart.js';
import type { State } from '../fields.js';
import { whenTrained } from '../network/dependent.js';
import { softmax } from '../network/ensemble.js';
import { AMOUNT, CLASSES, PlaneMap } from '../network/map.js';
import { GRID, margins } from '../network/plane.js';
import type { Trainer } from '../network/train.js';
import { type Training, trainingOf } from '../network/training.js';
import { Job, pacer } from '../pace.js';
import { find, onScheme, type Section, write } from '../section.js';
import { count, grouped, three } from '../text.js';
import { drawPoint } from './chart.js';
import { uncertaintyCode } from './code.js';
import { MEASURES, type Measure, measured, type PointStatistics, pointStatistics } from './compute.js';

const STATISTICS = ['mean', 'error', ...Object.keys(MEASURES)] as (keyof PointStatistics)[];

export const uncertainty: Section = {
  name: 'uncertainty',
  start(root, state) {
    const training = trainingOf(state);
    const plane = createPlane(root, training, state);
    const pause = pacer(root);
    const map = mapJob(plane, pause, training, state);
    const point = pointJob(root, pause, training, state);
    const ifTrained = whenTrained(root, training, [map, point]);
    const startAll = () => {
      map.start();
      point.start();
    };

    state.watch(['samples', 'masks'], ifTrained(startAll));
    state.watch(
      ['x', 'y'],
      ifTrained(() => {
        plane.paint();
        point.start();
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

type Point = readonly [x: number, y: number];

const pointOf = (state: State): Point => [state.get('x'), state.get('y')];

/** Sets a coordinate by a share of the map's side. */
function choose(state: State, name: 'x' | 'y', share: number): void {
  const field = state.fields[name];
  const value = field.parse(`${field.min! + share * (field.max! - field.min!)}`);
  if (value !== undefined) state.set(name, value);
}

/** Both maps, which show the latest result. */
interface Plane {
  readonly canvases: readonly HTMLCanvasElement[];
  show(result: ClassResult): void;
  readonly paint: () => void;
}

function createPlane(root: HTMLElement, training: Training, state: State): Plane {
  const spread = new PlaneMap(root, '#map-spread');
  const off = new PlaneMap(root, '#map-off');
  let result: ClassResult | undefined;
  const paint = () => {
    const { train, trainers } = training.experiment;
    const point = pointOf(state);
    paintEvaluation(root, off, trainers.with, point);
    if (result) paintSpread(root, spread, result, state.get('measure'));
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

function paintEvaluation(root: HTMLElement, map: PlaneMap, trainer: Trainer, point: Point): void {
  const [, probability] = softmax(trainer.logits(Float32Array.from(point)));
  const text = three(probability!);
  map.paint(
    margins(trainer.logits(GRID)),
    CLASSES,
    `The classes in evaluation mode: at (${point.join(', ')}), the probability of class 1 is ${text}`,
  );
  write(root, '#probability-off', text);
}

function paintSpread(root: HTMLElement, map: PlaneMap, result: ClassResult, measure: Measure): void {
  const { title, most } = MEASURES[measure];
  const values = measured(result, measure);
  const [least, largest] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
  const range = `from ${three(least)} to ${three(largest)} after ${count(result.count, 'sample')}`;
  map.paint(
    values.map((value) => value / most),
    AMOUNT,
    `${title} over the plane, ${range}`,
  );
  find(root, '#title-spread').textContent = title;
  write(root, '#spread-caption', `The stronger the gray, the more unsure: ${range}.`);
}

type Pause = ReturnType<typeof pacer>;

function mapJob(plane: Plane, pause: Pause, training: Training, state: State): Job {
  return new Job(async (signal) => {
    const samples = state.get('samples');
    // Drawn about ten times: a map takes as long as a few samples.
    const options = { samples, every: Math.ceil(samples / 10), signal, onSample: pause };
    const ensemble = training.experiment.ensemble(state.get('masks'));
    for await (const result of ensemble.stream(GRID, options)) plane.show(result);
  });
}

function pointJob(root: HTMLElement, pause: Pause, training: Training, state: State): Job {
  const chart: Chart = createChart(find(root, '#point-chart'));
  return new Job(async (signal) => {
    const point = pointOf(state);
    const pace = { signal, onSample: pause };
    const track: PointStatistics[] = [];
    const ensemble = training.experiment.ensemble(state.get('masks'));
    for await (const latest of pointStatistics(ensemble, point, state.get('samples'), pace)) {
      track.push(latest);
      write(root, '#point-count', grouped(latest.count));
      for (const name of STATISTICS) write(root, `#point-${name}`, three(latest[name]));
      // A chart takes longer to draw than a slice.
      if (track.length % 10 === 0) drawPoint(chart, track);
    }
    const latest = track.at(-1)!;
    drawPoint(chart, track);
    const probability = `${three(latest.mean)} ± ${three(latest.error)}`;
    find(root, '#uncertainty-status').textContent =
      `At (${point.join(', ')}), ${grouped(latest.count)} samples give a probability of ${probability}.`;
  });
}
