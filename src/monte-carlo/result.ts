/**
 * Results of Monte-Carlo runs. A result is the tree's nodes; statistics are computed when they are first read.
 * @module
 */
import { entropies, type Kind } from './classes.js';
import { brand, brandOf, checkWord, isSameShape, wrongType, wrongValue } from './shared.js';
import { toBytes } from './to-bytes.js';
import { fold, type Sums, Tree } from './tree.js';

/** The statistics of a number of samples. Arrays have an element for each element of a sample. */
export class MonteCarloResult<K extends Kind = Kind> {
  /** What the samples hold. */
  readonly kind: K;
  /** The shape of a sample, and of `mean`, `variance`, `std` and `standardError`. */
  readonly shape: readonly number[];
  /** The number of samples. */
  readonly count: number;
  /** The numbers of the samples, as ranges [from, to) in ascending order, to excluded. */
  readonly ranges: readonly (readonly [from: number, to: number])[];
  /**
   * With `keep: true`, the samples themselves, in the order of their numbers; for logits, their softmax. Undefined after
   * `fromBytes` and where `merge` had a result without them.
   */
  readonly kept: readonly Float64Array[] | undefined;
  /** @internal */
  readonly sums: Sums;
  private total: Float64Array | undefined;
  private readonly computed: Record<string, Float64Array> = {};

  /** @internal */
  constructor(sums: Sums) {
    const { nodes } = sums;
    const ranges: [number, number][] = [];
    this.count = 0;
    for (const { from, size } of nodes) {
      const last = ranges.at(-1);
      if (last?.[1] === from) last[1] += size;
      else ranges.push([from, from + size]);
      this.count += size;
    }
    this.kind = sums.kind as K;
    this.shape = [...sums.shape];
    this.ranges = ranges;
    this.kept = sums.kept;
    this.sums = sums;
    brand(this, BRAND);
  }

  /** The mean of the samples; of probabilities, where samples are logits. */
  get mean(): Float64Array {
    return this.once('mean', () => this.folded().slice(0, this.sums.extent.length));
  }

  /** The variance of the samples, which divides by count − 1. NaN for a single sample. */
  get variance(): Float64Array {
    const { length } = this.sums.extent;
    return this.once('variance', () =>
      this.folded()
        .subarray(length, 2 * length)
        .map((squares) => squares / (this.count - 1)),
    );
  }

  /** The standard deviation of the samples: the square root of `variance`. */
  get std(): Float64Array {
    return this.once('std', () => this.variance.map(Math.sqrt));
  }

  /** The standard error of `mean`, √(variance / count): how far the mean is from that of endless samples. */
  get standardError(): Float64Array {
    return this.once('standardError', () => this.variance.map((variance) => Math.sqrt(variance / this.count)));
  }

  /**
   * The result as bytes, the same on every machine and for any split of the samples, for `fromBytes`. Samples that were
   * kept are not included.
   */
  toBytes(): Uint8Array {
    return toBytes(this.sums);
  }

  /** The kind, the shape and the ranges, such as `MonteCarloResult(probabilities of [2,10], samples [0, 100))`. */
  toString(): string {
    const ranges = this.ranges.map(([from, to]) => `[${from}, ${to})`).join(', ');
    return `MonteCarloResult(${this.kind} of [${this.shape}], samples ${ranges})`;
  }

  /** @internal Computes a statistic at its first read. */
  protected once(name: string, compute: () => Float64Array): Float64Array {
    this.computed[name] ??= compute();
    return this.computed[name];
  }

  /** @internal The sums of all nodes. */
  protected folded(): Float64Array {
    this.total ??= fold(this.sums.nodes, this.sums.extent);
    return this.total;
  }
}

/**
 * The statistics of samples of class probabilities, the classes on the last axis. Entropies have an element for each row
 * and are in nats: divide by `Math.LN2` for bits.
 */
export class ClassResult<K extends Exclude<Kind, 'values'> = Exclude<Kind, 'values'>> extends MonteCarloResult<K> {
  /** The entropy of the mean probabilities: the total uncertainty. */
  get entropy(): Float64Array {
    const { length, rows } = this.sums.extent;
    return this.once('entropy', () => {
      const out = new Float64Array(rows);
      entropies(this.folded(), length, length / rows, out);
      return out;
    });
  }

  /** The mean of the entropies of the samples: the uncertainty that the data leaves, whatever the mask. */
  get expectedEntropy(): Float64Array {
    const { length } = this.sums.extent;
    return this.once('expectedEntropy', () =>
      this.folded()
        .subarray(2 * length)
        .map((sum) => sum / this.count),
    );
  }

  /**
   * `entropy` − `expectedEntropy`, at least 0: what the samples disagree about, the uncertainty of the model (BALD,
   * Houlsby et al. 2011).
   */
  get mutualInformation(): Float64Array {
    return this.once('mutualInformation', () =>
      this.entropy.map((entropy, row) => Math.max(0, entropy - this.expectedEntropy[row]!)),
    );
  }

  /** The share of samples whose most probable class is not the row's most frequent one. */
  get variationRatio(): Float64Array {
    const { extent, votes } = this.sums;
    const classes = extent.length / extent.rows;
    return this.once('variationRatio', () =>
      new Float64Array(extent.rows).map((_, row) => {
        let most = 0;
        for (const n of votes.subarray(row * classes, (row + 1) * classes)) if (n > most) most = n;
        return (this.count - most) / this.count;
      }),
    );
  }
}

/** The result of a run of this kind. */
export type ResultOf<K extends Kind> = K extends Exclude<Kind, 'values'> ? ClassResult<K> : MonteCarloResult<K>;

const BRAND = 'MonteCarloResult';

export const resultOf = <K extends Kind>(sums: Sums): ResultOf<K> =>
  (sums.kind === 'values' ? new MonteCarloResult(sums) : new ClassResult(sums)) as unknown as ResultOf<K>;

/**
 * Merges results of disjoint samples of one run, in any order: of other ranges, or from other workers and machines. The
 * merged result is the same, to the bit, as that of a single run of all these samples.
 *
 * @throws TypeError unless every argument is a result; RangeError for other shapes or kinds, or ranges that overlap
 * @example
 * const parts = await Promise.all([0, 50].map((from) => monteCarlo(predict, { samples: 50, from, seed: 42 })));
 * const { mean } = merge(...parts); // that of samples: 100
 */
export function merge<R extends MonteCarloResult>(...results: R[]): R {
  const [first] = results;
  if (!first) throw wrongType('merge', 'called with results', first);
  results.forEach((result, i) => {
    const name = `result ${i}`;
    if (brandOf(result) !== BRAND)
      throw wrongType(name, 'a result of monteCarlo', result, 'fromBytes makes one of the bytes of a message');
    checkWord(result.kind, `kind of ${name}`, [first.kind]);
    if (!isSameShape(result.shape, first.shape)) throw wrongValue(`shape of ${name}`, `[${first.shape}]`, result.shape);
  });
  const { kind, shape, extent, votes } = first.sums;
  const nodes = results.flatMap(({ sums }) => sums.nodes).sort((a, b) => a.from - b.from);
  const tree = new Tree(extent);
  let end = 0;
  for (const { from, size } of nodes) {
    if (from < end) throw new RangeError(`the results overlap: each has sample ${from}`);
    end = from + size;
  }
  for (const { from, size, sums } of nodes) tree.push({ from, size, sums, isShared: true });
  const totalVotes = votes.slice();
  for (const { sums } of results.slice(1)) for (let i = 0; i < votes.length; i++) totalVotes[i]! += sums.votes[i]!;
  return resultOf({ kind, shape, extent, nodes: tree.share(), votes: totalVotes, kept: keptOf(results) }) as never;
}

/** The samples of all results in the order of their numbers, if all kept them. */
function keptOf(results: readonly MonteCarloResult[]): Float64Array[] | undefined {
  const samples: [number, Float64Array][] = [];
  for (const { kept, ranges } of results) {
    if (!kept) return undefined;
    let i = 0;
    for (const [from, to] of ranges) for (let n = from; n < to; n++) samples.push([n, kept[i++]!]);
  }
  return samples.sort(([a], [b]) => a - b).map(([, sample]) => sample);
}
