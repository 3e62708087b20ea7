/** Maps of the plane, with the points that the model was trained on. */
import { moons } from './data.js';
import { SIDE, SQUARE } from './model.js';

/** Colors of the numbers from 0 to 1: red, green and blue, evenly spaced. */
export const ORANGE_TO_BLUE = [
  [214, 108, 30],
  [242, 240, 236],
  [38, 112, 184],
];
export const WHITE_TO_PURPLE = [
  [244, 242, 248],
  [158, 124, 196],
  [62, 24, 98],
];

/** Colors of the points of the upper and the lower moon. */
const POINT_COLORS = ['#0d4374', '#8a3a06'];

const data = moons();

/**
 * @param {number} value
 * @param {number[][]} colors
 * @returns {[number, number, number, number]} red, green, blue and opacity
 */
function colorOf(value, colors) {
  const at = Math.min(Math.max(value, 0), 1) * (colors.length - 1);
  const i = Math.min(Math.floor(at), colors.length - 2);
  /** @param {number} channel */
  const mix = (channel) => {
    const [from, to] = [Number(colors[i]?.[channel]), Number(colors[i + 1]?.[channel])];
    return from + (at - i) * (to - from);
  };
  return [mix(0), mix(1), mix(2), 255];
}

/** @param {HTMLCanvasElement} canvas */
function contextOf(canvas) {
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {(point: number) => number} valueAt the value of a point of the model's grid, from 0 to 1
 * @param {number[][]} colors
 */
export function drawMap(canvas, valueAt, colors) {
  const grid = new OffscreenCanvas(SIDE, SIDE);
  const pixels = new ImageData(SIDE, SIDE);
  // The grid's lowest row is its first, that of an image the last.
  for (let y = 0; y < SIDE; y++)
    for (let x = 0; x < SIDE; x++)
      pixels.data.set(colorOf(valueAt((SIDE - 1 - y) * SIDE + x), colors), 4 * (y * SIDE + x));
  grid.getContext('2d')?.putImageData(pixels, 0, 0);

  const context = contextOf(canvas);
  const { width, height } = canvas;
  context.clearRect(0, 0, width, height);
  context.imageSmoothingEnabled = false;
  context.drawImage(grid, 0, 0, width, height);
  context.strokeStyle = '#ffffff';
  for (const [i, label] of data.labels.entries()) {
    const [x, y] = [Number(data.points[2 * i]), Number(data.points[2 * i + 1])];
    context.fillStyle = POINT_COLORS[label] ?? '';
    context.beginPath();
    context.arc(
      ((x - SQUARE.left) / SQUARE.size) * width,
      (1 - (y - SQUARE.bottom) / SQUARE.size) * height,
      width / 128,
      0,
      7,
    );
    context.fill();
    context.stroke();
  }
}

/** @param {HTMLCanvasElement} canvas @param {number[][]} colors */
export function drawScale(canvas, colors) {
  const pixels = new ImageData(canvas.width, 1);
  for (let x = 0; x < canvas.width; x++) pixels.data.set(colorOf(x / (canvas.width - 1), colors), 4 * x);
  contextOf(canvas).putImageData(pixels, 0, 0);
}
