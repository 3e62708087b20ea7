/** The picture as an array: 512 × 512 pixels of red, green and blue, whole or cut into tiles. */

export const SIDE = 512;
export const TILE = 64;
export const CHANNELS = 3;
export const PIXELS = SIDE * SIDE;
export const VALUES = PIXELS * CHANNELS;

/** How values become brightness from 0 to 1: value · scale + shift. */
export interface Range {
  scale: number;
  shift: number;
}

/** Copies a picture into the order of its tiles. */
export function cut(picture: Float32Array, tile: number, out: Float32Array): void {
  eachRun(SIDE, tile, (inPicture, inTiles, pixels) => {
    const from = inPicture * CHANNELS;
    out.set(picture.subarray(from, from + pixels * CHANNELS), inTiles * CHANNELS);
  });
}

/** Paints a square in the order of its tiles as opaque pixels. Brightness below 0 is black, above 1 full. */
export function paint(values: Float32Array | Uint8Array, tile: number, range: Range, rgba: Uint8ClampedArray): void {
  const [scale, shift] = [255 * range.scale, 255 * range.shift];
  eachRun(sideOf(values), tile, (inPicture, inTiles, pixels) => {
    let from = inTiles * CHANNELS;
    const end = (inPicture + pixels) * 4;
    for (let to = inPicture * 4; to < end; to += 4) {
      rgba[to] = toByte(values[from++]! * scale + shift);
      rgba[to + 1] = toByte(values[from++]! * scale + shift);
      rgba[to + 2] = toByte(values[from++]! * scale + shift);
      rgba[to + 3] = 255;
    }
  });
}

/** From 0 to 255, without branches: for noise, the clamping of the array itself takes four times as long. */
function toByte(brightness: number): number {
  const rounded = (brightness + 0.5) | 0;
  const notNegative = rounded & ~(rounded >> 31);
  return (notNegative | ((255 - notNegative) >> 31)) & 255;
}

/** The side of a square of pixels. */
export const sideOf = (values: Float32Array | Uint8Array): number => Math.sqrt(values.length / CHANNELS);

/** Calls `run` for each row of each tile: its first pixel in the picture and among the tiles, and its length. */
function eachRun(side: number, tile: number, run: (inPicture: number, inTiles: number, pixels: number) => void): void {
  const length = Math.min(tile, side);
  const across = side / length;
  for (let y = 0; y < side; y++) {
    const firstTile = Math.floor(y / length) * across;
    for (let column = 0; column < across; column++)
      run(y * side + column * length, ((firstTile + column) * length + (y % length)) * length, length);
  }
}
