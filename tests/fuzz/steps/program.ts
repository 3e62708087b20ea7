/** What a program has made so far, and the steps that it takes. */
import type fc from 'fast-check';
import type { Pair, Step } from '../machine.js';
import type { Kind } from '../memory.js';

/** What a program has made so far. */
export interface Model {
  /** The number of names. */
  names: number;
  layers: ModelLayer[];
  generators: string[];
  pullbacks: { name: string; shape: readonly number[]; kind: Kind }[];
}

export interface ModelLayer {
  name: string;
  type: string;
  /** The shape of its latest forward. */
  latest?: readonly number[];
  kind?: Kind;
}

/** A step that a model allows, and what it changes in the model if its call does not throw. */
export interface Draft extends Step {
  done?: (model: Model) => void;
}

export type Real = { pair: Pair };

/** A step whose text depends on the model. */
export class Command implements fc.AsyncCommand<Model, Real> {
  private text = '';

  constructor(
    private readonly label: string,
    private readonly draft: (model: Readonly<Model>) => Draft | undefined,
    private readonly count: (label: string) => void,
  ) {}

  check(model: Readonly<Model>): boolean {
    return this.draft(model) !== undefined;
  }

  async run(model: Model, { pair }: Real): Promise<void> {
    const draft = this.draft(model)!;
    this.text = draft.call;
    this.count(this.label);
    if (draft.refusal) this.count('refused');
    if (await pair.run(draft)) draft.done?.(model);
    model.names++;
  }

  toString(): string {
    return this.text || this.label;
  }
}

type Make<T> = (value: T, model: Readonly<Model>) => Draft | undefined;

/** A kind of step: its label, how often it is drawn, what it is drawn from, and its text. */
export type Kinds = [label: string, weight: number, arbitrary: fc.Arbitrary<Drafted>];
type Drafted = (model: Readonly<Model>) => Draft | undefined;

export const kind = <T>(label: string, weight: number, arbitrary: fc.Arbitrary<T>, make: Make<T>): Kinds => [
  label,
  weight,
  arbitrary.map(
    (value): Drafted =>
      (model) =>
        make(value, model),
  ),
];

export const newModel = (): Model => ({ names: 0, layers: [], generators: [], pullbacks: [] });
