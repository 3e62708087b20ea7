/** A canvas that shows a square of pixels. */
import { paint, type Range, sideOf } from './tiles.js';

export class Pane {
  private readonly context;
  private pixels = new ImageData(1, 1);

  constructor(readonly canvas: HTMLCanvasElement) {
    this.context = canvas.getContext('2d')!;
  }

  /** @param tile the side of the tiles, in whose order the values are */
  paint(values: Float32Array | Uint8Array, tile: number, range: Range): void {
    const side = sideOf(values);
    if (this.pixels.width !== side) this.pixels = new ImageData(side, side);
    if (this.canvas.width !== side) this.canvas.width = this.canvas.height = side;
    paint(values, tile, range, this.pixels.data);
    this.context.putImageData(this.pixels, 0, 0);
  }
}
