/**
 * Times two functions against each other. The clock of a shared machine wanders by far more than the
 * differences that matter, so both run in many short rounds by turns, and medians are compared.
 */
import { measure } from 'mitata';

/**
 * @typedef {object} Effort
 * @property {number} rounds in each of which both sides have a turn
 * @property {number} turn ns of a turn; a call that takes longer is still timed once
 * @property {number} most ns for a comparison, after which only `FEWEST` rounds are insisted on
 */

const FEWEST = 4;

/**
 * @param {() => void} ours
 * @param {() => void} peer
 * @param {Effort} effort
 * @returns {Promise<{ ours: number, peer: number }>} median ns of a call
 */
export async function compare(ours, peer, effort) {
  const rounds = [];
  const start = performance.now();
  while (rounds.length < FEWEST || (rounds.length < effort.rounds && (performance.now() - start) * 1e6 < effort.most)) {
    const round = { ours: 0, peer: 0 };
    const takeOurs = async () => (round.ours = await time(ours, effort.turn));
    const takePeer = async () => (round.peer = await time(peer, effort.turn));
    // By turns also who begins: the first one finds the caches as the other left them.
    for (const take of rounds.length % 2 === 0 ? [takeOurs, takePeer] : [takePeer, takeOurs]) await take();
    rounds.push(round);
  }
  const quiet = quieterHalf(rounds);
  return { ours: median(quiet.map(({ ours }) => ours)), peer: median(quiet.map(({ peer }) => peer)) };
}

/**
 * A busy neighbour makes a machine fast and slow for a second at a time. Were that half of the rounds, the
 * medians of two equals might come from different halves; so the slower half goes, by both sides' sum.
 *
 * @param {{ ours: number, peer: number }[]} rounds
 */
function quieterHalf(rounds) {
  const ours = Math.min(...rounds.map(({ ours }) => ours));
  const peer = Math.min(...rounds.map(({ peer }) => peer));
  return rounds
    .map((round) => ({ ...round, slowness: round.ours / ours + round.peer / peer }))
    .sort((a, b) => a.slowness - b.slowness)
    .slice(0, Math.ceil(rounds.length / 2));
}

/** @param {number[]} values of which there is one at least */
export function median(values) {
  return /** @type {number} */ (values.toSorted((a, b) => a - b)[values.length >> 1]);
}

/**
 * Median ns of a call within one turn. Mitata calls once without the clock; calls below 20 µs are timed
 * 256 at a time, since reading the clock takes some 50 ns.
 *
 * @param {() => unknown} run
 * @param {number} turn ns to spend
 */
async function time(run, turn) {
  const { p50 } = await measure(run, {
    gc: false,
    min_samples: 1,
    min_cpu_time: turn,
    batch_threshold: 20_000,
    batch_samples: 256,
  });
  return p50;
}
