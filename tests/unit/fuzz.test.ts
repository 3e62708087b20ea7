/** Random programs on both backends (tests/fuzz), by fixed seeds; and faults that were planted, which they must find. */
import { describe, expect, it } from 'vitest';
import * as inference from '../../src/inference/index.js';
import * as monteCarlo from '../../src/monte-carlo/index.js';
import { onnxDropout } from '../../src/onnx/index.js';
import { fuzz, programOf, SHARED_BYTES, same } from '../fuzz/fuzz.js';
import { machines } from '../fuzz/machine.js';
import { LABELS } from '../fuzz/steps/index.js';
import { LAYER_TYPES } from '../fuzz/steps/layers.js';
import { type Package, packages } from '../support/backends.js';
import { bytesOf } from '../support/bits.js';
import { layerNames } from '../support/layers.js';

const [[, wasm], [, reference]] = packages as [[string, Package], [string, Package]];
const entries = { inference, ...monteCarlo, onnxDropout, same };
/** `npm run fuzz` runs it too, beside threads. */
const without = ['tfjs'];

/** A package beside the reference, with an ordinary arena where `npm run fuzz` has one on shared memory. */
const besideReference = (pkg: Package) =>
  machines(
    [
      ['wasm-simd', pkg],
      ['reference', reference],
    ],
    [new wasm.Arena({ bytes: SHARED_BYTES }), new reference.Arena({ bytes: SHARED_BYTES })],
    entries,
  );

it('every layer is used', () => {
  expect([...LAYER_TYPES].sort()).toEqual(layerNames(wasm).sort());
});

it.each([1, 2])('random programs run alike on both backends, seed %i', async (seed) => {
  const steps = new Map<string, number>();
  const count = (label: string) => steps.set(label, (steps.get(label) ?? 0) + 1);
  const failure = await fuzz(besideReference(wasm), { seed, runs: 150, without, count });
  expect(failure && `${failure.message}\npath ${failure.path}\n\n${programOf(failure)}`).toBeUndefined();
  // No kind of step is left out by a precondition that never holds.
  expect(LABELS.filter((label) => !without.includes(label) && !steps.get(label))).toEqual([]);
  expect(steps.get('refused')).toBeGreaterThan(100);
});

type Options = { p: number; out?: unknown; offset?: number; noiseShape?: unknown };

/** Faults of `dropout` and of a layer, and the report that each has to lead to. */
const FAULTS: [name: string, pkg: Partial<Record<keyof Package, unknown>>, message: RegExp][] = [
  [
    'flips one bit beyond element 100',
    {
      gaussianNoise: (x: Float32Array, options: Options) => {
        const y = wasm.gaussianNoise(x, options as never);
        if (ArrayBuffer.isView(y) && y.length > 100) bytesOf(y.subarray(100))[0]! ^= 1;
        return y;
      },
    },
    /^element 100 of \d+ is /,
  ],
  [
    'writes one element too far',
    {
      mask: (n: number, options: Options & { out?: Uint8Array }) => {
        const { out } = options;
        const y = wasm.mask(n, options as never);
        if (out) new Uint8Array(out.buffer, out.byteOffset, y.length + 1)[y.length] = 0;
        return y;
      },
    },
    /^wasm-simd writes where it must not: byte \d+ of buffer \d+$/,
  ],
  [
    'forgets the offset',
    {
      gaussianDropout: (x: never, options: Options) =>
        wasm.gaussianDropout(x, (options.offset ? { ...options, offset: 0 } : options) as never),
    },
    /^element \d of \d+ is /,
  ],
  [
    'takes a p above 1 for 1',
    { dropout: (x: never, o: Options) => wasm.dropout(x, { ...o, p: o.p > 1 ? 1 : o.p } as never) },
    /^wasm-simd does not throw a RangeError \/\^p\\b\/$/,
  ],
  [
    'throws an Error without a class',
    {
      dropBlock2d: (x: never, options: Options) => {
        try {
          return wasm.dropBlock2d(x, options as never);
        } catch (error) {
          throw new Error((error as Error).message);
        }
      },
    },
    /^wasm-simd throws Error: .* instead of a (Type|Range)Error/,
  ],
  [
    'writes before it throws',
    {
      alphaDropout: (x: Float32Array, options: Options) => {
        if (ArrayBuffer.isView(x) && x.length > 0) x[0] = 1;
        return wasm.alphaDropout(x, options as never);
      },
    },
    /^wasm-simd writes where it must not|^element 0 of/,
  ],
  [
    'draws a key in evaluation',
    Object.fromEntries(
      LAYER_TYPES.map((type) => [
        type,
        class extends (wasm[type as 'Dropout'] as typeof wasm.Dropout) {
          override forward(x: never, outOrOptions?: never): never {
            const y = super.forward(x, outOrOptions);
            if (!this.training) this.generator.next();
            return y as never;
          }
        },
      ]),
    ),
    /^wasm-simd:\n[\s\S]*\nreference:\n/,
  ],
];

describe('random programs find a package that', () => {
  it.each(FAULTS)('%s', async (_, fault, message) => {
    const failure = await fuzz(besideReference({ ...wasm, ...fault } as Package), { seed: 1, runs: 1000, without });
    expect(failure?.message).toMatch(message);
    // Shrunk to a few lines, of programs that are far longer.
    expect(failure!.program.length).toBeLessThanOrEqual(6);
    // The same case again, by what the report says.
    const { seed, path } = failure!;
    const again = await fuzz(besideReference({ ...wasm, ...fault } as Package), {
      seed,
      runs: 1,
      path: path.split(':')[0]!,
      without,
    });
    expect(again?.message).toMatch(message);
  });
});
