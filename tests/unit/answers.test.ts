/** The known-answer tests: both backends pass them, and a backend of wrong bits does not and is not chosen. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { areExtrasRight, isFusedRight, isGaussianRight, isKernelRight } from '../../src/backend/answers.js';
import { WasmExtras } from '../../src/backend/wasm/extras.js';
import { WasmFused } from '../../src/backend/wasm/fused.js';
import { WasmGaussian } from '../../src/backend/wasm/gaussian.js';
import { WasmKernel } from '../../src/backend/wasm/kernel.js';
import { extrasModule, fusedModule, gaussianModule, kernelModule } from '../../src/backend/wasm/modules.js';
import { Scratch } from '../../src/backend/wasm/scratch.js';
import { backends, type Package, packages } from '../support/backends.js';
import { expectSameBits } from '../support/expect.js';

const { Instance } = WebAssembly;

type Args = number[];
/** Stands for an export of a module: `call` runs the real one. */
type Change = (name: string, args: Args, call: (args: Args) => void, memory: ArrayBuffer) => void;

/** Has every instance call its exports through `change`. */
function changeExports(change: Change): void {
  WebAssembly.Instance = class {
    declare exports: object;
    constructor(module: WebAssembly.Module, imports: { env: { memory: WebAssembly.Memory } }) {
      const exports = Object.entries(new Instance(module, imports).exports) as [string, (...args: Args) => void][];
      this.exports = Object.fromEntries(
        exports.map(([name, real]) => [
          name,
          (...args: Args) => change(name, args, (args) => real(...args), imports.env.memory.buffer),
        ]),
      );
    }
  } as never;
}

afterEach(() => {
  WebAssembly.Instance = Instance;
});

const PARTS: [string, (part: never) => boolean, () => unknown][] = [
  ['kernel', isKernelRight as never, () => new WasmKernel(kernelModule(), new Scratch())],
  ['extras', areExtrasRight as never, () => new WasmExtras(extrasModule(), new Scratch())],
  ['fused', isFusedRight as never, () => new WasmFused(fusedModule(), new Scratch())],
  ['gaussian', isGaussianRight as never, () => new WasmGaussian(gaussianModule(), new Scratch())],
];

const SMALLEST = { 4: 2 ** -126, 8: 2 ** -1022 };

/** What a call writes: its address, its number of elements and their size. Masks are bytes. */
function written(name: string, args: Args): { at: number; n: number; size: 1 | 4 | 8 } {
  const [at, n, isF64] = (
    { dropout: [2, 3], affine: [2, 3], applyMask: [2, 3, 4], fused: [4, 5, 8], noise: [1, 2, 3] } as Record<
      string,
      number[]
    >
  )[name]!.map((i) => args[i] as number) as [number, number, unknown];
  if (name !== 'dropout' && name !== 'affine') return { at, n, size: isF64 ? 8 : 4 };
  return { at, n: args[0] === 3 ? Math.ceil(n / 8) : n, size: args[0] === 0 ? 4 : args[0] === 1 ? 8 : 1 };
}

const floatsOf = (memory: ArrayBuffer, at: number, n: number, size: number): Float32Array | Float64Array =>
  size === 8 ? new Float64Array(memory, at, n) : new Float32Array(memory, at, n);

function flush(x: Float32Array | Float64Array): void {
  for (let i = 0; i < x.length; i++) if (Math.abs(x[i]!) < SMALLEST[x.BYTES_PER_ELEMENT as 4 | 8]) x[i]! *= 0;
}

describe.each(PARTS)('the known-answer test of %s', (module, isRight, create) => {
  it('passes on both backends', () => {
    for (const [, backend] of backends) expect(isRight(backend as never)).toBe(true);
    expect(isRight(create() as never)).toBe(true);
  });

  /** Whether the test fails when every call that `concerns` holds for is changed. */
  function notices(change: Change, concerns: (name: string, args: Args) => boolean = () => true): boolean {
    changeExports((name, args, call, memory) => (concerns(name, args) ? change(name, args, call, memory) : call(args)));
    return !isRight(create() as never);
  }

  /** The kinds of calls: an export, on f32, f64, bytes or bits, in each mode of `fused`, additive or not. */
  const kindOf = (name: string, args: Args) => {
    const mode = name === 'fused' ? args[0] : name === 'noise' ? args[4] : name === 'dropout' ? args[0] : args[5];
    return `${name} of ${written(name, args).size} bytes, ${mode}`;
  };

  const kinds = (): Set<string> => {
    const found = new Set<string>();
    changeExports((name, args, call) => {
      found.add(kindOf(name, args));
      call(args);
    });
    isRight(create() as never);
    return found;
  };

  it('calls every export in f32 and in f64', () => {
    const names = WebAssembly.Module.exports(
      { kernel: kernelModule, extras: extrasModule, fused: fusedModule, gaussian: gaussianModule }[module]!(),
    );
    for (const { name } of names)
      for (const size of [4, 8])
        expect([...kinds()].some((kind) => kind.startsWith(`${name} of ${size} bytes`))).toBe(true);
    expect(kinds().size).toBeGreaterThanOrEqual(3);
  });

  it('notices a wrong argument, in any one kind of call', () => {
    // The positions of the mode, type, format, key, offset and numbers (src/backend/wasm/exports.ts).
    const positions: Record<string, number[]> = {
      dropout: [4, 5, 6, 9],
      affine: [4, 5, 6, 9, 10, 11],
      applyMask: [4, 5, 6, 7, 8],
      fused: [8, 9, 10, 11, 14],
      noise: [3, 4, 5, 6, 7, 9],
    };
    const flags: Record<string, number[]> = { applyMask: [4, 5], fused: [8], noise: [3, 4] };
    for (const kind of kinds()) {
      const concerns = (name: string, args: Args) => kindOf(name, args) === kind;
      expect(
        notices(() => {}, concerns),
        kind,
      ).toBe(true);
      const [name] = kind.split(' ') as [string];
      const isMask = kind.startsWith('dropout of 1');
      for (const at of positions[name]!.filter((at) => !(isMask && at > 6)))
        expect(
          notices((_, args, call) => {
            const changed = [...args];
            changed[at] = flags[name]?.includes(at) ? 1 - args[at]! : args[at]! + 1;
            call(changed);
          }, concerns),
          `${kind}, argument ${at}`,
        ).toBe(true);
    }
  });

  it('notices wrong results, in any one kind of call', () => {
    for (const kind of kinds()) {
      const concerns = (name: string, args: Args) => kindOf(name, args) === kind;
      const change = (edit: (bytes: Uint8Array, size: number) => void) =>
        notices((name, args, call, memory) => {
          call(args);
          const { at, n, size } = written(name, args);
          edit(new Uint8Array(memory, at, n * size), size);
        }, concerns);
      expect(
        change((bytes) => bytes.fill(0)),
        kind,
      ).toBe(true);
      expect(
        change((bytes) => bytes.fill(63)),
        kind,
      ).toBe(true);
      // The other byte order.
      expect(
        change((bytes, size) => {
          for (let i = 0; i < bytes.length; i += size) bytes.subarray(i, i + size).reverse();
        }) || kind.startsWith('dropout of 1'),
        kind,
      ).toBe(true);
      // One bit of the first, of a middle and of the last element.
      for (const element of [0, 0.5, 1])
        expect(
          change((bytes, size) => {
            const at = Math.floor((bytes.length / size - 1) * element) * size;
            bytes[at]! ^= 1;
          }),
          `${kind}, at ${element}`,
        ).toBe(true);
    }
  });

  if (module === 'fused')
    it('notices wrong sums, of f32 alone and of f64 alone', () => {
      for (const isF64 of [false, true])
        expect(
          notices(
            (_, args, call, memory) => {
              call(args);
              new Uint8Array(memory)[(args[2] as number) + 8]! ^= 1;
            },
            (name, args) => name === 'fused' && args[0] === 2 && Boolean(args[8]) === isF64,
          ),
        ).toBe(true);
    });

  it('notices denormals that are flushed, of f32 alone and of f64 alone', () => {
    // No fused or additive call: the sums are of whole numbers, and the noise is larger.
    const multiplies = (name: string, args: Args) =>
      name === 'dropout'
        ? Number(args[0]) < 2
        : name === 'affine'
          ? false
          : name === 'applyMask' || (name === 'fused' ? args[0] === 2 : !args[4]);
    for (const size of [4, 8]) {
      const concerns = (name: string, args: Args) => multiplies(name, args) && written(name, args).size === size;
      const flushed = (before: boolean) =>
        notices((name, args, call, memory) => {
          const { at, n } = written(name, args);
          // Every call of the test is in place.
          if (before) flush(floatsOf(memory, at, n, size));
          call(args);
          if (!before) flush(floatsOf(memory, at, n, size));
        }, concerns);
      expect([flushed(true), flushed(false)]).toEqual([true, true]);
    }
  });
});

describe('a backend of wrong bits', () => {
  const key = 5n;
  const x = Float32Array.from({ length: 5000 }, (_, i) => Math.sin(i));

  /** A fresh copy of the package in which an export has one wrong bit in what it writes. */
  async function loadChanged(changed: string): Promise<Package> {
    vi.resetModules();
    changeExports((name, args, call, memory) => {
      call(args);
      if (name === changed) new Uint8Array(memory)[written(name, args).at]! ^= 1;
    });
    return import('../../src/index.js');
  }

  const resultsOf = ({ applyMask, biasDropoutResidual, dropout, gaussianNoise }: Package) => [
    dropout(x, { p: 0.5, key }),
    biasDropoutResidual(x, { bias: x.slice(0, 50), p: 0.5, key }),
    applyMask(x, new Uint8Array(5000).fill(1), { p: 0.5 }),
    gaussianNoise(x, { stddev: 1, key }),
  ];
  const expected = resultsOf(packages[1]![1]);

  it.each([
    ['dropout', 'reference'],
    ['applyMask', 'wasm-simd'],
    ['fused', 'wasm-simd'],
    ['noise', 'wasm-simd'],
  ])('is not chosen, and backend() gives the reason: %s', async (changed, name) => {
    const pkg = await loadChanged(changed);
    for (const [i, result] of resultsOf(pkg).entries()) expectSameBits(result, expected[i]!);
    const info = pkg.backend();
    expect([info.name, info.reason]).toEqual([name, 'Error: the module gives wrong bits here']);
  });
});
