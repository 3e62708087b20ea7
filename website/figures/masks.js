/** Masks of two forwards at three values of p. */
import { Dropout } from 'dropout-wasm';
import { squares, svg, text, WIDTH } from './drawing/svg.js';

const SIDE = 16;
const SIZE = 6.5;
const RATES = [0.2, 0.5, 0.8];
const FORWARDS = 2;

export default async () => {
  const panel = SIDE * SIZE;
  const gap = (WIDTH - RATES.length * panel) / (RATES.length - 1);
  /** @type {string[]} */
  const fractions = [];
  const content = RATES.flatMap((p, column) => {
    const layer = new Dropout(p, { seed: 42 });
    const x = column * (panel + gap);
    const panels = Array.from({ length: FORWARDS }, (_, row) => {
      const y = 20 + row * (panel + 28);
      layer.forward(new Float32Array(SIDE * SIDE));
      const mask = layer.mask();
      const kept = `${((100 * mask.filter((keep) => keep).length) / mask.length).toFixed(1)} % kept`;
      fractions.push(`p = ${p}, forward ${row + 1}: ${kept}`);
      const place = { columns: SIDE, x, y, step: SIZE, size: SIZE - 0.8 };
      return (
        squares(new Uint8Array(mask.length).fill(1), { ...place, color: 'var(--dropped)' }) +
        squares(mask, { ...place, color: 'var(--kept)' }) +
        text(x + panel / 2, y + panel + 15, kept)
      );
    });
    return [text(x + panel / 2, 13, `p = ${p}`), ...panels];
  });
  const title = 'The masks of two forwards';
  return svg({ title, description: `${fractions.join('; ')}.`, height: 276 }, content.join('\n'));
};
