/** Trains a network by Adam, each step on all points. */
import { Dropout, Generator, setTraining } from 'dropout-wasm';
import { type Curves, type Data, makeData } from './data.js';
import { backward, forward, initialWeights, type Weights } from './model.js';

export const TEST_POINTS = 400;
const RATE = 0.01;
const [MEAN_DECAY, SQUARE_DECAY, EPSILON] = [0.9, 0.999, 1e-8];

/** What a training depends on. */
export interface Settings {
  readonly seed: number;
  readonly data: Curves;
  readonly points: number;
  readonly noise: number;
  /** p of the dropout after each hidden layer. */
  readonly p: readonly number[];
}

/** Whether the dropout drops anything. Without that, there is a single network. */
export const drops = ({ p }: Settings): boolean => p.some((p) => p > 0);

/** How well a network does, with dropout off. */
export interface Scores {
  /** Mean cross-entropy, in nats. */
  readonly loss: number;
  /** Share of the points whose class gets the larger logit. */
  readonly accuracy: number;
}

export function makeSets({ seed, data, points, noise }: Settings): { train: Data; test: Data } {
  const generator = new Generator(seed).fork('data');
  return { train: makeData(data, points, noise, generator), test: makeData(data, TEST_POINTS, noise, generator) };
}

/** A network in training. Equal settings give equal numbers after each step. */
export class Trainer {
  readonly weights: Weights;
  readonly dropouts: readonly Dropout[];
  /** Steps made. */
  steps = 0;
  private readonly means: Weights;
  private readonly squares: Weights;
  /** Powers of the decays: Math.pow differs between engines. */
  private readonly decayed = [1, 1];

  constructor(
    { seed, p }: Settings,
    private readonly train: Data,
  ) {
    const generator = new Generator(seed).fork('network');
    this.weights = initialWeights(generator);
    this.dropouts = p.map((p) => new Dropout(p, { generator }).eval());
    this.means = this.weights.map(({ length }) => new Float32Array(length));
    this.squares = this.weights.map(({ length }) => new Float32Array(length));
  }

  step(): void {
    const { weights, dropouts, train } = this;
    setTraining(dropouts, true);
    const activations = forward(weights, dropouts, train.x);
    const gradients = backward(weights, dropouts, activations, lossGradient(activations.at(-1)!, train.labels));
    setTraining(dropouts, false);
    this.decayed[0]! *= MEAN_DECAY;
    this.decayed[1]! *= SQUARE_DECAY;
    const [ofMean, ofSquare] = this.decayed.map((decayed) => 1 - decayed);
    gradients.forEach((gradient, k) => {
      const [layer, means, squares] = [weights[k]!, this.means[k]!, this.squares[k]!];
      gradient.forEach((g, i) => {
        means[i] = MEAN_DECAY * means[i]! + (1 - MEAN_DECAY) * g;
        squares[i] = SQUARE_DECAY * squares[i]! + (1 - SQUARE_DECAY) * g * g;
        layer[i]! -= (RATE * (means[i]! / ofMean!)) / (Math.sqrt(squares[i]! / ofSquare!) + EPSILON);
      });
    });
    this.steps++;
  }

  /** The logits of rows of two coordinates, with dropout off. */
  logits(x: Float32Array): Float32Array {
    return forward(this.weights, this.dropouts, x).at(-1)!;
  }

  scores({ x, labels }: Data): Scores {
    return score(this.logits(x), labels);
  }
}

export function score(logits: Float32Array, labels: Uint8Array): Scores {
  let [loss, right] = [0, 0];
  labels.forEach((label, i) => {
    const margin = logits[2 * i + label]! - logits[2 * i + 1 - label]!;
    // ln(1 + exp(−margin)), without overflow.
    loss += Math.max(0, -margin) + Math.log1p(Math.exp(-Math.abs(margin)));
    if (margin > 0) right++;
  });
  return { loss: loss / labels.length, accuracy: right / labels.length };
}

/** The gradient of the mean cross-entropy with respect to the logits. */
export function lossGradient(logits: Float32Array, labels: Uint8Array): Float32Array {
  const gradient = new Float32Array(logits.length);
  labels.forEach((label, i) => {
    const margin = logits[2 * i + label]! - logits[2 * i + 1 - label]!;
    const wrong = 1 / (1 + Math.exp(margin)) / labels.length;
    gradient[2 * i + label] = -wrong;
    gradient[2 * i + 1 - label] = wrong;
  });
  return gradient;
}
