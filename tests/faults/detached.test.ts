/** Buffers that are transferred, shrunk or grown between two calls, and within one: nothing is read or written by guess. */
import { Dropout } from 'dropout-wasm';
import { fromBytes, monteCarlo } from 'dropout-wasm/monte-carlo';
import { describe, expect, it } from 'vitest';
import { ramp, size, tensor } from '../support/arrays.js';
import { packages } from '../support/backends.js';
import { expectSameBits, refuses, rejects } from '../support/expect.js';
import { layersOf } from '../support/layers.js';

const options = { p: 0.5, key: 5n };

/** Detaches the buffer of an array, as postMessage with a transfer list does. */
const detach = ({ buffer }: ArrayBufferView): void => {
  structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
};

// Node 20 has resizable buffers; the ES2023 types do not.
const Resizable = ArrayBuffer as unknown as new (
  n: number,
  options: { maxByteLength: number },
) => ArrayBuffer & { resize(n: number): void };

describe.each(packages)('between forward and backward on %s', (_, pkg) => {
  describe.each(layersOf(pkg))('%s', (_, shape, create) => {
    const n = size(shape);
    const dy = () => tensor(shape, (i) => i % 7);
    const start = () => {
      const layer = create(pkg, 0.5, { seed: 1 });
      const x = tensor(shape);
      return { layer, x, y: layer.forward(x) };
    };
    const expected = start().layer.backward(dy()).data;
    const next = (() => {
      const { layer } = start();
      return layer.forward(tensor(shape)).data;
    })();

    it('x and y may be transferred: no layer holds them', () => {
      const { layer, x, y } = start();
      const pullback = layer.pullback();
      detach(x.data);
      detach(y.data);
      for (const backward of [layer.backward.bind(layer), pullback]) expectSameBits(backward(dy()).data, expected);
      expectSameBits(layer.forward(tensor(shape)).data, next);
    });

    it('a dy or out that was transferred is an error, and the next call is right', () => {
      const { layer } = start();
      const [gone, out] = [dy(), dy()];
      detach(gone.data);
      detach(out.data);
      refuses(() => layer.backward(gone), TypeError, 'dy is detached');
      refuses(() => layer.backward(dy(), out), TypeError, 'out is detached');
      refuses(() => layer.pullback()(gone), TypeError, 'dy is detached');
      refuses(() => layer.forward(gone), TypeError, 'x is detached');
      refuses(() => layer.forward(dy(), out), TypeError, 'out is detached');
      expectSameBits(layer.backward(dy()).data, expected);
      expectSameBits(layer.forward(tensor(shape)).data, next);
    });

    it('a dy whose buffer shrinks is an error, and grown again it serves', () => {
      const { layer } = start();
      for (const tracking of [true, false]) {
        const buffer = new Resizable(4 * n, { maxByteLength: 4 * n });
        const data = tracking ? new Float32Array(buffer) : new Float32Array(buffer, 0, n);
        data.set(dy().data);
        const out = { data: new Float32Array(n).fill(9), shape: [...shape] };
        buffer.resize(4 * (n - 1));
        const message = tracking ? /^dy\.shape has to be of / : /^dy is detached or out of bounds/;
        refuses(() => layer.backward({ data, shape }, out), tracking ? RangeError : TypeError, message);
        expect(out.data.every((value) => value === 9)).toBe(true);
        buffer.resize(4 * n);
        data.set(dy().data);
        expectSameBits(layer.backward({ data, shape }, out).data, expected);
      }
    });

    it('arrays of a memory that grows are errors, and those taken after it serve', () => {
      const memory = new WebAssembly.Memory({ initial: 4, maximum: 9 });
      const arena = new pkg.Arena({ memory, byteOffset: 0, byteLength: 4 * 65536 });
      const inArena = (x: Float32Array) => {
        const data = arena.float32(n);
        data.set(x);
        return { data, shape };
      };
      const layer = create(pkg, 0.5, { seed: 1 });
      const y = layer.forward(inArena(tensor(shape).data));
      expect(y.data.buffer).toBe(memory.buffer);
      const before = inArena(dy().data);
      memory.grow(1);
      const { bytesFree } = arena;
      refuses(() => layer.backward(before), TypeError, 'dy is detached');
      refuses(() => layer.forward(y), TypeError, 'x is detached');
      refuses(() => layer.backward(dy(), y), TypeError, 'out is detached');
      expect(arena.bytesFree).toBe(bytesFree);
      const dx = layer.backward(inArena(dy().data));
      expect(dx.data.buffer).toBe(memory.buffer);
      expectSameBits(dx.data, expected);
    });
  });
});

describe.each(packages)('within a call on %s', (_, pkg) => {
  const N = 4 * 5000;
  const bias = () => new Float32Array(5000).fill(1);

  /** Calls whose arguments have getters, each with the arrays that a getter may detach. */
  const CALLS: [name: string, call: (given: object, arrays: Record<string, Float32Array | Uint8Array>) => unknown][] = [
    ['dropout', (given, { x }) => pkg.dropout(x as Float32Array, given as never)],
    ['alphaDropout', (given, { x }) => pkg.alphaDropout(x as Float32Array, given as never)],
    ['gaussianDropout', (given, { x }) => pkg.gaussianDropout(x as Float32Array, given as never)],
    ['biasDropoutResidual', (given, { x }) => pkg.biasDropoutResidual(x as Float32Array, given as never)],
    ['applyMask', (given, { x, mask }) => pkg.applyMask(x as Float32Array, mask as Uint8Array, given as never)],
  ];
  const OPTIONS: Record<string, (arrays: Record<string, Float32Array | Uint8Array>) => object> = {
    dropout: ({ out }) => ({ ...options, offset: 0, out }),
    alphaDropout: ({ out }) => ({ ...options, offset: 0, out }),
    gaussianDropout: ({ out }) => ({ ...options, offset: 0, out }),
    biasDropoutResidual: ({ bias, residual, out }) => ({ ...options, offset: 0, bias, residual, out }),
    applyMask: ({ out }) => ({ p: 0.5, format: 'bytes', out }),
  };

  it.each(CALLS)('%s: an option whose getter detaches an array', (name, call) => {
    const arrays = () => ({
      x: ramp(N),
      out: new Float32Array(N),
      bias: bias(),
      residual: ramp(N),
      mask: new Uint8Array(N).fill(1),
    });
    const expected = call(OPTIONS[name]!(arrays()), arrays()) as Float32Array;
    for (const option of Object.keys(OPTIONS[name]!(arrays())))
      for (const victim of ['x', 'out', 'bias', 'residual', 'mask'] as const) {
        const fresh = arrays();
        const given = OPTIONS[name]!(fresh);
        const value = Reflect.get(given, option);
        Object.defineProperty(given, option, {
          enumerable: true,
          get() {
            if (fresh[victim].length) detach(fresh[victim]);
            return value;
          },
        });
        // An array that the call does not use may go.
        const isUsed =
          victim === 'x' ||
          Object.values(OPTIONS[name]!(fresh)).includes(fresh[victim]) ||
          (name === 'applyMask' && victim === 'mask');
        if (isUsed) refuses(() => call(given, fresh), TypeError, / is detached or out of bounds$/);
        else expectSameBits(call(given, fresh) as Float32Array, expected);
      }
    expectSameBits(call(OPTIONS[name]!(arrays()), arrays()) as Float32Array, expected);
  });

  it('a shape whose getter detaches the data', () => {
    const layer = new pkg.Dropout(0.5, { seed: 1 });
    const shape = [4, 5000];
    for (const getter of ['x', 'out'])
      for (const make of [
        (x: object, out: object) => layer.forward(x as never, out as never),
        (x: object, out: object) => pkg.dropout(x as never, { ...options, out } as never),
        (x: object, out: object) => pkg.dropout(x as never, { p: 0, key: 5n, out } as never),
        (x: object, out: object) => pkg.dropout(x as never, { p: 1, key: 5n, out } as never),
        (x: object, out: object) => pkg.gaussianNoise(x as never, { stddev: 1, key: 5n, out } as never),
        (x: object, out: object) => layer.eval().forward(x as never, out as never),
      ]) {
        const data: Record<string, Float32Array> = { x: ramp(N), out: new Float32Array(N) };
        const tensorOf = (name: string) => ({
          data: data[name]!,
          get shape() {
            if (name === getter && data[name]!.length) detach(data[name]!);
            return shape;
          },
        });
        let error: unknown;
        try {
          make(tensorOf('x'), tensorOf('out'));
        } catch (thrown) {
          error = thrown;
        }
        layer.train();
        expect(String(error), `${getter} in ${make}`).toMatch(
          /^(TypeError: (x|out) is detached or out of bounds|RangeError: (x|out)\.(shape|length) has to be )/,
        );
      }
    expect(layer.generator.position).toBe(0);
    expectSameBits(layer.forward(ramp(N)), new pkg.Dropout(0.5, { seed: 1 }).forward(ramp(N)));
  });
});

describe('Monte-Carlo', () => {
  const layers = () => [new Dropout(0.5, { seed: 1 })] as const;

  it('refuses a sample that was transferred, and gives the layers back', async () => {
    const [layer] = layers();
    const predict = () => layer.forward(ramp(4));
    const gone = () => {
      const y = predict();
      detach(y);
      return y;
    };
    const run = (predict: () => Float32Array) => monteCarlo(predict, { samples: 10, layers: [layer] });
    await rejects(run(gone), TypeError, 'sample 0 is detached or out of bounds');
    expect(await run(predict)).toEqual(await run(predict));
  });

  it('keeps copies: samples that are transferred later do not matter', async () => {
    const [layer] = layers();
    const runs = [false, true].map((transfer) => {
      let latest: Float32Array | undefined;
      const predict = () => {
        if (transfer && latest) detach(latest);
        latest = layer.forward(ramp(4));
        return latest;
      };
      return () => monteCarlo(predict, { samples: 10, layers: [layer], keep: true });
    });
    expect(await runs[1]!()).toEqual(await runs[0]!());
  });

  it('refuses bytes that were transferred', async () => {
    const [layer] = layers();
    const result = await monteCarlo(() => layer.forward(ramp(4)), { samples: 10, layers: [layer] });
    const bytes = result.toBytes();
    detach(bytes);
    refuses(() => fromBytes(bytes), TypeError, 'bytes is detached or out of bounds');
    expect(fromBytes(result.toBytes()).mean).toEqual(result.mean);
  });
});
