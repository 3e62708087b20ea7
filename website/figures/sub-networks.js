/**
 * What sub-networks of one trained network decide: the network and the half-moons of examples/workers. One mask that
 * all points share makes a sub-network; noiseShape gives such masks.
 */
import { Dropout, Generator } from 'dropout-wasm';
import { monteCarlo } from 'dropout-wasm/monte-carlo';
import { moons } from '../../examples/workers/data.js';
import { dense, P, relu, UNITS } from '../../examples/workers/model.js';
import { WEIGHTS } from '../../examples/workers/weights.js';
import { round, svg, text, WIDTH } from './drawing/svg.js';

const SAMPLES = 100;
const SHOWN = 6;
/** Cells along each side of a panel. */
const SIDE = 60;
const SIZE = 84;
const SQUARE = { left: -1.3, bottom: -1.6, size: 3.6 };

const { points, labels } = moons();
const generator = new Generator(1);
const layers = UNITS.slice(1, -1).map((units) => new Dropout(P, { generator, noiseShape: [1, units] }).eval());

/** The middles of all cells, the highest row first. */
const grid = new Float32Array(2 * SIDE * SIDE);
for (let row = 0; row < SIDE; row++)
  for (let column = 0; column < SIDE; column++)
    grid.set(
      [SQUARE.left + ((column + 0.5) / SIDE) * SQUARE.size, SQUARE.bottom + ((SIDE - row - 0.5) / SIDE) * SQUARE.size],
      2 * (row * SIDE + column),
    );

/** Logits of the two moons for all cells. */
function predict() {
  const rows = SIDE * SIDE;
  let at = 0;
  const data = UNITS.slice(1).reduce((x, outs, k) => {
    const ins = x.length / rows;
    const y = dense(x, WEIGHTS, at, ins, outs);
    at += (ins + 1) * outs;
    const layer = layers[k];
    if (!layer) return y;
    relu(y);
    return layer.forward({ data: y, shape: [rows, outs] }).data;
  }, grid);
  return { data, shape: [rows, 2] };
}

/** Whether each cell belongs to the lower moon. @param {ArrayLike<number>} values of the two moons, row by row */
const decide = (values) =>
  Array.from({ length: values.length / 2 }, (_, i) => Number(values[2 * i + 1]) > Number(values[2 * i]));

/** The percentage of the plane that two networks divide differently. @param {boolean[]} a @param {boolean[]} b */
const difference = (a, b) => (100 * a.filter((isLower, i) => isLower !== b[i]).length) / a.length;

/** The points of both moons, in a panel. */
const dots = [0, 1].map((moon) => {
  const path = Array.from(labels, (label, i) => {
    const x = ((Number(points[2 * i]) - SQUARE.left) / SQUARE.size) * SIZE;
    const y = (1 - (Number(points[2 * i + 1]) - SQUARE.bottom) / SQUARE.size) * SIZE;
    return label === moon && i % 4 < 2 ? `M${round(x)} ${round(y)}h0` : '';
  });
  const color = moon === 0 ? 'var(--class-a)' : 'var(--class-b)';
  return `<path d="${path.join('')}" stroke="${color}" stroke-width="2.4" stroke-linecap="round"/>`;
});

/** The cells of one moon as one rectangle for each run in a row. @param {boolean[]} decisions @param {boolean} moon */
function region(decisions, moon) {
  let path = '';
  for (let row = 0; row < SIDE; row++) {
    for (let start = 0, end = 1; start < SIDE; start = end++) {
      const isMoon = decisions[row * SIDE + start];
      while (end < SIDE && decisions[row * SIDE + end] === isMoon) end++;
      if (isMoon === moon) path += `M${start} ${row}h${end - start}v1h${start - end}z`;
    }
  }
  const color = moon ? 'var(--class-b)' : 'var(--class-a)';
  const look = `shape-rendering="crispEdges" fill="${color}" fill-opacity="0.3"`;
  return `<path transform="scale(${SIZE / SIDE})" ${look} d="${path}"/>`;
}

export default async () => {
  const { mean, kept = [] } = await monteCarlo(predict, {
    samples: SAMPLES,
    layers,
    seed: 1,
    kind: 'logits',
    keep: true,
  });
  const evaluation = decide(predict().data);
  const panels = [
    ...kept.slice(0, SHOWN).map((sample, i) => ({ name: `sub-network ${i + 1}`, decisions: decide(sample) })),
    { name: `mean of ${SAMPLES}`, decisions: decide(mean) },
    { name: 'evaluation', decisions: evaluation },
  ].map((panel) => ({ ...panel, percent: `${difference(panel.decisions, evaluation).toFixed(1)} %` }));
  const content = panels.map(({ name, decisions, percent }, i) => {
    const [x, y] = [(i % 4) * ((WIDTH - SIZE) / 3), Math.floor(i / 4) * (SIZE + 44)];
    return `<g transform="translate(${round(x)} ${y})">${region(decisions, false)}${region(decisions, true)}
${dots.join('')}${text(SIZE / 2, SIZE + 15, name, 11)}${text(SIZE / 2, SIZE + 30, percent, 11)}</g>`;
  });
  return svg(
    {
      title: 'Decisions of sub-networks, of their mean, and of the network in evaluation',
      description: `The plane, divided between two half-moons. It differs from evaluation in: ${panels
        .map(({ name, percent }) => `${name}, ${percent} of the plane`)
        .join('; ')}.`,
      height: 2 * (SIZE + 44) - 8,
    },
    content.join('\n'),
  );
};
