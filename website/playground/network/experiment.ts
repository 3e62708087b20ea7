/** The same network without and with dropout, trained side by side. */
import type { State } from '../fields.js';
import type { Data } from './data.js';
import { Ensemble, type Masks } from './ensemble.js';
import { makeSets, type Scores, type Settings, Trainer } from './train.js';

/** The steps from one point of the loss curves to the next. */
const EVERY = 10;

/** What a training depends on, by the names of the fields. */
export const SETTINGS = ['seed', 'data', 'points', 'noise', 'p1', 'p2'] as const;

export const settingsOf = (state: State): Settings => ({
  seed: state.get('seed'),
  data: state.get('data'),
  points: state.get('points'),
  noise: state.get('noise'),
  p: [state.get('p1'), state.get('p2')],
});

export type Side = 'without' | 'with';
export const SIDES: readonly Side[] = ['without', 'with'];

/** The scores of a network on both sets of points. */
export interface Fit {
  readonly train: Scores;
  readonly test: Scores;
}

export class Experiment {
  readonly train: Data;
  readonly test: Data;
  readonly trainers: Readonly<Record<Side, Trainer>>;
  /** The scores after 0, 10, 20 … steps. */
  readonly history: Readonly<Record<Side, Fit>>[] = [];

  constructor(readonly settings: Settings) {
    const { train, test } = makeSets(settings);
    this.train = train;
    this.test = test;
    this.trainers = {
      without: new Trainer({ ...settings, p: settings.p.map(() => 0) }, train),
      with: new Trainer(settings, train),
    };
    this.record();
  }

  get steps(): number {
    return this.trainers.with.steps;
  }

  step(): void {
    for (const side of SIDES) this.trainers[side].step();
    if (this.steps % EVERY === 0) this.record();
  }

  fit(side: Side): Fit {
    const trainer = this.trainers[side];
    return { train: trainer.scores(this.train), test: trainer.scores(this.test) };
  }

  /** The sub-networks of the network with dropout. A new one for each run: a layer can be in one run at a time. */
  ensemble(masks: Masks): Ensemble {
    return new Ensemble(this.settings, this.trainers.with.weights, masks);
  }

  /** The points of the loss curves: steps and values. */
  curve(side: Side, set: keyof Fit): [steps: number, loss: number][] {
    return this.history.map((fits, i) => [i * EVERY, fits[side][set].loss]);
  }

  private record(): void {
    this.history.push({ without: this.fit('without'), with: this.fit('with') });
  }
}
