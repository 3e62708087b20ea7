/**
 * `npm run philox`: trains the network of examples/mlp.js with masks of this package and with masks of Philox4x32-10,
 * and compares the accuracy on test images. For each seed, the initial weights and the order of the images are the same,
 * so only the masks differ. A third run per seed takes the masks of another seed of this package: it shows how much the
 * accuracy differs between equally good masks.
 */
import { parseArgs } from 'node:util';
import { applyMask, Dropout, Generator } from 'dropout-wasm';
// @ts-expect-error: jstat has no types.
import jstat from 'jstat';
import { loadDigits, PIXELS } from '../examples/digits/data.js';
import { withProgress } from '../examples/digits/progress.js';
import { meanAndStd } from '../examples/digits/report/stats.js';
import { backward, createModel, forward, score } from '../examples/mlp.js';
import { readCommandLine, whole } from './command-line.js';

const USAGE = `npm run philox -- [options]

  --seeds N   the number of seeds, from 2. Default 10
  --steps N   training steps of a run, of one image each. Default 10000
  --help      this text`;

const RATES = [0.2, 0.5];
const LEARNING_RATE = 0.005;
/** Steps between two updates of the progress bar. */
const STRIDE = 100;

/**
 * The layers of a run whose masks come from each source.
 *
 * @type {Record<string, (p: number, layer: number, seed: number) => Dropout | PhiloxDropout>}
 */
const SOURCES = {
  'dropout-wasm': (p, layer, seed) => new Dropout(p, { generator: new Generator(seed).fork(`masks ${layer}`) }),
  'Philox4x32-10': (p, layer, seed) => new PhiloxDropout(p, new Generator(seed).fork(`philox ${layer}`).keyAt(0)),
  'dropout-wasm, other seed': (p, layer, seed) =>
    new Dropout(p, { generator: new Generator(seed).fork(`other masks ${layer}`) }),
};

const WORD = 2n ** 32n - 1n;

/**
 * Philox4x32 with 10 rounds (Salmon et al. 2011): four random words of 32 bits from a counter of four and a key of two.
 *
 * @param {readonly bigint[]} counter
 * @param {readonly bigint[]} key
 */
export function philox4x32([c0 = 0n, c1 = 0n, c2 = 0n, c3 = 0n], [k0 = 0n, k1 = 0n]) {
  for (let round = 0; round < 10; round++) {
    const [product0, product1] = [c0 * 0xd2511f53n, c2 * 0xcd9e8d57n];
    [c0, c1, c2, c3] = [(product1 >> 32n) ^ c1 ^ k0, product1 & WORD, (product0 >> 32n) ^ c3 ^ k1, product0 & WORD];
    [k0, k1] = [(k0 + 0x9e3779b9n) & WORD, (k1 + 0xbb67ae85n) & WORD];
  }
  return [c0, c1, c2, c3];
}

/** A Dropout layer with masks of Philox. Elements 4i to 4i + 3 of forward n have the counter (i, 0, n, 0). */
export class PhiloxDropout {
  /**
   * @param {number} p
   * @param {bigint} key
   */
  constructor(p, key) {
    this.p = p;
    this.key = [key & WORD, key >> 32n];
    this.forwards = 0n;
    this.training = true;
    this.mask = new Uint8Array();
  }

  /** @param {Float32Array} x */
  forward(x) {
    if (!this.training) return x;
    const words = Array.from({ length: Math.ceil(x.length / 4) }, (_, i) =>
      philox4x32([BigInt(i), 0n, this.forwards, 0n], this.key),
    ).flat();
    this.mask = new Uint8Array(x.length).map((_, i) => (Number(words[i]) < this.p * 2 ** 32 ? 0 : 1));
    this.forwards++;
    return applyMask(x, this.mask, { p: this.p });
  }

  /** @param {Float32Array} dy */
  backward(dy) {
    return applyMask(dy, this.mask, { p: this.p });
  }

  eval() {
    this.training = false;
  }
}

/** @throws Error that describes the mistake in the command line */
function options() {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '10' },
      steps: { type: 'string', default: '10000' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  return { seeds: whole('--seeds', values.seeds, 2, 1e6), steps: whole('--steps', values.steps, 1, 1e6) };
}

/** @typedef {import('../examples/digits/data.js').Digits} Digits */

/**
 * Trains a network. Returns its accuracy on the test images in percent, with dropout off.
 *
 * @param {(p: number, layer: number, seed: number) => Dropout | PhiloxDropout} create
 * @param {number} seed
 * @param {number} steps
 * @param {{ train: Digits, test: Digits }} digits
 * @param {() => Promise<void>} onStride
 */
async function accuracyOf(create, seed, steps, { train, test }, onStride) {
  const model = createModel(RATES, seed);
  for (const [k, layer] of model.entries()) layer.dropout = /** @type {Dropout} */ (create(layer.dropout.p, k, seed));
  const classify = (/** @type {Digits} */ { images, labels }, /** @type {number} */ i) =>
    score(forward(model, images.subarray(i * PIXELS, (i + 1) * PIXELS)), Number(labels[i]));
  const order = new Generator(seed).fork('images');
  for (let step = 0; step < steps; step++) {
    const { dy } = classify(train, Number(order.next() % BigInt(train.labels.length)));
    for (const [values, gradient] of backward(model, dy))
      for (let i = 0; i < values.length; i++) values[i] -= LEARNING_RATE * gradient[i];
    if (step % STRIDE === STRIDE - 1) await onStride();
  }
  for (const { dropout } of model) dropout.eval();
  const right = Array.from(test.labels, (_, i) => classify(test, i)).filter((scored) => scored.right);
  return (100 * right.length) / test.labels.length;
}

/**
 * The mean of the differences of two sources over the seeds, and half the width of its 95 % interval by Student's t.
 *
 * @param {number[]} a
 * @param {number[]} b
 */
export function pairedDifference(a, b) {
  const { mean, std } = meanAndStd(a.map((value, i) => value - /** @type {number} */ (b[i])));
  return { mean, half: (jstat.jStat.studentt.inv(0.975, a.length - 1) * std) / Math.sqrt(a.length) };
}

/** @param {{ seeds: number, steps: number }} chosen */
async function run({ seeds, steps }) {
  const digits = loadDigits(500, 2000);
  const names = Object.keys(SOURCES);
  const runs = names.length * seeds;
  /** @type {number[][]} */
  const accuracies = names.map(() => []);
  await withProgress(runs * Math.floor(steps / STRIDE), `steps of ${STRIDE}`, async (onStride) => {
    for (let seed = 1; seed <= seeds; seed++)
      for (const [k, create] of Object.values(SOURCES).entries())
        accuracies[k]?.push(await accuracyOf(create, seed, steps, digits, onStride));
  });
  console.log(`Accuracy in % on ${digits.test.labels.length} test images after ${steps} steps`);
  const row = (/** @type {number} */ i) => Object.fromEntries(names.map((name, k) => [name, accuracies[k]?.[i]]));
  console.table(Object.fromEntries(Array.from({ length: seeds }, (_, i) => [`seed ${i + 1}`, row(i)])));
  console.log('Mean and standard deviation over the seeds');
  for (const [k, name] of names.entries()) {
    const { mean, std } = meanAndStd(accuracies[k] ?? []);
    console.log(`  ${name}: ${mean.toFixed(2)} ± ${std.toFixed(2)}`);
  }
  console.log('Mean difference by seed, and its 95 % interval');
  const [ours = [], ...others] = accuracies;
  for (const [k, other] of others.entries()) {
    const { mean, half } = pairedDifference(ours, other);
    console.log(`  dropout-wasm − ${names[k + 1]}: ${mean.toFixed(2)} ± ${half.toFixed(2)}`);
  }
}

if (process.argv[1] === import.meta.filename) {
  const chosen = readCommandLine(USAGE, options);
  if (chosen) await run(chosen);
}
