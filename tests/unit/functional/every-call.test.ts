/** What all stateless calls have in common: p at its limits, offsets, a longer `out`, and arguments that overlap. */
import { describe, expect, it } from 'vitest';
import type { Kernel } from '../../../src/backend/interface.js';
import { word } from '../../../src/backend/reference/stream.js';
import { fromBigInt } from '../../../src/core/u64.js';
import { ramp, tensor } from '../../support/arrays.js';
import { backends, type Package, packages } from '../../support/backends.js';
import { expectSameBits, refuses } from '../../support/expect.js';
import { layersOf } from '../../support/layers.js';

const key = 0xbdd732262feb6e95n;
type Floats = Float32Array | Float64Array;
/** A call on 40 elements with these options. */
type Call = (pkg: Package, x: Floats, options: object) => unknown;

const image = (data: unknown) => ({ data, shape: [1, 5, 8] }) as never;

const CALLS: [string, Call][] = [
  ['dropout', (pkg, x, o) => pkg.dropout(x, { p: 0.5, key, ...o } as never)],
  ['alphaDropout', (pkg, x, o) => pkg.alphaDropout(x, { p: 0.5, key, ...o } as never)],
  ['alphaDropoutBackward', (pkg, x, o) => pkg.alphaDropoutBackward(x, { p: 0.5, key, ...o } as never)],
  ['gaussianDropout', (pkg, x, o) => pkg.gaussianDropout(x, { p: 0.5, key, ...o } as never)],
  [
    'gaussianNoise',
    (pkg, x, { p = 0.5, ...o }: { p?: number }) => pkg.gaussianNoise(x, { stddev: p, key, ...o } as never),
  ],
  [
    'biasDropoutResidual',
    (pkg, x, o) => pkg.biasDropoutResidual(x, { bias: x.slice(0, 8), p: 0.5, key, ...o } as never),
  ],
  [
    'biasDropoutResidualBackward',
    (pkg, x, { out, ...o }: { out?: unknown }) =>
      pkg.biasDropoutResidualBackward(x, {
        p: 0.5,
        key,
        features: 8,
        ...(out !== undefined && { out: { dx: out } }),
        ...o,
      } as never).dx,
  ],
  [
    'dropBlock2d',
    (pkg, x, { out, ...o }: { out?: unknown }) =>
      (
        pkg.dropBlock2d(image(x), {
          p: 0.5,
          key,
          blockSize: 2,
          ...(out !== undefined && { out: image((out as Floats).subarray(0, 40)) }),
          ...o,
        } as never) as { data: Floats }
      ).data,
  ],
  [
    'applyMask',
    (pkg, x, { p = 0.5, key: _, ...o }: { p?: number; key?: unknown }) =>
      pkg.applyMask(x, new Uint8Array(40).fill(1, 3, 30), { p, ...o } as never),
  ],
  [
    'applyMask of bits',
    (pkg, x, { p = 0.5, key: _, ...o }: { p?: number; key?: unknown }) =>
      pkg.applyMask(x, new Uint8Array(5).fill(0b10110), { p, format: 'bits', ...o } as never),
  ],
  [
    'applyMask of a layer',
    (pkg, x, { p = 0.5, key: _, ...o }: { p?: number; key?: unknown }) =>
      pkg.applyMask(x, new Uint8Array(40).fill(1, 3, 30), { layer: new pkg.AlphaDropout(p), ...o } as never),
  ],
];

describe.each(packages)('on %s', (_, pkg) => {
  it('every call is tested', () => {
    const tested = new Set(CALLS.map(([name]) => name.split(' ')[0]));
    const calls = Object.keys(pkg).filter((name) => /^(apply|alpha|bias|drop|gaussian)/.test(name));
    expect(tested).toEqual(new Set(calls));
  });

  describe.each(CALLS)('%s', (name, call) => {
    const inputs: Floats[] = [ramp(40), Float64Array.from(ramp(40))];

    it.each([0, 0.5, 1])('writes only as many elements of a longer out as x has, p = %d', (p) => {
      for (const x of inputs)
        for (const inArena of [false, true]) {
          const expected = call(pkg, x, { p }) as Floats;
          expect(expected).toHaveLength(40);
          const arena = new pkg.Arena({ bytes: 1024 });
          const out = inArena
            ? arena[x instanceof Float32Array ? 'float32' : 'float64'](47)
            : new (x.constructor as Float32ArrayConstructor)(47);
          out.fill(7);
          call(pkg, x, { p, out });
          expectSameBits(out, [...expected, 7, 7, 7, 7, 7, 7, 7]);
        }
    });

    if (!name.startsWith('applyMask')) {
      it('checks its offset, also where no key is drawn, and takes 2^53', () => {
        for (const p of [0, 0.5, 1])
          for (const [offset, type] of [
            [-1, RangeError],
            [0.5, RangeError],
            [Number.NaN, RangeError],
            [2 ** 53 + 2, RangeError],
            ['1', TypeError],
            [1n, TypeError],
            [null, TypeError],
          ] as const)
            refuses(() => call(pkg, inputs[0]!, { p, offset }), type, /^offset has to be a whole number/);
        expect(call(pkg, inputs[0]!, { offset: 2 ** 53 })).toHaveLength(40);
      });

      it('needs a key unless p is 0 or 1, and checks it always', () => {
        refuses(() => call(pkg, inputs[0]!, { key: undefined }), TypeError, /^key has to be/);
        if (name !== 'gaussianNoise') call(pkg, inputs[0]!, { key: undefined, p: 1 });
        call(pkg, inputs[0]!, { key: undefined, p: 0 });
        for (const p of [0, 0.5, 1])
          for (const bad of [1, '42', -1n, 2n ** 64n, null])
            refuses(() => call(pkg, inputs[0]!, { key: bad, p }), Error, /^key has to be/);
      });

      it('takes a key as hex digits', () => {
        for (const [digits, word] of [
          ['0xbdd732262feb6e95', key],
          ['0XBDD732262FEB6E95', key],
          ['0x0', 0n],
          ['0xffffffffffffffff', 2n ** 64n - 1n],
        ] as const)
          expect(call(pkg, inputs[0]!, { key: digits })).toEqual(call(pkg, inputs[0]!, { key: word }));
      });
    }
  });

  it('every layer writes only as many elements of a longer out as x has, at any p', () => {
    for (const [name, shape, create] of layersOf(pkg).filter(([name]) =>
      /^(Dropout|AlphaDropout|Gaussian\w+)$/.test(name),
    ))
      for (const p of [0, 0.5, 1]) {
        const { data: x } = tensor(shape);
        const layer = create(pkg, p, { seed: 1 });
        for (const training of [true, false]) {
          const out = new Float32Array(x.length + 3).fill(7);
          layer.forward(x, { training, out });
          expect([...out.subarray(x.length)], `${name}, p = ${p}`).toEqual([7, 7, 7]);
          out.fill(7);
          layer.backward(x, out);
          expect([...out.subarray(x.length)], `${name}, p = ${p}`).toEqual([7, 7, 7]);
        }
      }
  });

  it('p in units of 2^-32 is rounded to the nearest, halves up', () => {
    const [, kernel] = backends[1]! as [string, Kernel];
    const words = fromBigInt(key);
    let told = 0;
    for (let block = 0; told < 3; block++) {
      const offset = 4096 * block;
      const maskOf = (P: number) => {
        const kept = new Uint8Array(4096);
        kernel.mask(kept, 4096, false, { key: words, offset, P });
        return kept;
      };
      // From P to P + 1 the threshold of this block changes.
      const P = 2 ** 31 + 65535 - (word(words, block, 16).hi >>> 16);
      const [below, above] = [maskOf(P), maskOf(P + 1)];
      // One block in 16 has an element that the change drops.
      if (below.every((v, i) => v === above[i])) continue;
      told++;
      for (const [fraction, expected] of [
        [0, below],
        [0.25, below],
        [0.499, below],
        [0.5, above],
        [0.501, above],
        [1, above],
      ] as const)
        expectSameBits(pkg.mask(4096, { p: (P + fraction) / 2 ** 32, key, offset }), expected);
    }
    // Less than half a unit drops nothing, and half a unit less than 1 everything.
    expectSameBits(pkg.mask(4096, { p: 2 ** -34, key }), new Uint8Array(4096).fill(1));
    expectSameBits(pkg.mask(4096, { p: 1 - 2 ** -33, key }), new Uint8Array(4096));
  });

  describe('overlaps', () => {
    const { applyMask, biasDropoutResidual, biasDropoutResidualBackward } = pkg;
    const given = { p: 0.5, key };
    /** 100 floats, and views of them. */
    const memory = () => {
      const all = ramp(100);
      return { all, view: (from: number, n: number) => all.subarray(from, from + n) };
    };

    it('biasDropoutResidual: out and the bias anywhere, out and residual in part', () => {
      for (const from of [0, 3, 33, 39]) {
        const { all, view } = memory();
        refuses(
          () => biasDropoutResidual(ramp(40), { ...given, bias: view(from, 8), out: view(0, 40) }),
          RangeError,
          'out overlaps bias',
        );
        if (from)
          refuses(
            () =>
              biasDropoutResidual(ramp(40), { ...given, bias: ramp(8), residual: view(from, 40), out: view(0, 40) }),
            RangeError,
            'out overlaps residual in part',
          );
        expectSameBits(all, ramp(100));
      }
      const { view } = memory();
      biasDropoutResidual(ramp(40), { ...given, bias: view(40, 8), residual: view(48, 40), out: view(0, 40) });
    });

    it('biasDropoutResidualBackward: dbias over dy or over dx, and dx over dy in part', () => {
      const call = (dy: Float32Array, out: object) => () =>
        biasDropoutResidualBackward(dy, { ...given, features: 8, out });
      for (const from of [0, 3, 33, 39]) {
        const { all, view } = memory();
        const dbias = view(from, 8);
        refuses(call(view(0, 40), { dbias }), RangeError, 'out.dbias overlaps another argument');
        refuses(call(view(0, 40), { dx: ramp(40), dbias }), RangeError, 'out.dbias overlaps another argument');
        refuses(call(ramp(40), { dx: view(0, 40), dbias }), RangeError, 'out.dbias overlaps another argument');
        if (from) refuses(call(view(0, 40), { dx: view(from, 40) }), RangeError, /^out(\.dx)? overlaps dy in part/);
        expectSameBits(all, ramp(100));
      }
      const { view } = memory();
      const expected = biasDropoutResidualBackward(ramp(40), { ...given, features: 8 });
      expect(call(view(0, 40), { dx: view(0, 40), dbias: view(40, 8) })()).toEqual(expected);
    });

    it('applyMask: out and the mask, up to its last byte', () => {
      for (const format of ['bytes', 'bits'] as const) {
        const bytes = new Uint8Array(400).fill(1);
        const out = new Float32Array(bytes.buffer, 40, 40);
        const n = format === 'bits' ? 5 : 40;
        for (const at of [40, 40 - n + 1, 199])
          refuses(
            () => applyMask(ramp(40), bytes.subarray(at, at + n), { p: 0.5, format, out }),
            RangeError,
            'out overlaps mask',
          );
        for (const at of [40 - n, 200]) applyMask(ramp(40), bytes.subarray(at, at + n), { p: 0.5, format, out });
      }
    });
  });

  it('applyMask checks gradient, p and layer, whether they are used or not', () => {
    const x = ramp(4);
    const flags = new Uint8Array(4).fill(1);
    const layer = new pkg.AlphaDropout(0.5);
    for (const gradient of [1, 'yes', null, 0]) {
      refuses(() => pkg.applyMask(x, flags, { p: 0.5, gradient: gradient as never }), TypeError, /^gradient has to be/);
      refuses(() => pkg.applyMask(x, flags, { layer, gradient: gradient as never }), TypeError, /^gradient has to be/);
    }
    refuses(() => pkg.applyMask(x, flags, { layer, p: 0.5 } as never), TypeError, /^p has to be left out/);
    refuses(() => pkg.applyMask(x, flags, {} as never), TypeError, /^p has to be a number/);
    for (const other of [null, 1, {}, new pkg.GaussianDropout(0.5), pkg.Dropout])
      refuses(() => pkg.applyMask(x, flags, { layer: other as never }), TypeError, /^layer has to be/);
  });

  it('a mask of bytes keeps where a byte is not 0, however large it is, for DropBlock2d too', () => {
    const x = new Float32Array(8).fill(1);
    const [ones, mixed] = [Uint8Array.of(1, 0, 1, 1, 0, 1, 0, 0), Uint8Array.of(255, 0, 2, 128, 0, 3, 0, 0)];
    for (const options of [{ p: 0.5 }, { layer: new pkg.DropBlock2d(0.5) }, { layer: new pkg.AlphaDropout(0.5) }])
      expectSameBits(pkg.applyMask(x, mixed, options), pkg.applyMask(x, ones, options));
    expect([...pkg.applyMask(x, mixed, { layer: new pkg.DropBlock2d(0.5) })]).toEqual([2, 0, 2, 2, 0, 2, 0, 0]);
    const bits = { layer: new pkg.DropBlock2d(0.5), format: 'bits' as const };
    expect([...pkg.applyMask(x, Uint8Array.of(0b101101), bits)]).toEqual([2, 0, 2, 2, 0, 2, 0, 0]);
    // Bits beyond x are not counted.
    expect([...pkg.applyMask(x.subarray(0, 4), Uint8Array.of(0b11110101), bits)]).toEqual([2, 0, 2, 0]);
  });

  it('rows of no features fit an empty x only', () => {
    const none = new Float32Array(0);
    const given = { p: 0.5, key };
    expect(pkg.biasDropoutResidual(none, { ...given, bias: none })).toHaveLength(0);
    expect(pkg.biasDropoutResidual(none, { ...given, bias: ramp(4) })).toHaveLength(0);
    refuses(() => pkg.biasDropoutResidual(ramp(4), { ...given, bias: none }), RangeError, /^bias\.length has to be/);
    expect(pkg.biasDropoutResidualBackward(none, { ...given, features: 0 }).dbias).toHaveLength(0);
    expect([...pkg.biasDropoutResidualBackward(none, { ...given, features: 2 }).dbias]).toEqual([0, 0]);
    refuses(
      () => pkg.biasDropoutResidualBackward(ramp(4), { ...given, features: 0 }),
      RangeError,
      /^features has to be a divisor of 4/,
    );
    refuses(
      () => pkg.biasDropoutResidualBackward(ramp(4), { ...given, features: 8 }),
      RangeError,
      /^features has to be a divisor of 4/,
    );
    const data = ramp(6);
    refuses(
      () => pkg.biasDropoutResidual({ data, shape: [2, 3] }, { ...given, bias: ramp(2) }),
      RangeError,
      /^bias\.length has to be 3, the last axis/,
    );
  });
});
