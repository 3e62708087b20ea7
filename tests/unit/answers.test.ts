/** The known-answer tests: what they expect is what the reference gives, and a backend that differs is not chosen. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Answer, extrasAnswer, gaussianAnswer, kernelAnswer } from '../../src/backend/answers.js';
import { WasmExtras } from '../../src/backend/wasm/extras.js';
import { WasmGaussian } from '../../src/backend/wasm/gaussian.js';
import { WasmKernel } from '../../src/backend/wasm/kernel.js';
import { extrasModule, gaussianModule, kernelModule } from '../../src/backend/wasm/modules.js';
import { Scratch } from '../../src/backend/wasm/scratch.js';
import { backends, type Package, packages, reference } from '../support/backends.js';
import { expectSameBits } from '../support/expect.js';

const { Instance } = WebAssembly;

type Args = (number | boolean)[];
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

const ANSWERS: [Answer<never>, () => unknown][] = [
  [kernelAnswer, () => new WasmKernel(kernelModule(), new Scratch())],
  [extrasAnswer, () => new WasmExtras(extrasModule(), new Scratch())],
  [gaussianAnswer, () => new WasmGaussian(gaussianModule(), new Scratch())],
];

describe.each(ANSWERS)('the known answer of $name', (answer, create) => {
  it('is that of both backends', () => {
    for (const [, backend] of backends) expect(answer.of(backend as never)).toBe(answer.expected);
    expect(answer.of(create() as never)).toBe(answer.expected);
  });

  /** Every call to an export, in order. */
  function callsOf(): [string, Args][] {
    const calls: [string, Args][] = [];
    changeExports((name, args, call) => {
      calls.push([name, args]);
      call(args);
    });
    answer.of(create() as never);
    return calls;
  }

  /** Whether the answer differs when the call of this number is changed. */
  function notices(number: number, change: (...call: Parameters<Change>) => void): boolean {
    let count = 0;
    changeExports((name, args, call, memory) => {
      if (count++ === number) change(name, args, call, memory);
      else call(args);
    });
    return answer.of(create() as never) !== answer.expected;
  }

  it('notices a call that does nothing, and one of another key, offset, type or number', () => {
    const calls = callsOf();
    // Which arguments matter in each export (src/backend/wasm/exports.ts): n, type and format, key, offset, numbers.
    const positions: Record<string, number[]> = {
      dropout: [0, 4, 5, 6],
      applyMask: [4, 5, 6, 7, 8],
      fused: [0, 8, 9, 10, 11, 14],
      noise: [3, 4, 5, 6, 7, 9],
    };
    const numbers = [9, 10, 11];
    for (const [i, [name, args]] of calls.entries()) {
      expect(notices(i, () => {})).toBe(true);
      const isMask = name === 'dropout' && Number(args[0]) > 1;
      for (const at of [...positions[name]!, ...(name === 'dropout' && !isMask ? numbers : [])]) {
        const changed = [...args];
        changed[at] = typeof args[at] === 'boolean' ? !args[at] : (args[at] as number) + 1;
        expect(
          notices(i, (_name, _args, call) => call(changed)),
          `${name} ${i}, argument ${at}`,
        ).toBe(true);
      }
    }
  });

  /** The address and the bytes of an element of what a call writes. */
  function written(name: string, args: Args): [number, number] {
    if (name === 'dropout') return [args[2] as number, args[0] === 1 ? 8 : args[0] === 0 ? 4 : 1];
    if (name === 'applyMask') return [args[2] as number, args[4] ? 8 : 4];
    if (name === 'fused') return [args[4] as number, args[8] ? 8 : 4];
    return [args[1] as number, args[3] ? 8 : 4];
  }

  it('notices denormals that are flushed, the other byte order, a constant, and one wrong bit', () => {
    const floats = (memory: ArrayBuffer, [at, size]: [number, number]) =>
      size === 8 ? new Float64Array(memory, at, 11) : new Float32Array(memory, at, 75);
    for (const [i, [name, args]] of callsOf().entries()) {
      const target = written(name, args);
      const after =
        (change: (memory: ArrayBuffer) => void) =>
        (_name: string, args: Args, call: (args: Args) => void, memory: ArrayBuffer) => {
          call(args);
          change(memory);
        };
      const [at, size] = target;
      expect(
        notices(
          i,
          after((memory) => new Uint8Array(memory, at, 8 * size).fill(1)),
        ),
      ).toBe(true);
      expect(
        notices(
          i,
          after((memory) => {
            new Uint8Array(memory, at, size * (size === 4 ? 64 : 8)).reverse();
          }),
        ),
      ).toBe(true);
      for (const byte of [0, 5, 8 * size]) {
        const flip = after((memory) => {
          new Uint8Array(memory)[at + byte]! ^= 1;
        });
        expect(notices(i, flip), `${name} ${i}, byte ${byte}`).toBe(true);
      }
      // Normal noise hides a denormal x that is added to it, but not one that is multiplied.
      if (size === 1 || (name === 'noise' && args[4])) continue;
      const smallest = size === 8 ? 2.2250738585072014e-308 : 1.1754943508222875e-38;
      const flush = after((memory) => {
        const values = floats(memory, target);
        for (let j = 0; j < values.length; j++) if (Math.abs(values[j]!) < smallest) values[j]! *= 0;
      });
      expect(notices(i, flush), `${name} ${i}`).toBe(true);
    }
  });

  it('notices f64 alone, and denormals that are flushed before they are read', () => {
    for (const [i, [name, args]] of callsOf().entries()) {
      if (name === 'dropout' && Number(args[0]) > 1) continue;
      const source = name === 'dropout' ? args[1] : args[0];
      const at = (
        name === 'fused' || name === 'applyMask' || name === 'noise' ? args[name === 'fused' ? 1 : 0] : source
      ) as number;
      const size = written(name, args)[1];
      const smallest = size === 8 ? 2.2250738585072014e-308 : 1.1754943508222875e-38;
      if (name === 'noise' && args[4]) continue;
      const flushed = notices(i, (_name, args, call, memory) => {
        const x = size === 8 ? new Float64Array(memory, at, 11) : new Float32Array(memory, at, 75);
        for (let j = 0; j < x.length; j++) if (Math.abs(x[j]!) < smallest) x[j]! *= 0;
        call(args);
      });
      expect(flushed || name === 'fused', `${name} ${i}`).toBe(true);
    }
  });
});

describe('a backend of wrong bits', () => {
  const key = 5n;
  const x = Float32Array.from({ length: 5000 }, (_, i) => Math.sin(i));

  /** A fresh copy of the package in which the exports of these names are changed. */
  async function loadChanged(names: string[]): Promise<Package> {
    vi.resetModules();
    changeExports((name, args, call, memory) => {
      call(args);
      if (names.includes(name)) new Uint8Array(memory)[1040]! ^= 1;
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
    ['kernel', ['dropout'], 'reference'],
    ['extras', ['applyMask'], 'wasm-simd'],
    ['extras', ['fused'], 'wasm-simd'],
    ['gaussian', ['noise'], 'wasm-simd'],
  ])('is not chosen: %s, %j; the reason says what differs', async (module, names, name) => {
    const pkg = await loadChanged(names);
    for (const [i, result] of resultsOf(pkg).entries()) expectSameBits(result, expected[i]!);
    const info = pkg.backend();
    expect(info.name).toBe(name);
    expect(info.reason).toMatch(
      new RegExp(`^Error: ${module}\\.wasm fails its known-answer test here: -?\\d+ is not -?\\d+$`),
    );
  });

  it('the reference gives the reference’s bits', () => {
    expect(reference.mask).toBeTypeOf('function');
    expect(packages[1]![1].backend().reason).toMatch(/forbidden by the test/);
  });
});
