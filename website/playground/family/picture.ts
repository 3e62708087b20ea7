/** The built-in picture, drawn by formulas, so that every device has the same: a lake at sunset. */
import { SIDE, VALUES } from './tiles.js';

type Color = readonly [red: number, green: number, blue: number];

const SKY: readonly Color[] = [
  [0.11, 0.16, 0.4],
  [0.45, 0.3, 0.55],
  [0.96, 0.58, 0.4],
  [1, 0.83, 0.55],
];
const SUN: Color = [1, 0.95, 0.75];
const FAR: Color = [0.42, 0.3, 0.48];
const NEAR: Color = [0.13, 0.14, 0.27];
const INK: Color = [0.97, 0.94, 0.88];

/** Height of the water line, and the sun. */
const WATER = 340;
const [SUN_X, SUN_Y, SUN_RADIUS] = [340, 250, 56];

const LETTERS: Readonly<Record<string, readonly string[]>> = {
  D: ['####.', '#...#', '#...#', '#...#', '#...#', '#...#', '####.'],
  R: ['####.', '#...#', '#...#', '####.', '#.#..', '#..#.', '#...#'],
  O: ['.###.', '#...#', '#...#', '#...#', '#...#', '#...#', '.###.'],
  P: ['####.', '#...#', '#...#', '####.', '#....', '#....', '#....'],
  U: ['#...#', '#...#', '#...#', '#...#', '#...#', '#...#', '.###.'],
  T: ['#####', '..#..', '..#..', '..#..', '..#..', '..#..', '..#..'],
};
const WORD = 'DROPOUT';

/** Red, green and blue from 0 to 1, pixel by pixel. */
export function builtInPicture(): Float32Array {
  const picture = new Float32Array(VALUES);
  let at = 0;
  for (let y = 0; y < SIDE; y++)
    for (let x = 0; x < SIDE; x++)
      for (const channel of isInk(x, y) ? INK : y < WATER ? land(x, y) : lake(x, y)) picture[at++] = channel;
  return picture;
}

function land(x: number, y: number): Color {
  const distance = Math.sqrt((x - SUN_X) ** 2 + (y - SUN_Y) ** 2);
  const at = Math.min((y / WATER) * (SKY.length - 1), SKY.length - 1.001);
  const sky = mix(SKY[Math.floor(at)]!, SKY[Math.floor(at) + 1]!, at % 1);
  const glow = mix(sky, SUN, 0.6 * Math.exp(-distance / 90));
  const sun = mix(glow, SUN, edge(SUN_RADIUS - distance));
  const far = mix(sun, FAR, edge(y - 265 - 30 * Math.sin(x / 61 + 1) - 14 * Math.sin(x / 23)));
  return mix(far, NEAR, edge(y - 300 - 24 * Math.sin(x / 83 + 4) - 9 * Math.sin(x / 17 + 2) - 3 * Math.sin(x / 5)));
}

/** The land upside down, darker and broken by waves. */
function lake(x: number, y: number): Color {
  const depth = y - WATER;
  const wave = Math.sin(depth ** 0.75 * 1.7 + 2 * Math.sin(x / 37)) * (1 + depth / 24);
  const mirrored = land(x + 2 * wave, Math.min(WATER - 1, Math.max(0, WATER - 1 - 1.6 * depth + wave)));
  return mix(mirrored, NEAR, 0.25 + 0.12 * Math.sin(depth ** 0.75 * 1.7));
}

/** The word, large at the bottom and as small print at the top. */
const isInk = (x: number, y: number) => isLetter(x, y, 72, 424, 9, 1) || isLetter(x, y, 36, 36, 2, 3);

function isLetter(x: number, y: number, left: number, top: number, size: number, lines: number): boolean {
  const column = Math.floor((x - left) / size);
  const row = Math.floor((y - top) / size);
  const letter = Math.floor(column / 6);
  const line = Math.floor(row / 10);
  if (column < 0 || row < 0 || letter >= WORD.length || line >= lines) return false;
  return LETTERS[WORD[letter]!]![row % 10]?.[column % 6] === '#';
}

/** 0 outside, 1 inside, smooth over two pixels. */
const edge = (inside: number) => Math.min(1, Math.max(0, 0.5 + inside / 2));

const mix = (from: Color, to: Color, part: number): Color => [
  from[0] + (to[0] - from[0]) * part,
  from[1] + (to[1] - from[1]) * part,
  from[2] + (to[2] - from[2]) * part,
];
