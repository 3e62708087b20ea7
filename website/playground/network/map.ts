/** Maps of the plane: a value at every node of a grid, as colors on a canvas, and points. */
import { color, css, find } from '../section.js';
import { type Data, SIDE } from './data.js';
import { NODES } from './plane.js';

/** Pixels of the colored image in a row. Values between nodes are interpolated. */
const PIXELS = 240;

type Color = [red: number, green: number, blue: number];

/** The colors of values from −1 to 1. The middle one is that of the page. */
export interface Scale {
  readonly low: string;
  readonly high: string;
}
export const CLASSES: Scale = { low: '--class-a', high: '--class-b' };
export const AMOUNT: Scale = { low: '--page', high: '--ink' };

const SHADES = 255;

export class PlaneMap {
  readonly canvas: HTMLCanvasElement;
  private readonly image = Object.assign(document.createElement('canvas'), { width: PIXELS, height: PIXELS });

  constructor(root: ParentNode, selector: string) {
    this.canvas = find<HTMLCanvasElement>(root, selector);
  }

  /**
   * @param values from −1 to 1, at the nodes of the grid. A line is drawn where the sign changes
   * @param description for screen readers
   */
  paint(values: ArrayLike<number>, scale: Scale, description: string): void {
    const { canvas, image } = this;
    const size = Math.round(canvas.clientWidth * devicePixelRatio) || PIXELS;
    if (canvas.width !== size) canvas.width = canvas.height = size;
    const context = image.getContext('2d')!;
    const pixels = context.createImageData(PIXELS, PIXELS);
    fill(pixels.data, values, paletteOf(scale), color('--ink'));
    context.putImageData(pixels, 0, 0);
    canvas.getContext('2d')!.drawImage(image, 0, 0, size, size);
    canvas.setAttribute('aria-label', description);
  }

  /** Draws the points of class 0 as circles, those of class 1 as squares. */
  points({ x, labels }: Data, faint = false): void {
    const context = this.canvas.getContext('2d')!;
    const unit = this.canvas.width / this.canvas.clientWidth || 1;
    const radius = (faint ? 1.5 : Math.min(4.5, this.canvas.clientWidth / 60)) * unit;
    context.globalAlpha = faint ? 0.5 : 1;
    context.lineWidth = radius / 3;
    context.strokeStyle = css('--page');
    labels.forEach((label, i) => {
      const [left, top] = this.position(x[2 * i]!, x[2 * i + 1]!);
      context.fillStyle = css(label ? '--class-b' : '--class-a');
      context.beginPath();
      if (label) context.rect(left - 0.9 * radius, top - 0.9 * radius, 1.8 * radius, 1.8 * radius);
      else context.arc(left, top, radius, 0, 2 * Math.PI);
      context.fill();
      if (!faint) context.stroke();
    });
    context.globalAlpha = 1;
  }

  /** Draws a cross over the whole map at a point. */
  cross(x: number, y: number): void {
    const context = this.canvas.getContext('2d')!;
    const { width } = this.canvas;
    const [left, top] = this.position(x, y);
    const unit = width / this.canvas.clientWidth || 1;
    context.lineWidth = 1.5 * unit;
    context.strokeStyle = css('--error');
    context.beginPath();
    context.moveTo(left, 0);
    context.lineTo(left, width);
    context.moveTo(0, top);
    context.lineTo(width, top);
    context.rect(left - 6 * unit, top - 6 * unit, 12 * unit, 12 * unit);
    context.stroke();
  }

  private position(x: number, y: number): [left: number, top: number] {
    const { width } = this.canvas;
    return [((x / SIDE + 1) / 2) * width, ((1 - y / SIDE) / 2) * width];
  }
}

/** 2 · SHADES + 1 colors, from −1 to 1. */
function paletteOf({ low, high }: Scale): Color[] {
  const [page, ends] = [color('--page'), [color(low), color(high)]];
  return Array.from({ length: 2 * SHADES + 1 }, (_, i) => {
    const amount = i / SHADES - 1;
    const end = ends[amount < 0 ? 0 : 1]!;
    return page.map((c, k) => Math.round(c + 0.7 * Math.abs(amount) * (end[k]! - c))) as Color;
  });
}

function fill(pixels: Uint8ClampedArray, values: ArrayLike<number>, palette: Color[], line: Color): void {
  const step = (NODES - 1) / (PIXELS - 1);
  const above = new Float32Array(PIXELS);
  for (let row = 0, at = 0; row < PIXELS; row++) {
    const y = Math.min(Math.floor(row * step), NODES - 2);
    const down = row * step - y;
    let before = 0;
    for (let column = 0; column < PIXELS; column++, at += 4) {
      const x = Math.min(Math.floor(column * step), NODES - 2);
      const right = column * step - x;
      const node = y * NODES + x;
      const top = values[node]! + right * (values[node + 1]! - values[node]!);
      const bottom = values[node + NODES]! + right * (values[node + NODES + 1]! - values[node + NODES]!);
      const value = top + down * (bottom - top);
      const crossing = value * above[column]! < 0 || value * before < 0;
      above[column] = before = value;
      const shade = crossing ? line : palette[Math.round(SHADES * (1 + Math.max(-1, Math.min(1, value))))]!;
      pixels[at] = shade[0];
      pixels[at + 1] = shade[1];
      pixels[at + 2] = shade[2];
      pixels[at + 3] = 255;
    }
  }
}
