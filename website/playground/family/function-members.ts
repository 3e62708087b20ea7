/** The members that are functions: dropout of weights, and dropout in one pass with bias and residual. */
import { biasDropoutResidual, dropout, Generator, mask } from 'dropout-wasm';
import { convolve, KERNEL } from './convolve.js';
import type { Member } from './member.js';
import { CHANNELS, SIDE, VALUES } from './tiles.js';

export const dropConnect = {
  name: 'drop-connect',
  title: 'DropConnect',
  says:
    'A convolution blurs the picture, and weights of the convolution are dropped: 3 × 3 taps for each color, ' +
    '6 pixels apart. The mask shows the taps. Kept weights are multiplied by 1 / (1 − p), so their expected sum stays 1.',
  tile: SIDE,
  isStandardized: false,
  isColorless: false,
  units: [KERNEL.length, 'weights'],
  draw({ x, out }, { p, seed }) {
    const key = new Generator(seed).next();
    convolve(x, dropout(KERNEL, { p, key }), out);
    return mask(KERNEL.length, { p, key });
  },
  imports: ['dropout', 'Generator', 'mask'],
  code: ({ p }) => `const options = { p: ${p}, key: new Generator(seed).next() };
const weights = dropout(new Float32Array(${KERNEL.length}).fill(1), options);
const kept = mask(weights.length, options);`,
} as const satisfies Member;

const TINT = [0.125, 0.0625, -0.125];
/** A whole row of pixels: three values would be rows too short to be fast. */
const BIAS = Float32Array.from({ length: SIDE * CHANNELS }, (_, i) => TINT[i % CHANNELS]!);

export const residualMember = {
  name: 'residual',
  title: 'biasDropoutResidual',
  says:
    'The gray picture is the residual, its colors are x, and the bias is a warm tint. Where x + bias is dropped, the ' +
    'gray picture remains. Kept values of x + bias are multiplied by 1 / (1 − p), so their colors become stronger.',
  tile: SIDE,
  isStandardized: false,
  isColorless: false,
  units: [VALUES, 'values'],
  split({ x, residual }) {
    for (let pixel = 0; pixel < VALUES; pixel += CHANNELS) {
      const end = pixel + CHANNELS;
      const gray = (x[pixel]! + x[pixel + 1]! + x[pixel + 2]!) / CHANNELS;
      residual.fill(gray, pixel, end);
      for (let i = pixel; i < end; i++) x[i]! -= gray;
    }
  },
  draw({ x, residual, out, ones, mask }, { p, seed }) {
    const key = new Generator(seed).next();
    biasDropoutResidual(x, { bias: BIAS, residual, p, key, out });
    return dropout(ones, { p, key, out: mask });
  },
  imports: ['biasDropoutResidual', 'Generator', 'mask'],
  code: ({ p }) => `const options = { p: ${p}, key: new Generator(seed).next() };
const x = new Float32Array(${VALUES}).fill(1);
const y = biasDropoutResidual(x, { bias: Float32Array.of(${TINT.join(', ')}), residual: x, ...options });
const kept = mask(x.length, options);`,
} as const satisfies Member;
