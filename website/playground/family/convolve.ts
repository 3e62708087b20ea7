/** A convolution that blurs each color on its own, for DropConnect. */
import { CHANNELS, SIDE } from './tiles.js';

const TAPS = 3;
/** Pixels between two taps: the dilation of the convolution. */
const STEP = 6;
const BINOMIAL = [0.25, 0.5, 0.25];

/** [tap row, tap column, channel]; the taps of a channel sum to 1. */
export const KERNEL = Float32Array.from({ length: TAPS * TAPS * CHANNELS }, (_, i) => {
  const tap = Math.floor(i / CHANNELS);
  return BINOMIAL[Math.floor(tap / TAPS)]! * BINOMIAL[tap % TAPS]!;
});

/** Pixels outside the picture count as black. */
export function convolve(x: Float32Array, kernel: Float32Array, out: Float32Array): void {
  out.fill(0);
  for (let tap = 0; tap < TAPS * TAPS; tap++) {
    const [red, green, blue] = kernel.subarray(tap * CHANNELS, (tap + 1) * CHANNELS);
    const down = (Math.floor(tap / TAPS) - 1) * STEP;
    const right = ((tap % TAPS) - 1) * STEP;
    const shift = (down * SIDE + right) * CHANNELS;
    for (let row = Math.max(0, -down); row < Math.min(SIDE, SIDE - down); row++) {
      const start = (row * SIDE + Math.max(0, -right)) * CHANNELS;
      const end = (row * SIDE + Math.min(SIDE, SIDE - right)) * CHANNELS;
      for (let i = start; i < end; i += CHANNELS) {
        out[i]! += x[i + shift]! * red!;
        out[i + 1]! += x[i + 1 + shift]! * green!;
        out[i + 2]! += x[i + 2 + shift]! * blue!;
      }
    }
  }
}
