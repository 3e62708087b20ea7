/** Drawings: 28 × 28 pixels of 4 bits, centered as those of MNIST, and as a short text for the address. No page. */
import type { Field } from '../store.js';
import examples from './examples.json' with { type: 'json' };

export const SIDE = 28;

/** The largest value of a pixel, for ink. 0 is paper. */
export const INK = 15;

/** Ink is as wide or high as this at most, as in MNIST. */
const BOX = 20;

/** Samples per axis in each pixel of a drawing that is scaled. */
const SAMPLES = 4;

/**
 * Scales a drawing to 20 × 20 pixels and moves its center of mass to the center of 28 × 28, as was done for MNIST.
 *
 * @param ink a square drawing, row-major, from 0 for paper to 255 for ink
 * @returns row-major pixels from 0 to INK
 */
export function centered(ink: Uint8Array): Uint8Array {
  const side = Math.sqrt(ink.length);
  const pixels = new Uint8Array(SIDE * SIDE);
  const { size, x: centerX, y: centerY } = extent(ink, side);
  if (size === 0) return pixels;
  const scale = size / BOX;
  const inkAt = (x: number, y: number) => (Math.min(x, y) < 0 || Math.max(x, y) >= side ? 0 : ink[y * side + x]!);
  const at = (center: number, position: number) => Math.floor(center + (position - SIDE / 2) * scale);
  for (let i = 0; i < pixels.length; i++) {
    let sum = 0;
    for (let sample = 0; sample < SAMPLES ** 2; sample++) {
      const x = (i % SIDE) + ((sample % SAMPLES) + 0.5) / SAMPLES;
      const y = Math.floor(i / SIDE) + (Math.floor(sample / SAMPLES) + 0.5) / SAMPLES;
      sum += inkAt(at(centerX, x), at(centerY, y));
    }
    pixels[i] = Math.round(((sum / SAMPLES ** 2) * INK) / 255);
  }
  return pixels;
}

/** The larger side of the box around the ink, and its center of mass. */
function extent(ink: Uint8Array, side: number): { size: number; x: number; y: number } {
  let [left, right, top, bottom] = [side, -1, side, -1];
  let [mass, x, y] = [0, 0, 0];
  ink.forEach((value, i) => {
    if (value === 0) return;
    const [column, row] = [i % side, Math.floor(i / side)];
    [left, right, top, bottom] = [
      Math.min(left, column),
      Math.max(right, column),
      Math.min(top, row),
      Math.max(bottom, row),
    ];
    mass += value;
    x += value * (column + 0.5);
    y += value * (row + 0.5);
  });
  return { size: Math.max(right - left + 1, bottom - top + 1, 0), x: x / mass, y: y / mass };
}

/**
 * Pixels as text: base64url of half bytes. A pixel with ink is one half byte, its value. Up to 16 pixels of paper are
 * two: 0, and their number − 1. Paper after the last ink is left out.
 */
export function encode(pixels: Uint8Array): string {
  const halves: number[] = [];
  const end = pixels.findLastIndex((value) => value > 0) + 1;
  for (let i = 0; i < end; ) {
    if (pixels[i]! > 0) {
      halves.push(pixels[i++]!);
      continue;
    }
    const start = i;
    while (pixels[i] === 0 && i - start < 16) i++;
    halves.push(0, i - start - 1);
  }
  const bytes = Array.from({ length: Math.ceil(halves.length / 2) }, (_, i) =>
    String.fromCharCode(halves[2 * i]! * 16 + (halves[2 * i + 1] ?? 0)),
  );
  return btoa(bytes.join('')).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** The pixels of a text, or undefined for a text that `encode` does not write. */
export function decode(text: string): Uint8Array | undefined {
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) return undefined;
  const bytes = Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (byte) => byte.charCodeAt(0));
  const halves = bytes.flatMap((byte) => [byte >> 4, byte & 15]);
  const pixels = new Uint8Array(SIDE * SIDE);
  let at = 0;
  for (let i = 0; i < halves.length; i++) {
    if (halves[i]! > 0) pixels[at++] = halves[i]!;
    else at += (halves[++i] ?? -1) + 1;
  }
  return encode(pixels) === text ? pixels : undefined;
}

/** The field of the state that holds the drawing as text. */
export const drawing: Field<string> = {
  initial: examples.find(({ index }) => index === 1084)!.text,
  initialName: 'The drawing that the page starts with',
  rule: 'a drawing as this page writes it',
  parse: (text) => decode(text) && text,
  print: (text) => text,
};
