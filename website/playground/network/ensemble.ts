/** A trained network with its dropout active: each mask is a sub-network, and sample n of a run is sub-network n. */
import { Dropout, Generator } from 'dropout-wasm';
import { type ClassResult, type MonteCarloOptions, monteCarlo } from 'dropout-wasm/monte-carlo';
import { forward, HIDDEN, type Weights } from './model.js';
import type { Settings } from './train.js';

/** Whether all rows of a sample have the same mask, or each has its own. */
export type Masks = 'shared' | 'own';

/** The mask of each hidden layer, a byte for each unit, 1 = kept. */
export type UnitMasks = readonly Uint8Array[];

export class Ensemble {
  private readonly layers: readonly Dropout[];
  private readonly generator: Generator;

  constructor(
    { seed, p }: Settings,
    private readonly weights: Weights,
    masks: Masks,
  ) {
    this.generator = new Generator(seed).fork('sub-networks');
    this.layers = p.map((p) => new Dropout(p, masks === 'shared' ? { noiseShape: [1, null] } : {}));
  }

  /**
   * Yields statistics of the class probabilities of the sub-networks, after every `every` of them.
   *
   * @param x rows of two coordinates
   */
  stream(x: Float32Array, options: { samples: number; from?: number; every?: number } & Pace) {
    return monteCarlo.stream(() => this.predict(x), this.options(options));
  }

  run(x: Float32Array, options: { samples: number; from?: number }): Promise<ClassResult<'logits'>> {
    return monteCarlo(() => this.predict(x), this.options(options));
  }

  /** The masks of sub-networks `from` to `from + samples − 1`. Only those of shared masks belong to whole networks. */
  async masks(from: number, samples: number): Promise<UnitMasks[]> {
    const masks: UnitMasks[] = [];
    const predict = () => {
      const sample = this.predict(new Float32Array(2));
      masks.push(this.layers.map((layer) => layer.mask()));
      return sample;
    };
    await monteCarlo(predict, this.options({ samples, from }));
    return masks;
  }

  private predict(x: Float32Array) {
    return { data: forward(this.weights, this.layers, x).at(-1)!, shape: [x.length / 2, 2] };
  }

  private options<O extends MonteCarloOptions>(options: O) {
    const { layers, generator } = this;
    return { ...options, layers, generator, kind: 'logits' as const };
  }
}

export type Pace = Pick<MonteCarloOptions, 'onSample' | 'signal'>;

/** The units that masks drop or keep: there are 2 to the power of this number of sub-networks. */
export const maskedUnits = ({ p }: Settings): number =>
  HIDDEN.reduce((sum, units, k) => sum + (p[k]! > 0 ? units : 0), 0);

/** The probabilities of both classes for rows of logits. */
export function softmax(logits: Float32Array): Float64Array {
  return Float64Array.from(logits, (logit, i) => 1 / (1 + Math.exp(logits[i ^ 1]! - logit)));
}
