/** The strip of masks: a radio button for each, with a picture of the units that it keeps. */
import type { UnitMasks } from '../network/ensemble.js';
import { HIDDEN } from '../network/model.js';
import { css } from '../section.js';

/** The masks of the strip. */
export const STRIP = 12;
const ACROSS = 8;
const UNIT = 6;
const ROWS = HIDDEN.map((units) => Math.ceil(units / ACROSS));
const GAP = 1;
const [WIDTH, HEIGHT] = [ACROSS * UNIT, (ROWS[0]! + GAP + ROWS[1]!) * UNIT];

/** @returns shows masks, of which the first has the given number */
export function createStrip(root: HTMLElement): (masks: readonly UnitMasks[], first: number) => void {
  const items = Array.from({ length: STRIP }, (_, i) => {
    const label = document.createElement('label');
    const radio = Object.assign(document.createElement('input'), { type: 'radio', name: 'chosenMask', value: `${i}` });
    const canvas = Object.assign(document.createElement('canvas'), { width: WIDTH, height: HEIGHT });
    const text = document.createElement('span');
    canvas.setAttribute('role', 'img');
    // The name of the radio button too.
    canvas.setAttribute('aria-label', 'Not computed yet');
    label.append(radio, canvas, text);
    root.append(label);
    return { canvas, text };
  });
  return (masks, first) => {
    masks.forEach((mask, i) => {
      const { canvas, text } = items[i]!;
      paint(canvas.getContext('2d')!, mask);
      const kept = mask.map((units) => `${units.filter(Boolean).length} of ${units.length}`);
      canvas.setAttribute('aria-label', `keeps ${kept.join(' and ')} units`);
      text.textContent = `${first + i}`;
    });
  };
}

function paint(context: CanvasRenderingContext2D, masks: UnitMasks): void {
  const [kept, dropped] = [css('--kept'), css('--dropped')];
  context.clearRect(0, 0, WIDTH, HEIGHT);
  masks.forEach((units, k) => {
    units.forEach((isKept, i) => {
      context.fillStyle = isKept ? kept : dropped;
      const row = k * (ROWS[0]! + GAP) + Math.floor(i / ACROSS);
      context.fillRect((i % ACROSS) * UNIT, row * UNIT, UNIT - 1, UNIT - 1);
    });
  });
}
