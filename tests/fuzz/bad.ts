/** Bad values of each argument: the value, the class of the error, and how its message begins. */
import type { Refusal } from './machine.js';

export type Bad = [name: string, value: string, refusal: Refusal];

type Values = [value: string, type: Refusal['type']][];

const TYPE = 'TypeError';
const RANGE = 'RangeError';

const WHOLES: Values = [
  ['-1', RANGE],
  ['0.5', RANGE],
  ['NaN', RANGE],
  ['2 ** 53 + 2', RANGE],
  ["'1'", TYPE],
  ['null', TYPE],
  ['1n', TYPE],
  ['{}', TYPE],
];
const PROBABILITIES: Values = [
  ['-0.1', RANGE],
  ['1.1', RANGE],
  ['50', RANGE],
  ['NaN', RANGE],
  ["'0.5'", TYPE],
  ['null', TYPE],
  ['undefined', TYPE],
  ['[0.5]', TYPE],
];
const KEYS: Values = [
  ['1', TYPE],
  ['null', TYPE],
  ['{}', TYPE],
  ["'42'", RANGE],
  ["'0x'", RANGE],
  ['-1n', RANGE],
  ['2n ** 64n', RANGE],
];
const DEVIATIONS: Values = [
  ['-1', RANGE],
  ['NaN', RANGE],
  ['Infinity', RANGE],
  ["'1'", TYPE],
  ['null', TYPE],
  ['undefined', TYPE],
];
const BOOLEANS: Values = [
  ['1', TYPE],
  ["'true'", TYPE],
  ['null', TYPE],
];
const WORDS: Values = [
  ["'other'", RANGE],
  ["''", RANGE],
  ['1', TYPE],
  ['null', TYPE],
];
const FLOATS: Values = [
  ['null', TYPE],
  ['undefined', TYPE],
  ['[1, 2]', TYPE],
  ["'1'", TYPE],
  ['new Int32Array(4)', TYPE],
  ['{ data: [1], shape: [1] }', TYPE],
  ['{ data: new Float32Array(4) }', TYPE],
  ['{ data: new Float32Array(4), shape: [3] }', RANGE],
  ['{ data: new Float32Array(4), shape: [-2, -2] }', RANGE],
  ['{ data: new Float32Array(4), shape: [2, 2], strides: [1, 2] }', RANGE],
  ['new Proxy(new Float32Array(4), {})', TYPE],
  ['(() => { const x = new Float32Array(4); structuredClone(x, { transfer: [x.buffer] }); return x; })()', TYPE],
];

/** The values of an option, or of another argument, by its name. */
const VALUES: Record<string, Values> = {
  p: PROBABILITIES,
  stddev: DEVIATIONS,
  key: KEYS,
  offset: WHOLES,
  x: FLOATS,
  dy: FLOATS,
  lengthOrShape: [
    ...WHOLES.filter(([value]) => value !== '{}'),
    ['[-1]', RANGE],
    ['[0.5]', RANGE],
    ["['1']", TYPE],
    ['[2 ** 30, 2 ** 30]', RANGE],
  ],
  gradient: BOOLEANS,
  inplace: BOOLEANS,
  always: BOOLEANS,
  training: BOOLEANS,
  scaleByKeep: BOOLEANS,
  batchFirst: BOOLEANS,
  format: WORDS,
  channels: WORDS,
  seed: WHOLES.filter(([value]) => value !== '1n'),
  position: WHOLES,
  features: WHOLES,
  blockSize: [...WHOLES, ['0', RANGE]],
  noiseShape: [
    ['[0]', RANGE],
    ['[1.5]', RANGE],
    ["['1']", TYPE],
    ['5', TYPE],
    ['[,]', TYPE],
    ['[1, 1, 1, 1, 1, 1, 1, 1]', RANGE],
  ],
  slice: [
    ['5', TYPE],
    ['null', TYPE],
    ['{ of: 5, at: [0] }', TYPE],
    ['{ of: [-1], at: [0] }', RANGE],
    ["{ of: [4], at: ['0'] }", TYPE],
    ['{ of: [2 ** 40, 2 ** 40], at: [0, 0] }', RANGE],
  ],
  bias: [
    ['undefined', TYPE],
    ['new Int32Array(2)', TYPE],
    ['{ data: new Float32Array(1), shape: [1] }', TYPE],
  ],
  layer: [
    ['{}', TYPE],
    ['null', TYPE],
    ["'Dropout'", TYPE],
  ],
  label: [
    ['1', TYPE],
    ['undefined', TYPE],
  ],
  samples: [...WHOLES.filter(([value]) => !value.includes('53')), ['0', RANGE], ['undefined', TYPE]],
  from: WHOLES,
  ratio: [...PROBABILITIES.filter(([value]) => value !== 'undefined'), ['1', RANGE]],
  trainingMode: BOOLEANS,
  opset: [
    ['6', RANGE],
    ['12.5', RANGE],
    ["'13'", TYPE],
  ],
  layers: [
    ['5', TYPE],
    ['[{}]', TYPE],
    ['[,]', TYPE],
  ],
  bytes: [...WHOLES.filter(([value]) => !value.includes('53')), ['2 ** 33', RANGE], ['undefined', TYPE]],
  n: WHOLES,
};

/** The name of an argument in messages, where it is another. */
const NAMES: Record<string, string> = { lengthOrShape: '(length|shape)' };

/** The bad values of some arguments. */
export const badValues = (names: readonly string[]): Bad[] =>
  names.flatMap((name) =>
    (VALUES[name] ?? []).map(([value, type]): Bad => {
      const message = new RegExp(`^${NAMES[name] ?? name}\\b`);
      return [name, value, { type, message }];
    }),
  );

/** An option that no call has. */
export const UNKNOWN: Bad = ['rate', '0.5', { type: TYPE, message: /^unknown option "rate": the options are / }];
