/** The steps of random programs: calls, layers, generators, arenas and the other entries. */
import fc from 'fast-check';
import { deviations, lengths, offsets, probabilities } from '../support/arbitraries.js';
import { size } from '../support/arrays.js';
import { type Bad, badValues, UNKNOWN } from './bad.js';
import type { Pair, Step } from './machine.js';
import { type Kind, PLACES, type Place } from './memory.js';

/** What a program has made so far. */
export interface Model {
  /** The number of names. */
  names: number;
  layers: ModelLayer[];
  generators: string[];
  pullbacks: { name: string; shape: readonly number[]; kind: Kind }[];
}

interface ModelLayer {
  name: string;
  type: string;
  /** The shape of its latest forward. */
  latest?: readonly number[];
  kind?: Kind;
}

/** A step that a model allows, and what it changes in the model if its call does not throw. */
interface Draft extends Step {
  done?: (model: Model) => void;
}

type Real = { pair: Pair };

/** A step whose text depends on the model. */
class Command implements fc.AsyncCommand<Model, Real> {
  private text = '';

  constructor(
    private readonly label: string,
    private readonly draft: (model: Readonly<Model>) => Draft | undefined,
    private readonly count: (label: string) => void,
  ) {}

  check(model: Readonly<Model>): boolean {
    return this.draft(model) !== undefined;
  }

  async run(model: Model, { pair }: Real): Promise<void> {
    const draft = this.draft(model)!;
    this.text = draft.call;
    this.count(this.label);
    if (draft.refusal) this.count('refused');
    if (await pair.run(draft)) draft.done?.(model);
    model.names++;
  }

  toString(): string {
    return this.text || this.label;
  }
}

// Arrays

const KINDS: Kind[] = ['Float32Array', 'Float64Array'];
if ('Float16Array' in globalThis) KINDS.push('Float16Array');

/** The arrays that a step takes, at most. */
const ARRAYS = 4;

/** What the arrays of a step have in common, and where each lies. */
interface Layout {
  kind: Kind;
  places: Place[];
  skews: number[];
  from: number;
}

const places = fc.constantFrom(...PLACES);
const layouts: fc.Arbitrary<Layout> = fc.record({
  kind: fc.constantFrom(...KINDS),
  places: fc.oneof(
    places.map((place) => new Array<Place>(ARRAYS).fill(place)),
    fc.array(places, { minLength: ARRAYS, maxLength: ARRAYS }),
  ),
  skews: fc.array(fc.nat(7), { minLength: ARRAYS, maxLength: ARRAYS }),
  from: fc.nat(99),
});

/** The expression of array number i of a step. */
const arrayText = ({ kind, places, skews, from }: Layout, i: number, n: number, own: string = kind): string =>
  `array('${places[i]}', '${own}', ${n}, ${skews[i]}, ${from && from + i})`;

const MAX_ELEMENTS = 20_000;

const sizes = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 9 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, 1, 31, 32, 33, 64, 70, 100, 1100) },
);

/** Shapes of this rank, cut to a size that takes little time. */
const shapesOf = (rank: number): fc.Arbitrary<number[]> =>
  fc.array(sizes, { minLength: rank, maxLength: rank }).map((shape) => {
    let n = 1;
    return shape.map((size) => {
      if (n * size > MAX_ELEMENTS) return 1;
      n *= size;
      return size;
    });
  });

const anyShape: fc.Arbitrary<number[]> = fc.oneof(
  { weight: 3, arbitrary: lengths.map((n) => [n]) },
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 6 }).chain(shapesOf) },
);

/** Large enough for several threads. */
const largeShape = fc.constantFrom<number[][]>([140_000], [131_072], [300, 1000], [2, 3, 70_000], [65_536, 3]);

/** The shape, whether x is a tensor, and how the result is given. */
interface Input {
  shape: number[];
  isTensor: boolean;
  layout: Layout;
  out: 'none' | 'in place' | 'new' | 'longer' | 'overlap' | 'other kind' | 'other form' | 'short';
}

const inputOf = (shape: fc.Arbitrary<number[]>, isTensor: fc.Arbitrary<boolean>): fc.Arbitrary<Input> =>
  fc
    .record({
      shape,
      isTensor,
      layout: layouts,
      out: fc.oneof(
        { weight: 3, arbitrary: fc.constant<Input['out']>('none') },
        { weight: 3, arbitrary: fc.constant<Input['out']>('in place') },
        { weight: 3, arbitrary: fc.constant<Input['out']>('new') },
        {
          weight: 1,
          arbitrary: fc.constantFrom<Input['out']>('longer', 'overlap', 'other kind', 'other form', 'short'),
        },
      ),
    })
    .map((input) => ({ ...input, isTensor: input.isTensor || input.shape.length !== 1 }));

const inputs = inputOf(anyShape, fc.boolean());

/** x and out of a step as text. */
interface Prepared {
  setup: string[];
  x: string;
  out?: string;
  writes: Step['writes'] & object;
  refusal?: Step['refusal'];
}

const wrap = (input: Input, array: string): string =>
  input.isTensor ? `{ data: ${array}, shape: ${JSON.stringify(input.shape)} }` : array;

/** Writes the statements that make x and out. `like` is the name that messages have for x. */
function prepare(input: Input, id: number, like = 'x'): Prepared {
  const { shape, layout, isTensor } = input;
  const n = size(shape);
  const [x, out] = [`x${id}`, `out${id}`];
  const setup = [`const ${x} = ${arrayText(layout, 0, n)}`];
  const wrapped = wrap(input, x);
  const make = (text: string) => setup.push(`const ${out} = ${text}`);
  const refused = (type: 'TypeError' | 'RangeError', message: RegExp, given = wrap(input, out)): Prepared => ({
    setup,
    x: wrapped,
    out: given,
    writes: [],
    refusal: { type, message },
  });
  switch (input.out) {
    case 'none':
      return { setup, x: wrapped, writes: [] };
    case 'in place':
      return { setup, x: wrapped, out: wrapped, writes: [[x, n]] };
    case 'new':
      make(arrayText(layout, 1, n));
      return { setup, x: wrapped, out: wrap(input, out), writes: [[out, n]] };
    case 'longer':
      make(arrayText(layout, 1, n + (isTensor ? 0 : 5)));
      return { setup, x: wrapped, out: wrap(input, out), writes: [[out, n]] };
    case 'overlap':
      if (n < 2) return { setup, x: wrapped, writes: [] };
      setup[0] = `const both${id} = ${arrayText(layout, 0, n + 1)}`;
      setup.push(`const ${x} = both${id}.subarray(0, ${n})`);
      make(`both${id}.subarray(1)`);
      return refused('RangeError', new RegExp(`^out overlaps ${like} in part`));
    case 'other kind':
      make(arrayText(layout, 1, n, layout.kind === 'Float64Array' ? 'Float32Array' : 'Float64Array'));
      return refused('TypeError', /^out has to be/);
    case 'other form':
      make(arrayText(layout, 1, n));
      return refused('TypeError', /^out has to be/, wrap({ ...input, shape: [n], isTensor: !isTensor }, out));
    default:
      if (n === 0 || isTensor) return { setup, x: wrapped, writes: [] };
      make(arrayText(layout, 1, n - 1));
      return refused('RangeError', /^out\.length has to be at least/);
  }
}

/** Options as text: `{ p: 0.5, key: 3n }`. Those that are undefined are left out. */
const optionsText = (options: Record<string, string | undefined>): string =>
  `{ ${Object.entries(options)
    .flatMap(([name, value]) => (value === undefined ? [] : `${name}: ${value}`))
    .join(', ')} }`;

/** In one of eight steps, the number of a bad value. */
const bads = fc.oneof({ weight: 7, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat(999) });

/** The bad value that a step has, among those of these arguments and an unknown option. */
function badOf(number: number | null, names: readonly string[]): Bad | undefined {
  if (number === null) return undefined;
  const all = [...badValues(names), UNKNOWN];
  return all[number % all.length];
}

// Functions

const keys = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((key) => `${key}n`),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((key) => `'0x${key.toString(16)}'`),
);

interface Draws {
  p: number;
  key: string;
  offset: number;
}

const draws: fc.Arbitrary<Draws> = fc.record({ p: probabilities, key: keys, offset: offsets });

/** Which draws the elements take: consecutive ones, or those of a noise shape or a slice. */
const parts = fc.record({
  noise: fc.constantFrom('none', 'none', 'shared', 'misfit'),
  shared: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
  isSlice: fc.boolean(),
  before: fc.array(fc.nat(9), { minLength: 6, maxLength: 6 }),
  after: fc.array(fc.nat(9), { minLength: 6, maxLength: 6 }),
});

type Part = typeof parts extends fc.Arbitrary<infer T> ? T : never;

/** offset or slice, and noiseShape. */
function partText(part: Part, { shape }: Input, { offset }: Draws, hasNoiseShape: boolean) {
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

const MISFIT: Step['refusal'] = { type: 'RangeError', message: /^noiseShape has to be one that can be broadcast/ };

const isMisfit = (part: Part, { shape }: Input): boolean => part.noise === 'misfit' && shape.length > 0;

type Make<T> = (value: T, model: Readonly<Model>) => Draft | undefined;

/** A kind of step: its label, how often it is drawn, what it is drawn from, and its text. */
type Kinds = [label: string, weight: number, arbitrary: fc.Arbitrary<Drafted>];
type Drafted = (model: Readonly<Model>) => Draft | undefined;

const kind = <T>(label: string, weight: number, arbitrary: fc.Arbitrary<T>, make: Make<T>): Kinds => [
  label,
  weight,
  arbitrary.map(
    (value): Drafted =>
      (model) =>
        make(value, model),
  ),
];

/** Puts a call together; one argument may be bad. */
function callOf(
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

const drops = ['dropout', 'alphaDropout', 'alphaDropoutBackward'].map((name) =>
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

const noise = ['gaussianDropout', 'gaussianNoise'].map((name) =>
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

const fused = kind(
  'biasDropoutResidual',
  2,
  fc.record({ input: rows, draws, residual: fc.constantFrom('none', 'new', 'out', 'x'), bad: bads }),
  ({ input, draws: { p, key, offset }, residual, bad }, model) => {
    const prepared = prepare(input, model.names);
    const n = size(input.shape);
    const [bias, other] = [`bias${model.names}`, `residual${model.names}`];
    prepared.setup.push(`const ${bias} = ${arrayText(input.layout, 2, input.shape[1]!)}`);
    if (residual === 'new') prepared.setup.push(`const ${other} = ${arrayText(input.layout, 3, n)}`);
    const added = residual === 'new' ? wrap(input, other) : residual === 'x' ? prepared.x : prepared.out;
    const isLegal = residual !== 'none' && (residual !== 'out' || !prepared.refusal);
    const options = { bias, residual: isLegal ? added : undefined, p: `${p}`, key, offset: `${offset}` };
    return callOf('biasDropoutResidual', prepared, options, model, bad, undefined);
  },
);

const fusedBackward = kind(
  'biasDropoutResidualBackward',
  2,
  fc.record({ input: rows, draws, hasSums: fc.boolean(), bad: bads }),
  ({ input, draws: { p, key, offset }, hasSums, bad }, model) => {
    // Ordinary numbers: most sums of the others are NaN.
    const finite = { ...input, layout: { ...input.layout, from: 0 } };
    const { out: dx, refusal, ...prepared } = prepare(finite, model.names, 'dy');
    const features = input.shape[1]!;
    const sums = `sums${model.names}`;
    if (hasSums) {
      prepared.setup.push(`const ${sums} = ${arrayText(finite.layout, 2, features)}`);
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
    const named = refusal && {
      ...refusal,
      message: new RegExp(refusal.message.source.replace(/^\^out\b/, '^out(\\.dx)?')),
    };
    return callOf('biasDropoutResidualBackward', prepared, options, model, bad, named, 'dy');
  },
);

const dropBlock = kind(
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

const formats = fc.constantFrom("'bytes'", "'bits'", undefined);
const bytesIn = (n: number, format: string | undefined) => (format === "'bits'" ? Math.ceil(n / 8) : n);

const masks = kind(
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

const applied = kind(
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

// Layers

/** The shapes that each layer takes, its own options, and whether x may be a plain array. */
const LAYERS: Record<string, { shapes: fc.Arbitrary<number[]>; own?: Record<string, string[]>; plain?: true }> = {
  Dropout: { shapes: anyShape, plain: true },
  'Dropout with noiseShape': {
    shapes: fc.integer({ min: 2, max: 5 }).chain(shapesOf),
    own: { noiseShape: ['[null, 1]', '[1]', '[1, null]', '[1, 1]', 'null'] },
  },
  Dropout1d: { shapes: fc.integer({ min: 2, max: 3 }).chain(shapesOf), own: { channels: ["'first'", "'last'"] } },
  Dropout2d: { shapes: fc.integer({ min: 3, max: 4 }).chain(shapesOf), own: { channels: ["'first'", "'last'"] } },
  Dropout3d: { shapes: fc.integer({ min: 4, max: 5 }).chain(shapesOf), own: { channels: ["'first'", "'last'"] } },
  AlphaDropout: { shapes: anyShape, plain: true },
  FeatureAlphaDropout: {
    shapes: fc.integer({ min: 2, max: 5 }).chain(shapesOf),
    own: { channels: ["'first'", "'last'"] },
  },
  GaussianDropout: { shapes: anyShape, plain: true },
  GaussianNoise: { shapes: anyShape, plain: true },
  DropPath: { shapes: fc.integer({ min: 1, max: 5 }).chain(shapesOf), own: { scaleByKeep: ['true', 'false'] } },
  DropBlock2d: {
    shapes: fc.integer({ min: 3, max: 4 }).chain(shapesOf),
    own: { blockSize: ['1', '2', '3', '7'], channels: ["'first'", "'last'"] },
  },
  LockedDropout: { shapes: shapesOf(3), own: { batchFirst: ['true', 'false'] } },
};

/** The layers that programs use; a test compares them with those of the package. */
export const LAYER_TYPES = [...new Set(Object.keys(LAYERS).map((type) => type.split(' ')[0]!))];

const create = kind(
  'new layer',
  8,
  fc.record({
    type: fc.constantFrom(...Object.keys(LAYERS)),
    p: fc.oneof(probabilities, fc.constant(0.5)),
    own: fc.nat(),
    flags: fc.record({ inplace: fc.constantFrom('true', undefined), always: fc.constantFrom('true', undefined) }),
    seed: fc.option(fc.nat()),
    at: fc.nat(),
    bad: bads,
  }),
  ({ type, p, own, flags, seed, at, bad }, model) => {
    const given: Record<string, string | undefined> = { ...flags };
    for (const [name, values] of Object.entries(LAYERS[type]!.own ?? {})) given[name] = values[own % values.length];
    const generator = model.generators[at % (model.generators.length || 1)];
    if (seed !== null && seed % 2) given.seed = `${seed}`;
    else if (seed !== null && generator) given.generator = generator;
    const className = type.split(' ')[0]!;
    const parameter = className === 'GaussianNoise' ? 'stddev' : 'p';
    // Not undefined, which stands for the default of p.
    const names = [parameter, ...Object.keys(given).filter((name) => given[name] !== undefined)];
    const wrong = badOf(bad, names);
    // A layer may have these: undefined stands for the default of p, null for no noise shape, and x may have 8 axes.
    if (wrong && (wrong[1] === 'undefined' || /^(null|\[1, 1, .*)$/.test(wrong[0] === 'noiseShape' ? wrong[1] : '')))
      return undefined;
    let amount = `${p}`;
    if (wrong?.[0] === parameter) amount = wrong[1];
    else if (wrong) given[wrong[0]] = wrong[1];
    const name = `layer${model.names}`;
    return {
      call: `new ${className}(${amount}, ${optionsText(given)})`,
      ...(wrong ? { refusal: wrong[2] } : { name }),
      done: (model) => model.layers.push({ name, type }),
    };
  },
);

/** Draws a step of a layer that the program has. */
const onLayer = <T>(
  label: string,
  weight: number,
  arbitrary: fc.Arbitrary<T>,
  make: (value: T, layer: ModelLayer, model: Readonly<Model>) => Draft | undefined,
) =>
  kind(label, weight, fc.tuple(arbitrary, fc.nat()), ([value, at], model) => {
    const layer = model.layers[at % (model.layers.length || 1)];
    return layer && make(value, layer, model);
  });

const withLayer = (model: Model, name: string): ModelLayer => model.layers.find((layer) => layer.name === name)!;

/** A shape for each layer: the one of its class is used. */
const shapesByLayer = fc.record(
  Object.fromEntries(Object.entries(LAYERS).map(([type, { shapes }]) => [type, inputOf(shapes, fc.constant(false))])),
);

const forward = onLayer(
  'forward',
  14,
  fc.record({
    all: shapesByLayer,
    isTensor: fc.boolean(),
    training: fc.constantFrom('true', 'false', undefined, undefined),
    repeats: fc.boolean(),
    bad: bads,
  }),
  ({ all, isTensor, training, repeats, bad }, { name, type, latest }, model) => {
    const drawn = all[type]!;
    const shape = repeats && latest ? [...latest] : drawn.shape;
    const input = { ...drawn, shape, isTensor: shape.length !== 1 || isTensor || !LAYERS[type]!.plain };
    const prepared = prepare(input, model.names);
    const wrong = prepared.refusal ? undefined : badOf(bad, ['x', ...(training ? ['training'] : [])]);
    const x = wrong?.[0] === 'x' ? wrong[1] : prepared.x;
    const options: Record<string, string | undefined> = { training, out: prepared.out };
    if (wrong && wrong[0] !== 'x') options[wrong[0]] = wrong[1];
    const isPlainOut = prepared.out !== undefined && training === undefined && !wrong;
    const second = isPlainOut
      ? `, ${prepared.out}`
      : Object.values(options).some(Boolean) || wrong
        ? `, ${optionsText(options)}`
        : '';
    const refusal = wrong?.[2] ?? prepared.refusal;
    const n = size(shape);
    return {
      setup: prepared.setup,
      call: `${name}.forward(${x}${second})`,
      // A layer may work in place by its own option.
      writes: refusal ? [] : prepared.out ? prepared.writes : [[`x${model.names}`, n]],
      ...(refusal ? { refusal } : { name: `y${model.names}` }),
      done: (model) => Object.assign(withLayer(model, name), { latest: shape, kind: input.layout.kind }),
    };
  },
);

/** dy for a forward of this shape. */
const gradientInput = (input: Input, shape: readonly number[]): Input => ({
  ...input,
  shape: [...shape],
  isTensor: shape.length !== 1,
});

const backward = onLayer(
  'backward',
  6,
  fc.record({ input: inputOf(fc.constant([1]), fc.constant(false)), bad: bads }),
  ({ input, bad }, { name, latest }, model) => {
    if (!latest)
      return {
        call: `(() => { try { ${name}.backward(new Float32Array(4)); } catch (error) { return error.message; } })()`,
        is: 'backward needs a forward first',
      };
    const prepared = prepare(gradientInput(input, latest), model.names, 'dy');
    const wrong = prepared.refusal ? undefined : badOf(bad, ['dy']);
    if (wrong === UNKNOWN) return undefined;
    const refusal = wrong?.[2] ?? prepared.refusal;
    return {
      setup: prepared.setup,
      call: `${name}.backward(${wrong ? wrong[1] : prepared.x}${prepared.out ? `, ${prepared.out}` : ''})`,
      writes: refusal ? [] : prepared.writes,
      ...(refusal ? { refusal } : { name: `y${model.names}` }),
    };
  },
);

const pullback = onLayer('pullback', 2, fc.constant(0), (_, { name, latest, kind }, model) => {
  if (!latest || !kind) return undefined;
  const own = `pull${model.names}`;
  return {
    setup: [`const ${own} = ${name}.pullback()`],
    call: `typeof ${own}`,
    done: (model) => model.pullbacks.push({ name: own, shape: latest, kind }),
  };
});

const pulled = kind(
  'pullback()',
  2,
  fc.record({ input: inputOf(fc.constant([1]), fc.constant(false)), at: fc.nat() }),
  ({ input, at }, model) => {
    const found = model.pullbacks[at % (model.pullbacks.length || 1)];
    if (!found) return undefined;
    const prepared = prepare(gradientInput(input, found.shape), model.names, 'dy');
    return {
      setup: prepared.setup,
      call: `${found.name}(${prepared.x}${prepared.out ? `, ${prepared.out}` : ''})`,
      writes: prepared.writes,
      ...(prepared.refusal ? { refusal: prepared.refusal } : { name: `y${model.names}` }),
    };
  },
);

const layerMask = onLayer('layer.mask', 4, fc.record({ format: formats, bad: bads }), ({ format, bad }, layer) => {
  if (!layer.latest || layer.type.startsWith('Gaussian')) return undefined;
  const wrong = badOf(bad, ['format']);
  if (wrong === UNKNOWN) return undefined;
  return {
    call: `${layer.name}.mask(${wrong ? wrong[1] : (format ?? '')})`,
    ...(wrong && { refusal: wrong[2] }),
  };
});

const mode = onLayer('mode', 3, fc.nat(9), (which, { name, type }) => ({
  call: [
    `String(${name}.train())`,
    `String(${name}.eval())`,
    `String(${name}.train(false))`,
    `setTraining([${name}], true)`,
    `${name}.inplace = true`,
    `${name}.inplace = false`,
    `${name}.always = !${name}.always`,
    type === 'GaussianNoise' ? `${name}.stddev = 0.5` : `${name}.p = 0.25`,
    type === 'LockedDropout' ? `${name}.reset()` : `String(${name})`,
    `JSON.stringify(${name})`,
  ][which]!,
}));

const json = onLayer('JSON', 5, fc.boolean(), (isList, { name, type }, model) => {
  const own = `layer${model.names}`;
  const text = isList
    ? `layersFromJSON(JSON.parse(JSON.stringify(layersToJSON([${name}]))))[0]`
    : `${type.split(' ')[0]}.fromJSON(JSON.parse(JSON.stringify(${name})))`;
  return { call: text, name: own, done: (model) => model.layers.push({ name: own, type }) };
});

/** Properties of a stored layer that JSON from elsewhere may lack or have wrong. */
const badJSON = onLayer('bad JSON', 2, fc.nat(99), (number, { name, type }, model) => {
  const className = type.split(' ')[0]!;
  const parameter = className === 'GaussianNoise' ? 'stddev' : 'p';
  const wrong = badOf(number, [parameter, 'inplace', 'always', 'training'])!;
  const stored = `stored${model.names}`;
  const isMissing = wrong[1] === 'undefined';
  return {
    setup: [`const ${stored} = { ...JSON.parse(JSON.stringify(${name})), ${wrong[0]}: ${wrong[1]} }`],
    call: `${className}.fromJSON(${stored})`,
    refusal: isMissing ? { type: 'TypeError', message: new RegExp(`^${parameter} has to be`) } : wrong[2],
  };
});

// Generators and arenas

const generators = kind(
  'Generator',
  4,
  fc.record({
    which: fc.nat(8),
    seed: fc.oneof(fc.nat(), fc.constant(2 ** 53)),
    position: fc.oneof(fc.nat(5), fc.constant(2 ** 53 - 2)),
    label: fc.oneof(fc.string(), fc.constantFrom('#0', 'π', '😀', '\ud800', '\0')),
    at: fc.nat(),
    bad: bads,
  }),
  ({ which, seed, position, label, at, bad }, model) => {
    const found = model.generators[at % (model.generators.length || 1)];
    const name = `generator${model.names}`;
    const made = (call: string): Draft => ({ call, name, done: (model) => model.generators.push(name) });
    if (!found || which === 0) {
      const wrong = badOf(bad, ['seed', 'position']);
      if (!wrong || wrong === UNKNOWN) return made(`new Generator(${seed}, ${position})`);
      const [given, at] = wrong[0] === 'seed' ? [wrong[1], position] : [seed, wrong[1]];
      return { call: `new Generator(${given}, ${at})`, refusal: wrong[2] };
    }
    switch (which) {
      case 1:
        return made(`${found}.fork(${JSON.stringify(label)})`);
      case 2:
        return made(`${found}.spawn()`);
      case 3:
        return made(`Generator.fromJSON(JSON.parse(JSON.stringify(${found})))`);
      case 4:
        return { call: `${found}.keyAt(${position})` };
      case 5:
        return { call: `manualSeed(${seed}).position` };
      default:
        // A seed has 2^53 keys.
        return { call: `${found}.position < 2 ** 53 ? ${found}.next() : 0` };
    }
  },
);

const arenas = kind(
  'Arena',
  2,
  fc.record({ which: fc.nat(4), n: fc.nat(3000), bad: fc.nat(99) }),
  ({ which, n, bad }) => {
    const [name, value, refusal] = badValues(which % 2 ? ['bytes'] : ['n'])[bad % 8]!;
    switch (which) {
      case 0:
        return { call: `arena.float32(${value})`, refusal };
      case 1:
        return { call: `new Arena({ ${name}: ${value} })`, refusal };
      case 2:
        return { call: `arena.float64(${n}).length` };
      case 3:
        return { call: 'arena.reset()' };
      default:
        return { call: 'other.reset()' };
    }
  },
);

// Relations between calls

const pieces = kind(
  'pieces',
  2,
  fc.record({ n: lengths, cut: fc.nat(9000), draws, layout: layouts }),
  ({ n, cut, draws: { p, key, offset }, layout }, model) => {
    const x = `x${model.names}`;
    const at = cut % (n + 1);
    const from = offset % 2 ** 52;
    return {
      setup: [`const ${x} = ${arrayText({ ...layout, places: ['plain'], skews: [0] }, 0, n)}`],
      call: `same(dropout(${x}, { p: ${p}, key: ${key}, offset: ${from} }).subarray(${at}), dropout(${x}.subarray(${at}), { p: ${p}, key: ${key}, offset: ${from + at} }))`,
      is: true,
    };
  },
);

const maskOfDropout = kind(
  'mask of dropout',
  2,
  fc.record({ input: inputs, draws, part: parts }),
  ({ input, draws, part }) => {
    const n = size(input.shape);
    const options = optionsText({
      p: `${draws.p}`,
      key: draws.key,
      ...partText({ ...part, noise: part.noise === 'none' ? 'none' : 'shared' }, input, draws, true),
    });
    const shape = JSON.stringify(input.shape);
    return {
      call: `same(mask(${shape}, ${options}), dropout({ data: new Float32Array(${n}).fill(1), shape: ${shape} }, ${options}).data.map(Math.sign))`,
      is: true,
    };
  },
);

// Other entries

const sampled = onLayer(
  'monteCarlo',
  2,
  fc.record({
    all: shapesByLayer,
    from: fc.nat(9),
    first: fc.integer({ min: 1, max: 9 }),
    more: fc.nat(9),
    seed: fc.option(fc.nat()),
  }),
  ({ all, from, first, more, seed }, { name, type }, model) => {
    const input = all[type]!;
    const x = `x${model.names}`;
    const n = size(input.shape);
    if (n === 0 || n > 1000 || input.layout.kind === 'Float16Array') return undefined;
    const run = (from: number, samples: number) =>
      `monteCarlo(() => ${name}.forward({ data: ${x}, shape: ${JSON.stringify(input.shape)} }, { out: { data: new ${input.layout.kind}(${n}), shape: ${JSON.stringify(input.shape)} } }), ${optionsText({ samples: `${samples}`, from: `${from}`, layers: `[${name}]`, seed: seed === null ? undefined : `${seed}` })})`;
    const whole = run(from, first + more);
    const split = more
      ? `merge(await ${run(from + first, more)}, await ${run(from, first)})`
      : `fromBytes((await ${whole}).toBytes())`;
    return {
      setup: [`const ${x} = ${arrayText({ ...input.layout, from: 0 }, 0, n)}`],
      call: `(async () => same((await ${whole}).toBytes(), (${split}).toBytes()))()`,
      is: true,
      writes: [],
    };
  },
);

const inferred = onLayer('inference', 2, fc.boolean(), (isList, { name, type }, model) => {
  const x = `x${model.names}`;
  const stored = `JSON.parse(JSON.stringify(${name}.toJSON()))`;
  const restored = isList
    ? `inference.layersFromJSON({ layers: [${stored}] })[0]`
    : `inference.${type.split(' ')[0]}.fromJSON(${stored})`;
  return {
    setup: [`const ${x} = { data: array('plain', 'Float32Array', 16), shape: [2, 2, 2, 2] }`],
    // It refuses a layer that is active in evaluation too.
    call: `(() => { if (${name}.always) return true; return ${restored}.forward(${x}, { training: false }) === ${x}; })()`,
    is: true,
  };
});

const onnx = kind(
  'onnxDropout',
  1,
  fc.record({ input: inputs, ratio: fc.nat(999), seed: fc.nat(), training: fc.boolean() }),
  ({ input, ratio, seed, training }, model) => {
    const { setup, x } = prepare({ ...input, out: 'none' }, model.names);
    return { setup, call: `onnxDropout(${x}, ${ratio / 1000}, ${training}, { seed: ${seed} }).output` };
  },
);

/** Calls of the other entries, with a bad value in the place of `_`. */
const ENTRY_CALLS: Record<string, string> = {
  samples: 'monteCarlo(() => 0, { samples: _, seed: 1 })',
  from: 'monteCarlo(() => 0, { samples: 1, from: _, seed: 1 })',
  seed: 'monteCarlo(() => 0, { samples: 1, seed: _ })',
  layers: 'monteCarlo(() => 0, { samples: 1, layers: _ })',
  ratio: 'onnxDropout(new Float32Array(2), _)',
  trainingMode: 'onnxDropout(new Float32Array(2), 0.5, _)',
  opset: 'onnxDropout(new Float32Array(2), 0.5, false, { opset: _ })',
  p: 'new inference.Dropout(_)',
  training: 'new inference.Dropout(0.5).forward(new Float32Array(2), { training: _ })',
};

const badEntry = kind('bad value of an entry', 2, fc.nat(), (number) => {
  const values = badValues(Object.keys(ENTRY_CALLS));
  const [name, value, refusal] = values[number % values.length]!;
  // Undefined stands for the default.
  return name === 'p' && value === 'undefined' ? undefined : { call: ENTRY_CALLS[name]!.replace('_', value), refusal };
});

const tfjs = kind(
  'tfjs',
  1,
  fc.record({ shape: anyShape, draws, backward: fc.boolean() }),
  ({ shape, draws: { p, key, offset } }) => {
    const n = size(shape);
    const options = optionsText({ p: `${p}`, key, offset: `${offset}` });
    const data = `array('plain', 'Float32Array', ${n}, 0, 1)`;
    return n === 0
      ? undefined
      : {
          call: `same(ofTensors(({ tensor }) => tfDropout(tensor(${data}, ${JSON.stringify(shape)}), ${optionsText({ p: `${p}`, key, offset: `${offset}` })})), dropout(${data}, ${options}))`,
          is: true,
        };
  },
);

const large = kind(
  'large',
  1,
  fc.record({ input: inputOf(largeShape, fc.boolean()), draws, part: parts, which: fc.nat(3) }),
  ({ input, draws, part, which }, model) => {
    const layout: Layout = { ...input.layout, kind: 'Float32Array', places: ['shared', 'shared', 'shared', 'shared'] };
    const prepared = prepare({ ...input, layout }, model.names);
    const name = ['dropout', 'alphaDropout', 'gaussianDropout', 'dropout'][which]!;
    const hasNoiseShape = name !== 'gaussianDropout';
    const options = { p: `${draws.p}`, key: draws.key, ...partText(part, input, draws, hasNoiseShape) };
    return callOf(name, prepared, options, model, null, hasNoiseShape && isMisfit(part, input) ? MISFIT : undefined);
  },
);

const STEPS: Kinds[] = [
  ...drops,
  ...noise,
  fused,
  fusedBackward,
  dropBlock,
  masks,
  applied,
  create,
  forward,
  backward,
  pullback,
  pulled,
  layerMask,
  mode,
  json,
  badJSON,
  generators,
  arenas,
  pieces,
  maskOfDropout,
  sampled,
  inferred,
  onnx,
  badEntry,
  tfjs,
  large,
];

/** The labels of all kinds of steps. */
export const LABELS = STEPS.map(([label]) => label);

/**
 * Programs of up to `maxSteps` steps.
 *
 * @param without labels of steps that the caller cannot run
 * @param count called for each step with its label, and with "refused" if it has to throw
 */
export const programs = (
  maxSteps: number,
  without: readonly string[] = [],
  count: (label: string) => void = () => undefined,
): fc.Arbitrary<Iterable<fc.AsyncCommand<Model, Real>>> =>
  fc.commands(
    STEPS.filter(([label]) => !without.includes(label)).flatMap(([label, weight, arbitrary]) => {
      const commands = arbitrary.map((draft) => new Command(label, draft, count));
      return new Array(weight).fill(commands);
    }),
    { maxCommands: maxSteps, size: 'max' },
  );

export const newModel = (): Model => ({ names: 0, layers: [], generators: [], pullbacks: [] });
