/** Calls of the functions. */
import fc from 'fast-check';
import { deviations, offsets, probabilities } from '../../support/arbitraries.js';
import { size } from '../../support/arrays.js';
import type { Step } from '../machine.js';
import {
  arrayText,
  badOf,
  bads,
  type Input,
  inputOf,
  inputs,
  optionsText,
  type Prepared,
  prepare,
  shapesOf,
  wrap,
} from './arrays.js';
import { type Draft, kind, type Model } from './program.js';

const keys = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((key) => `${key}n`),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((key) => `'0x${key.toString(16)}'`),
);

interface Draws {
  p: number;
  key: string;
  offset: number;
}

export const draws: fc.Arbitrary<Draws> = fc.record({ p: probabilities, key: keys, offset: offsets });

/** Which draws the elements take: consecutive ones, or those of a noise shape or a slice. */
export const parts = fc.record({
  noise: fc.constantFrom('none', 'none', 'shared', 'misfit'),
  shared: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
  isSlice: fc.boolean(),
  before: fc.array(fc.nat(9), { minLength: 6, maxLength: 6 }),
  after: fc.array(fc.nat(9), { minLength: 6, maxLength: 6 }),
});

type Part = typeof parts extends fc.Arbitrary<infer T> ? T : never;

/** offset or slice, and noiseShape. */
export function partText(part: Part, { shape }: Input, { offset }: Draws, hasNoiseShape: boolean) {
  const at = shape.map((_, axis) => part.before[axis]!);
  const of = shape.map((size, axis) => size + at[axis]! + part.after[axis]!);
  const noise = (part.isSlice ? of : shape).map((size, axis) =>
    part.shared[axis] ? 1 : axis % 2 && size ? size : null,
  );
  if (hasNoiseShape && part.noise === 'misfit' && shape.length > 0) noise[0] = (part.isSlice ? of : shape)[0]! + 2;
  return {
    ...(part.isSlice
      ? { slice: optionsText({ of: JSON.stringify(of), at: JSON.stringify(at) }) }
      : { offset: `${offset}` }),
    ...(hasNoiseShape && part.noise !== 'none' && { noiseShape: JSON.stringify(noise) }),
  };
}

export const MISFIT: Step['refusal'] = {
  type: 'RangeError',
  message: /^noiseShape has to be one that can be broadcast/,
};

export const isMisfit = (part: Part, { shape }: Input): boolean => part.noise === 'misfit' && shape.length > 0;

/** Puts a call together; one argument may be bad. */
export function callOf(
  name: string,
  prepared: Prepared,
  options: Record<string, string | undefined>,
  model: Readonly<Model>,
  bad: number | null,
  refusal: Step['refusal'],
  first: 'x' | 'dy' | 'lengthOrShape' = 'x',
): Draft {
  const names = Object.keys(options).filter((option) => options[option] !== undefined && option !== 'out');
  const isFree = !refusal && !prepared.refusal;
  const wrong = isFree ? badOf(bad, [...names, first]) : undefined;
  let { x } = prepared;
  const given: Record<string, string | undefined> = { ...options, ...(prepared.out && { out: prepared.out }) };
  if (wrong?.[0] === first) x = wrong[1];
  else if (wrong) given[wrong[0]] = wrong[1];
  const expected = wrong ? wrong[2] : (refusal ?? prepared.refusal);
  return {
    setup: prepared.setup,
    call: `${name}(${x}, ${optionsText(given)})`,
    writes: expected ? [] : prepared.writes,
    ...(!expected && { name: `y${model.names}` }),
    ...(expected && { refusal: expected }),
  };
}

export const drops = ['dropout', 'alphaDropout', 'alphaDropoutBackward'].map((name) =>
  kind(
    name,
    name === 'dropout' ? 6 : 2,
    fc.record({ input: inputs, draws, part: parts, bad: bads }),
    ({ input, draws, part, bad }, model) => {
      const options = { p: `${draws.p}`, key: draws.key, ...partText(part, input, draws, true) };
      return callOf(name, prepare(input, model.names), options, model, bad, isMisfit(part, input) ? MISFIT : undefined);
    },
  ),
);

export const noise = ['gaussianDropout', 'gaussianNoise'].map((name) =>
  kind(
    name,
    2,
    fc.record({ input: inputs, draws, part: parts, stddev: deviations, bad: bads }),
    ({ input, draws, part, stddev, bad }, model) => {
      const amount = name === 'gaussianNoise' ? { stddev: `${stddev}` } : { p: `${draws.p}` };
      const options = { ...amount, key: draws.key, ...partText(part, input, draws, false) };
      return callOf(name, prepare(input, model.names), options, model, bad, undefined);
    },
  ),
);

/** Rows of features. A plain array has them too. */
const rows = inputOf(
  fc.oneof(
    fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 40 })),
    fc.tuple(fc.nat(4), fc.constantFrom(31, 32, 64, 100, 768, 2048, 4100)),
  ),
  fc.constant(true),
);

export const fused = kind(
  'biasDropoutResidual',
  2,
  fc.record({
    input: rows,
    draws,
    residual: fc.constantFrom('none', 'new', 'out', 'x'),
    overlap: fc.nat(7),
    bad: bads,
  }),
  ({ input, draws: { p, key, offset }, residual, overlap, bad }, model) => {
    const prepared = prepare(input, model.names);
    const n = size(input.shape);
    const [bias, other] = [`bias${model.names}`, `residual${model.names}`];
    const target = overlap === 0 && n > 0 ? prepared.writes[0]?.[0] : undefined;
    const features = input.shape[1]!;
    const row = target ? `${target}.subarray(0, ${features})` : arrayText(input.layout, 2, features);
    prepared.setup.push(`const ${bias} = ${row}`);
    if (residual === 'new') prepared.setup.push(`const ${other} = ${arrayText(input.layout, 3, n)}`);
    const added = residual === 'new' ? wrap(input, other) : residual === 'x' ? prepared.x : prepared.out;
    const isLegal = residual !== 'none' && (residual !== 'out' || !prepared.refusal);
    const options = { bias, residual: isLegal ? added : undefined, p: `${p}`, key, offset: `${offset}` };
    const refusal: Step['refusal'] = target ? { type: 'RangeError', message: /^out overlaps bias$/ } : undefined;
    return callOf('biasDropoutResidual', prepared, options, model, bad, refusal);
  },
);

export const fusedBackward = kind(
  'biasDropoutResidualBackward',
  2,
  fc.record({ input: rows, draws, sums: fc.constantFrom('none', 'none', 'new', 'new', 'over dy'), bad: bads }),
  ({ input, draws: { p, key, offset }, sums: place, bad }, model) => {
    // Ordinary numbers: most sums of the others are NaN.
    const finite = { ...input, layout: { ...input.layout, from: 0 } };
    const { out: dx, refusal, ...prepared } = prepare(finite, model.names, 'dy');
    const features = input.shape[1]!;
    const sums = `sums${model.names}`;
    const hasSums = place !== 'none';
    const isOver = place === 'over dy' && size(input.shape) > 0 && !refusal;
    if (hasSums) {
      const row = isOver ? `x${model.names}.subarray(0, ${features})` : arrayText(finite.layout, 2, features);
      prepared.setup.push(`const ${sums} = ${row}`);
      prepared.writes.push([sums, features]);
    }
    const options = {
      p: `${p}`,
      key,
      offset: `${offset}`,
      features: `${features}`,
      out: dx || hasSums ? optionsText({ dx, dbias: hasSums ? sums : undefined }) : undefined,
    };
    // What is wrong with dx is named in full, but for an overlap.
    const named: Step['refusal'] = isOver
      ? { type: 'RangeError', message: /^out\.dbias overlaps another argument$/ }
      : refusal && {
          ...refusal,
          message: new RegExp(refusal.message.source.replace(/^\^out\b/, '^out(\\.dx)?')),
        };
    return callOf('biasDropoutResidualBackward', prepared, options, model, bad, named, 'dy');
  },
);

export const dropBlock = kind(
  'dropBlock2d',
  2,
  fc.record({
    input: inputOf(fc.integer({ min: 3, max: 4 }).chain(shapesOf), fc.constant(true)),
    draws,
    blockSize: fc.integer({ min: 1, max: 9 }),
    channels: fc.constantFrom("'first'", "'last'", undefined),
    bad: bads,
  }),
  ({ input, draws: { p, key, offset }, blockSize, channels, bad }, model) => {
    const options = { p: `${p}`, key, offset: `${offset}`, blockSize: `${blockSize}`, channels };
    return callOf('dropBlock2d', prepare(input, model.names), options, model, bad, undefined);
  },
);

export const formats = fc.constantFrom("'bytes'", "'bits'", undefined);
const bytesIn = (n: number, format: string | undefined) => (format === "'bits'" ? Math.ceil(n / 8) : n);

export const masks = kind(
  'mask',
  4,
  fc.record({ input: inputs, draws, part: parts, format: formats, hasOut: fc.boolean(), extra: fc.nat(3), bad: bads }),
  ({ input, draws, part, format, hasOut, extra, bad }, model) => {
    const n = size(input.shape);
    const out = `out${model.names}`;
    const bytes = bytesIn(n, format);
    const prepared: Prepared = {
      setup: hasOut ? [`const ${out} = ${arrayText(input.layout, 1, bytes + extra, 'Uint8Array')}`] : [],
      x: input.isTensor || part.isSlice ? JSON.stringify(input.shape) : `${n}`,
      ...(hasOut && { out }),
      writes: hasOut ? [[out, bytes]] : [],
    };
    const options = { p: `${draws.p}`, key: draws.key, format, ...partText(part, input, draws, true) };
    return callOf('mask', prepared, options, model, bad, isMisfit(part, input) ? MISFIT : undefined, 'lengthOrShape');
  },
);

export const applied = kind(
  'applyMask',
  3,
  fc.record({
    input: inputs,
    p: probabilities,
    format: formats,
    gradient: fc.option(fc.boolean()),
    bad: bads,
    at: fc.nat(),
  }),
  ({ input, p, format, gradient, bad, at }, model) => {
    const prepared = prepare(input, model.names);
    const bytes = `mask${model.names}`;
    const length = bytesIn(size(input.shape), format);
    prepared.setup.push(`const ${bytes} = ${arrayText(input.layout, 2, length, 'Uint8Array')}`);
    const masked = model.layers.filter(({ type }) => !type.startsWith('Gaussian'));
    const layer = gradient === null ? undefined : masked[at % (masked.length || 1)]?.name;
    const options = layer ? { layer, gradient: `${gradient}`, format } : { p: `${p}`, format };
    return callOf(`((x, options) => applyMask(x, ${bytes}, options))`, prepared, options, model, bad, undefined);
  },
);
