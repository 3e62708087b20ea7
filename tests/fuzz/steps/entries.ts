/** Calls of the other entries. */
import fc from 'fast-check';
import { size } from '../../support/arrays.js';
import { badValues } from '../bad.js';
import { anyShape, arrayText, inputOf, inputs, type Layout, largeShape, optionsText, prepare, wrap } from './arrays.js';
import { callOf, draws, isMisfit, MISFIT, parts, partText } from './functions.js';
import { onLayer, shapesByLayer } from './layers.js';
import { kind } from './program.js';

export const sampled = onLayer(
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
    const tensor = (data: string) => wrap({ ...input, isTensor: true }, data);
    const run = (from: number, samples: number) => {
      const options = optionsText({
        samples: `${samples}`,
        from: `${from}`,
        layers: `[${name}]`,
        seed: seed === null ? undefined : `${seed}`,
      });
      const out = tensor(`new ${input.layout.kind}(${n})`);
      return `monteCarlo(() => ${name}.forward(${tensor(x)}, { out: ${out} }), ${options})`;
    };
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

export const inferred = onLayer('inference', 2, fc.boolean(), (isList, { name, type }, model) => {
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

export const onnx = kind(
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

export const badEntry = kind('bad value of an entry', 2, fc.nat(), (number) => {
  const values = badValues(Object.keys(ENTRY_CALLS));
  const [name, value, refusal] = values[number % values.length]!;
  // Undefined stands for the default.
  return name === 'p' && value === 'undefined' ? undefined : { call: ENTRY_CALLS[name]!.replace('_', value), refusal };
});

export const tfjs = kind(
  'tfjs',
  1,
  fc.record({ shape: anyShape, draws, backward: fc.boolean() }),
  ({ shape, draws: { p, key, offset } }) => {
    const n = size(shape);
    if (n === 0) return undefined;
    const options = optionsText({ p: `${p}`, key, offset: `${offset}` });
    const data = `array('plain', 'Float32Array', ${n}, 0, 1)`;
    const dropped = `ofTensors(({ tensor }) => tfDropout(tensor(${data}, ${JSON.stringify(shape)}), ${options}))`;
    return { call: `same(${dropped}, dropout(${data}, ${options}))`, is: true };
  },
);

export const large = kind(
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
