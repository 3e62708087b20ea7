/** Pixels of a drawing on a canvas. */
import { color } from '../section.js';
import { INK, SIDE } from './image.js';

/** Paints pixels as ink in the color of text, on a canvas of 28 × 28. Paper is transparent. */
export function paint(canvas: HTMLCanvasElement, pixels: Uint8Array): void {
  const image = new ImageData(SIDE, SIDE);
  const ink = color('--ink');
  pixels.forEach((value, i) => {
    image.data.set([...ink, Math.round((value / INK) * 255)], 4 * i);
  });
  canvas.getContext('2d')!.putImageData(image, 0, 0);
}

export const createPicture = (): HTMLCanvasElement =>
  Object.assign(document.createElement('canvas'), { width: SIDE, height: SIDE });
