/** Calls of the layers. */
import fc from 'fast-check';
import { probabilities } from '../../support/arbitraries.js';
import { size } from '../../support/arrays.js';
import { UNKNOWN } from '../bad.js';
import { anyShape, badOf, bads, type Input, inputOf, optionsText, prepare, shapesOf } from './arrays.js';
import { formats } from './functions.js';
import { type Draft, kind, type Model, type ModelLayer } from './program.js';

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

export const create = kind(
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
export const onLayer = <T>(
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
export const shapesByLayer = fc.record(
  Object.fromEntries(Object.entries(LAYERS).map(([type, { shapes }]) => [type, inputOf(shapes, fc.constant(false))])),
);

export const forward = onLayer(
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

export const backward = onLayer(
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

export const pullback = onLayer('pullback', 2, fc.constant(0), (_, { name, latest, kind }, model) => {
  if (!latest || !kind) return undefined;
  const own = `pull${model.names}`;
  return {
    setup: [`const ${own} = ${name}.pullback()`],
    call: `typeof ${own}`,
    done: (model) => model.pullbacks.push({ name: own, shape: latest, kind }),
  };
});

export const pulled = kind(
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

export const layerMask = onLayer(
  'layer.mask',
  4,
  fc.record({ format: formats, bad: bads }),
  ({ format, bad }, layer) => {
    if (!layer.latest || layer.type.startsWith('Gaussian')) return undefined;
    const wrong = badOf(bad, ['format']);
    if (wrong === UNKNOWN) return undefined;
    return {
      call: `${layer.name}.mask(${wrong ? wrong[1] : (format ?? '')})`,
      ...(wrong && { refusal: wrong[2] }),
    };
  },
);

export const mode = onLayer('mode', 3, fc.nat(9), (which, { name, type }) => ({
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

export const json = onLayer('JSON', 5, fc.boolean(), (isList, { name, type }, model) => {
  const own = `layer${model.names}`;
  const text = isList
    ? `layersFromJSON(JSON.parse(JSON.stringify(layersToJSON([${name}]))))[0]`
    : `${type.split(' ')[0]}.fromJSON(JSON.parse(JSON.stringify(${name})))`;
  return { call: text, name: own, done: (model) => model.layers.push({ name: own, type }) };
});

/** Properties of a stored layer that JSON from elsewhere may lack or have wrong. */
export const badJSON = onLayer('bad JSON', 2, fc.nat(99), (number, { name, type }, model) => {
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
