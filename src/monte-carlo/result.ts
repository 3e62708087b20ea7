/**
 * Results of Monte-Carlo runs.
 * @module
 */
import { decode, encode } from './bytes.js';
import { maxOf, readRow } from './rows.js';
import { checkShape, checkWord, wrongType } from './shared.js';
import { add, type Kind, push, type Sums, sumsFor } from './sums.js';

/** The statistics of a run. The arrays of this interface have one element for each element of a sample. */
export interface MonteCarloResult<K extends Kind = Kind> {
  /** What the samples hold. */
  readonly kind: K;
  /** The shape of a sample, and of `mean`, `variance`, `std` and `standardError`. */
  readonly shape: readonly number[];
  /** The number of samples. */
  readonly count: number;
  /** The numbers of the samples, as ranges in ascending order. `to` is not part of a range. */
  readonly ranges: readonly (readonly [from: number, to: number])[];
  /** The mean of the samples. The mean of their softmax if the samples are logits. */
  readonly mean: Float64Array;
  /** The variance of the samples: the sum of squared deviations, divided by count − 1. NaN for a single sample. */
  readonly variance: Float64Array;
  /** The standard deviation of the samples: the square root of `variance`. */
  readonly std: Float64Array;
  /**
   * The standard error of `mean`, √(variance / count): how far it typically is from the mean of infinitely many
   * samples.
   */
  readonly standardError: Float64Array;
  /**
   * With `keep: true`, the samples in the order of their numbers, or their softmax if they are logits. Undefined after
   * `fromBytes`, and after `merge` if one of its arguments has none.
   */
  readonly kept: readonly Float64Array[] | undefined;
  /**
   * The result as bytes for `fromBytes`: the same bytes on every machine and for any split of the samples. They do not
   * contain `kept`.
   */
  toBytes(): Uint8Array;
}

/**
 * The statistics of a run whose samples are class probabilities or logits, with the classes on the last axis. The
 * arrays that this interface adds have one element for each row. Entropies are in nats: divide by `Math.LN2` for bits.
 */
export interface ClassResult<K extends ClassKind = ClassKind> extends MonteCarloResult<K> {
  /** The entropy of the mean probabilities: the total uncertainty. */
  readonly entropy: Float64Array;
  /** The mean entropy of the samples: the uncertainty of the data, which no choice of masks removes. */
  readonly expectedEntropy: Float64Array;
  /**
   * `entropy` − `expectedEntropy`, at least 0: how much the samples disagree, which is the uncertainty of the model
   * (BALD, Houlsby et al. 2011).
   */
  readonly mutualInformation: Float64Array;
  /** The share of samples whose most probable class is not the most frequent one of the row. */
  readonly variationRatio: Float64Array;
}

type ClassKind = Exclude<Kind, 'values'>;

/** The result of a run of this kind. */
export type ResultOf<K extends Kind> = K extends ClassKind ? ClassResult<K> : MonteCarloResult<K>;

/**
 * A class, since `postMessage` rejects an object with a function of its own. The statistics are copies: a caller who
 * changes them changes no sums.
 */
class Result {
  declare sums: Sums;

  constructor(sums: Sums) {
    const { kind, shape, length, rows, classes } = sums;
    const nodes = sums.nodes.slice();
    const votes = sums.votes.slice();
    const ranges: [number, number][] = [];
    let total = new Float64Array();
    let count = 0;
    for (const node of nodes) {
      const { from, size, parts } = node;
      const last = ranges[ranges.length - 1];
      if (last?.[1] === from) last[1] += size;
      else ranges.push([from, from + size]);
      if (count) add(total, count, parts, size, length, total);
      else total = parts.slice();
      count += size;
      node.isShared = true;
    }
    const mean = total.slice(0, length);
    const variance = total.slice(length, 2 * length);
    const std = variance.slice();
    const standardError = variance.slice();
    // A loop, since map takes ten times as long.
    for (let i = 0; i < length; i++) {
      variance[i]! /= count - 1;
      std[i] = Math.sqrt(variance[i]!);
      standardError[i] = Math.sqrt(variance[i]! / count);
    }
    const kept = nodes.every((node) => node.kept) ? nodes.flatMap((node) => node.kept as Float64Array[]) : undefined;
    const expectedEntropy = total.slice(2 * length).map((sum) => sum / count);
    // `total` takes a copy of the mean, and the entropies in place of their sums, which are not needed any more.
    for (let row = 0; row < rows; row++) readRow(mean, row * classes, classes, total, 2 * length + row);
    const entropy = total.slice(2 * length);
    const mutualInformation = entropy.map((nats, row) => Math.max(0, nats - expectedEntropy[row]!));
    const variationRatio = entropy.map((_, row) => (count - maxOf(votes, row * classes, classes)) / count);
    const result = { kind, shape: shape.slice(), count, ranges, mean, variance, std, standardError, kept };
    Object.assign(this, result, rows && { entropy, expectedEntropy, mutualInformation, variationRatio });
    this.sums = { ...sums, nodes, votes };
  }

  toBytes(): Uint8Array {
    return encode(this.sums);
  }
}

export const resultOf = <R>(sums: Sums): R => new Result(sums) as R;

/**
 * Merges results of disjoint ranges of one run, in any order. The merged result has the same bits as the result of a
 * single run of all these samples. Whether the results are of the same run is not checked.
 *
 * @param results at least one result of `monteCarlo`, `merge` or `fromBytes`, also one that `postMessage` has copied
 * @throws TypeError unless every argument is a result; RangeError if shapes or kinds differ, or ranges overlap
 * @example
 * import { Dropout } from 'dropout-wasm';
 * import { merge, monteCarlo } from 'dropout-wasm/monte-carlo';
 *
 * const layers = [new Dropout(0.5)];
 * const predict = () => layers[0].forward(Float32Array.of(1, 2));
 * const first = await monteCarlo(predict, { samples: 50, layers, seed: 42 });
 * const second = await monteCarlo(predict, { samples: 50, from: 50, layers, seed: 42 });
 * const whole = await monteCarlo(predict, { samples: 100, layers, seed: 42 });
 * console.log(merge(second, first).mean.every((value, i) => value === whole.mean[i])); // true
 */
export function merge<R extends MonteCarloResult>(...results: R[]): R {
  let merged: Sums | undefined;
  // Without arguments, the first is refused.
  const nodes = (results.length ? results : [undefined]).flatMap((result, i) => {
    const { sums } = Object(result) as Result;
    const name = `result ${i}`;
    // JSON turns arrays into objects.
    if (!ArrayBuffer.isView(Object(sums).votes))
      throw wrongType(name, 'from monteCarlo', result, sums && 'store it by toBytes()');
    merged ??= sumsFor(sums.kind, sums.shape, name);
    checkWord(sums.kind, `kind of ${name}`, [merged.kind]);
    checkShape(sums.shape, merged.shape, name);
    sums.votes.forEach((count, at) => {
      merged!.votes[at]! += count;
    });
    return sums.nodes;
  });
  const spare: Float64Array[] = [];
  for (const node of nodes.sort((a, b) => a.from - b.from)) push(merged!, node, spare);
  return resultOf(merged!);
}

/**
 * Restores a result from the bytes of `toBytes`.
 *
 * @param bytes what `toBytes` returned, in a Uint8Array or Buffer
 * @returns the result without `kept`
 * @throws TypeError unless bytes is a Uint8Array; RangeError if bytes are missing or changed, or of another version
 * @example
 * import { Dropout } from 'dropout-wasm';
 * import { fromBytes, monteCarlo } from 'dropout-wasm/monte-carlo';
 *
 * const layers = [new Dropout(0.5, { seed: 42 })];
 * const result = await monteCarlo(() => layers[0].forward(Float32Array.of(1, 2)), { samples: 100, layers });
 * const bytes = result.toBytes(); // for a file or another machine
 * console.log(fromBytes(bytes).count); // 100
 */
export const fromBytes = (bytes: Uint8Array): ClassResult | MonteCarloResult<'values'> => resultOf(decode(bytes));
