/**
 * Times functions side by side. The speed of a shared machine drifts by far more than the differences that matter,
 * so the sides take turns in many short rounds, and their medians are compared.
 */

/**
 * @typedef {object} Effort
 * @property {number} rounds each side has one turn per round
 * @property {number} turn ns per turn; a longer call is still timed once
 * @property {number} budget ns per comparison, but at least `MIN_ROUNDS` rounds are timed
 * @property {number} [warmUp] ns that each side runs before the rounds
 */

const MIN_ROUNDS = 4;
/** Engines compile in the background; until then a small call is up to 100 times slower. */
const WARM_UP = 100e6;
/** Calls are timed in batches of at least 20 µs, since reading the clock takes some 50 ns, and of 50 of its steps. */
const MIN_SAMPLE = 20_000;
const MIN_STEPS = 50;

/**
 * @typedef {object} Clock
 * @property {() => number} now ms
 * @property {number} minSample ns of a batch
 */

const WALL = clockOf(() => performance.now());

/**
 * @template [Side=() => unknown]
 * @param {Side[]} sides
 * @param {Effort} effort
 * @param {(side: Side, turn: number) => number | Promise<number>} time `timePromises` if the sides are asynchronous
 * @returns the quieter rounds: ns per call of each side
 */
export async function compare(
  sides,
  { rounds, turn, budget, warmUp = WARM_UP },
  time = /** @type {any} */ (timeCalls),
) {
  for (const side of sides) await time(side, warmUp);
  const taken = [];
  const start = performance.now();
  while (taken.length < MIN_ROUNDS || (taken.length < rounds && (performance.now() - start) * 1e6 < budget)) {
    const times = sides.map(() => 0);
    // The sides also take turns at being first, because each inherits the caches of the previous one.
    for (let i = 0; i < sides.length; i++) {
      const side = (taken.length + i) % sides.length;
      times[side] = await time(/** @type {Side} */ (sides[side]), turn);
    }
    taken.push(times);
  }
  return quieterHalf(taken);
}

/**
 * Drops the slower half of the rounds, by the sum over all sides. A busy neighbor makes a machine alternate between
 * fast and slow for a second at a time; with half of the rounds slow, the medians of two equal sides could come
 * from different halves.
 *
 * @param {number[][]} rounds
 */
function quieterHalf(rounds) {
  const fastest = bySide(rounds).map((times) => Math.min(...times));
  const slowness = (/** @type {number[]} */ round) =>
    round.reduce((sum, ns, side) => sum + ns / /** @type {number} */ (fastest[side]), 0);
  return rounds.toSorted((a, b) => slowness(a) - slowness(b)).slice(0, Math.ceil(rounds.length / 2));
}

/** @param {number[][]} rounds */
export function medians(rounds) {
  return bySide(rounds).map(median);
}

/** @param {number[][]} rounds at least one */
function bySide(rounds) {
  const [first] = /** @type {[number[]]} */ (rounds);
  return first.map((_, side) => rounds.map((round) => /** @type {number} */ (round[side])));
}

/** @param {number[]} values at least one */
export function median(values) {
  return quantile(values, 0.5);
}

/**
 * @param {number[]} values at least one
 * @param {number} q at least 0 and below 1
 */
export function quantile(values, q) {
  return /** @type {number} */ (values.toSorted((a, b) => a - b)[Math.floor(q * values.length)]);
}

/**
 * @typedef {object} Comparison
 * @property {number} ratio
 * @property {number} spread in three quarters of the rounds, ratio is within ratio · (1 ± spread)
 */

/**
 * @param {number[]} baseline ns by round
 * @param {number[]} other ns of the same rounds
 * @returns {Comparison} how many times faster the other is
 */
export function comparison(baseline, other) {
  const ratios = baseline.map((ns, round) => ns / /** @type {number} */ (other[round]));
  const ratio = median(ratios);
  const spread = quantile(
    ratios.map((one) => Math.abs(one / ratio - 1)),
    0.75,
  );
  return { ratio, spread };
}

/**
 * Median ns of a call within one turn, after one untimed call. A plain loop, since mitata's `measure` allocates 8 MB
 * per turn: on a virtual machine with slow page faults that takes 40 ms, against 12 ms for a turn.
 *
 * @param {() => unknown} run
 * @param {number} turn ns to spend
 */
export function timeCalls(run, turn, { now, minSample } = WALL) {
  run();
  const samples = [];
  const end = now() + turn / 1e6;
  for (let calls = 1; samples.length === 0 || now() < end; ) {
    const start = now();
    for (let i = 0; i < calls; i++) run();
    const ns = (now() - start) * 1e6;
    if (samples.length === 0 && ns < minSample) calls *= 2;
    else samples.push(ns / calls);
  }
  return median(samples);
}

/**
 * Median ns until the promise of a call is resolved.
 *
 * @param {() => unknown} run
 * @param {number} turn ns to spend
 */
export async function timePromises(run, turn, { now } = WALL) {
  const samples = [];
  const end = now() + turn / 1e6;
  do {
    const start = now();
    await run();
    samples.push((now() - start) * 1e6);
  } while (now() < end);
  return median(samples);
}

/**
 * @param {() => number} now ms
 * @returns {Clock}
 */
export function clockOf(now) {
  // Browsers make the clock coarse, by up to 1 ms.
  const steps = Array.from({ length: 5 }, () => {
    const start = now();
    let next = start;
    while (next === start) next = now();
    return (next - start) * 1e6;
  });
  return { now, minSample: Math.max(MIN_SAMPLE, MIN_STEPS * Math.min(...steps)) };
}
