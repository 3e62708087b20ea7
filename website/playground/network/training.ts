/** The experiment of the page: trained frame by frame up to the `steps` of the state, for all sections that use it. */
import type { State } from '../fields.js';
import { slice, View } from '../pace.js';
import { everyFrame, reducedMotion } from '../section.js';
import { Experiment, SETTINGS, settingsOf } from './experiment.js';

/** The frames that a training takes at least, so that it can be watched. */
const FRAMES = 150;

export class Training {
  experiment: Experiment;
  /** Whether it goes on past the steps of the state. */
  isRunning = false;
  private readonly listeners: (() => void)[] = [];
  private readonly request = everyFrame(() => this.frame());
  private readonly view = new View([], this.request);

  constructor(private readonly state: State) {
    this.experiment = new Experiment(settingsOf(state));
    state.watch(SETTINGS, () => {
      this.isRunning = false;
      this.restart();
    });
    state.watch(['steps'], () => {
      // Another number than that of the steps made was chosen: it is the goal from now on.
      if (state.get('steps') !== this.experiment.steps) this.isRunning = false;
      this.request();
    });
  }

  /** Trains while the element is in view, and calls the listener after each frame that has changed something. */
  watch(root: Element, listener: () => void): void {
    this.listeners.push(listener);
    this.view.add(root);
  }

  /**
   * For sections that need the trained network.
   *
   * @param start is called when the training has come to rest at other weights
   * @param stop is called when it goes on
   */
  whenDone(root: Element, start: () => void, stop: () => void): void {
    let seen: Experiment | undefined;
    let steps = 0;
    this.watch(root, () => {
      const { experiment, isDone } = this;
      if (experiment === seen && experiment.steps === steps) return;
      seen = isDone ? experiment : undefined;
      steps = experiment.steps;
      if (isDone) start();
      else stop();
    });
  }

  /** Whether the network has made all steps of the state and will make no more by itself. */
  get isDone(): boolean {
    return !this.isRunning && this.experiment.steps === this.state.get('steps');
  }

  /** The steps after which the training will rest. */
  get goal(): number {
    return this.isRunning ? this.state.fields.steps.max! : this.state.get('steps');
  }

  /** Goes on until `pause`, at most to the largest number of steps. */
  run(): void {
    this.isRunning = true;
    this.request();
  }

  pause(): void {
    this.isRunning = false;
    this.state.set('steps', this.experiment.steps);
    this.request();
  }

  private restart(): void {
    this.experiment = new Experiment(settingsOf(this.state));
    this.request();
  }

  private frame(): void {
    if (this.view.isEmpty) return;
    const { state, goal } = this;
    if (this.experiment.steps > goal) this.restart();
    const { experiment } = this;
    const limit = experiment.steps + (reducedMotion.matches ? goal : Math.ceil(state.get('steps') / FRAMES) || 1);
    for (const inSlice = slice(); inSlice() && experiment.steps < Math.min(goal, limit); ) experiment.step();
    if (this.isRunning) state.set('steps', experiment.steps);
    if (experiment.steps === state.fields.steps.max) this.isRunning = false;
    for (const listener of this.listeners) listener();
    if (!this.isDone) this.request();
  }
}

const trainings = new WeakMap<State, Training>();

/** The training of the page's state. */
export function trainingOf(state: State): Training {
  const training = trainings.get(state) ?? new Training(state);
  trainings.set(state, training);
  return training;
}
