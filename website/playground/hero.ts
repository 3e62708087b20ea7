/** The first picture of the page: a network whose hidden units are dropped by the masks of a Dropout layer. */
import { Dropout, Generator } from 'dropout-wasm';
import { animate } from './animation.js';
import type { State } from './fields.js';
import { find } from './section.js';
import { percent } from './text.js';

const P = 0.5;
const MILLISECONDS_A_MASK = 1500;

/** Units of each layer. Dropout acts between the input and the output. */
const LAYERS = [4, 8, 8, 2];
const HIDDEN = LAYERS.slice(1, -1).reduce((sum, units) => sum + units);
const [WIDTH, HEIGHT, RADIUS] = [460, 340, 11];

interface Unit {
  circle: SVGElement;
  x: number;
  y: number;
}

export function startHero(root: HTMLElement, state: State): void {
  const svg = find<HTMLElement>(root, 'svg');
  const caption = find(root, 'figcaption output');
  const layers = LAYERS.map((units, layer) => Array.from({ length: units }, (_, unit) => unitOf(layer, unit, units)));
  const hidden = layers.slice(1, -1).flat();
  const edges = layers.slice(1).flatMap((units, before) => {
    const pairs = units.flatMap((to) => layers[before]!.map((from) => ({ from, to })));
    return pairs.map(({ from, to }) => ({ from, to, line: lineOf(from, to) }));
  });
  svg.replaceChildren(...edges.map(({ line }) => line), ...layers.flat().map(({ circle }) => circle));

  let layer: Dropout;
  let [number, keptSoFar] = [0, 0];
  const ones = new Float32Array(HIDDEN).fill(1);
  const drawNext = () => {
    layer.forward(ones);
    const mask = layer.mask();
    const dropped = new Set(hidden.filter((_, unit) => mask[unit] === 0));
    for (const unit of layers.flat()) unit.circle.classList.toggle('dropped', dropped.has(unit));
    for (const { from, to, line } of edges) line.classList.toggle('dropped', dropped.has(from) || dropped.has(to));
    const kept = HIDDEN - dropped.size;
    number++;
    keptSoFar += kept;
    const average = percent(keptSoFar / (number * HIDDEN));
    const numbers = `p = ${P}, mask ${number}: ${kept} of ${HIDDEN} hidden units kept, on average ${average}`;
    caption.textContent = numbers;
    svg.setAttribute('aria-label', `A network. ${numbers}`);
  };
  const startOver = () => {
    layer = new Dropout(P, { generator: new Generator(state.get('seed')).fork('hero') });
    [number, keptSoFar] = [0, 0];
    drawNext();
  };
  startOver();
  state.watch(['seed'], startOver);
  find(root, '.next').addEventListener('click', drawNext);
  animate(
    { button: find<HTMLButtonElement>(root, '.animate'), element: svg, autoplay: true },
    MILLISECONDS_A_MASK,
    drawNext,
  );
}

function unitOf(layer: number, unit: number, units: number): Unit {
  const x = 30 + (layer * (WIDTH - 60)) / (LAYERS.length - 1);
  const y = HEIGHT / 2 + (unit - (units - 1) / 2) * 40;
  return { circle: shape('circle', { cx: x, cy: y, r: RADIUS }), x, y };
}

const lineOf = (from: Unit, to: Unit) => shape('line', { x1: from.x, y1: from.y, x2: to.x, y2: to.y });

function shape(name: string, attributes: Record<string, number>): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, `${value}`);
  return element;
}
