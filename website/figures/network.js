/** A small network in evaluation, and in training with the units that two dropout layers have kept. */
import { Dropout, Generator } from 'dropout-wasm';
import { svg, text } from './drawing/svg.js';

const UNITS = [4, 6, 6, 2];
const P = 0.5;

/** Whether each unit of each layer is kept. Inputs and outputs always are. */
function keptUnits() {
  const generator = new Generator(4);
  return UNITS.map((units, k) => {
    const layer = new Dropout(P, { generator });
    if (k === 0 || k === UNITS.length - 1) layer.eval();
    layer.forward(new Float32Array(units));
    return layer.mask();
  });
}

/**
 * @param {Uint8Array[]} kept
 * @param {number} left
 */
function drawNetwork(kept, left) {
  const units = kept.flatMap((layer, k) =>
    Array.from(layer, (keep, i) => ({ keep, k, x: left + 46 * k, y: 115 + 30 * (i - (layer.length - 1) / 2) })),
  );
  const edges = units.flatMap((from) =>
    units
      .filter((to) => to.k === from.k + 1 && from.keep && to.keep)
      .map((to) => `M${from.x} ${from.y}L${to.x} ${to.y}`),
  );
  const circles = units.map(({ keep, x, y }) =>
    keep
      ? `<circle cx="${x}" cy="${y}" r="9" fill="var(--kept)"/>`
      : `<circle cx="${x}" cy="${y}" r="8.5" fill="var(--page)" stroke="var(--soft)" stroke-dasharray="3 2.5"/>` +
        `<path d="M${x - 4} ${y - 4}l8 8m0 -8l-8 8" stroke="var(--soft)"/>`,
  );
  return `<path d="${edges.join('')}" stroke="currentColor" stroke-opacity="0.35"/>${circles.join('')}`;
}

export default async () => {
  const training = keptUnits();
  const all = training.map((layer) => layer.slice().fill(1));
  const [, first = [], second = []] = training.map((layer) => layer.filter((keep) => keep));
  const description = `In evaluation all units are active. In this training step, dropout with p = ${P} has kept
${first.length} of ${UNITS[1]} units of the first hidden layer and ${second.length} of ${UNITS[2]} of the second.`;
  return svg(
    { title: 'A network in evaluation and in training', description, height: 226 },
    drawNetwork(all, 20) +
      drawNetwork(training, 202) +
      text(89, 14, 'evaluation') +
      text(271, 14, 'training, one step'),
  );
};
