/** Runs: the streams and states of layers, when a run ends, and errors. */
import { inspect } from 'node:util';
import * as pkg from 'dropout-wasm';
import { Dropout, Generator, type Layer, LockedDropout, manualSeed } from 'dropout-wasm';
import { type MonteCarloOptions, monteCarlo, type Predict } from 'dropout-wasm/monte-carlo';
import { describe, expect, it } from 'vitest';
import { size } from '../../support/arrays.js';
import { rejects } from '../../support/expect.js';
import { layersOf } from '../../support/layers.js';

const x = () => new Float32Array(40).fill(1);

const draws: Predict = ({ generator }) => Float64Array.of(Number(generator.next() >> 11n));

describe('layers', () => {
  it('draw in sample i from fork `sample i` of their own stream', async () => {
    const layer = new Dropout(0.5, { seed: 7 }).eval();
    const { kept } = await monteCarlo(() => layer.forward(x()), { samples: 3, from: 5, layers: [layer], keep: true });
    for (let i = 0; i < 3; i++) {
      const other = new Dropout(0.5, { seed: new Generator(7).fork(`sample ${5 + i}`).seed });
      expect([...kept![i]!]).toEqual([...other.forward(x())]);
    }
  });

  it('draw from child k of the seed or generator of the run', async () => {
    const layers = [new Dropout(0.5, { seed: 7 }), new Dropout(0.5)];
    const generator = new Generator(9, 4);
    const predict = () => Float32Array.of(...layers.flatMap((layer) => [...layer.forward(x())]));
    const run = (options: object) => monteCarlo(predict, { samples: 2, layers, keep: true, ...options });
    const { kept } = await run({ seed: 9 });
    for (let i = 0; i < 2; i++) {
      const others = [0, 1].map(
        (k) => new Dropout(0.5, { seed: new Generator(9).fork(`#${k}`).fork(`sample ${i}`).seed }),
      );
      expect([...kept![i]!]).toEqual(others.flatMap((layer) => [...layer.forward(x())]));
    }
    expect((await run({ generator })).kept).toEqual(kept);
    expect(generator.toJSON()).toEqual(new Generator(9, 4).toJSON());
  });

  it('are as before afterwards, also when predict throws or rejects', async () => {
    const locked = new LockedDropout(0.5, { seed: 1 });
    const layer = new Dropout(0.5, { seed: 2, always: true });
    const steps = { data: x(), shape: [2, 4, 5] };
    locked.forward(steps);
    layer.forward(x());
    const dropped = layer.eval().mask();
    locked.eval();
    const state = () =>
      inspect(
        [locked, layer].map((l) => [l.toJSON(), l.key, l.mask(), l.generator.position]),
        { depth: 9 },
      );
    const before = state();
    const generators = [locked.generator, layer.generator];
    const predict =
      (fail?: 'throw' | 'reject'): Predict =>
      ({ index }) => {
        const y = locked.forward({ data: layer.forward(x()), shape: [2, 4, 5] });
        locked.train();
        layer.always = false;
        if (index === 1 && fail === 'throw') throw new Error('out of order');
        return index === 1 && fail === 'reject' ? Promise.reject(new Error('out of order')) : Promise.resolve(y);
      };
    const layers = [locked, layer] as Layer[];
    await monteCarlo(predict(), { samples: 3, layers });
    expect(state()).toBe(before);
    for (const fail of ['throw', 'reject'] as const) {
      await rejects(monteCarlo(predict(fail), { samples: 3, layers }), Error, 'out of order');
      expect(state()).toBe(before);
    }
    expect([locked.generator, layer.generator]).toEqual(generators);
    expect(locked.generator).toBe(generators[0]);
    expect(layer.mask()).toEqual(dropped);
    // And they serve again.
    await monteCarlo(predict(), { samples: 1, layers });
  });

  it.each(layersOf(pkg))('%s is as before to the bit, in every mode', async (_, shape, create) => {
    const tensor = { data: new Float32Array(size(shape)).fill(1), shape };
    for (const mode of ['train', 'eval', 'always'] as const) {
      const layer = create(pkg, 0.5, { seed: 7 });
      layer.forward(tensor);
      if (mode !== 'train') layer.eval();
      layer.always = mode === 'always';
      const state = () => inspect([layer.toJSON(), `${layer}`, layer.key, layer.backward(tensor)], { depth: 9 });
      const before = state();
      const run = (from: number, samples: number) =>
        monteCarlo(() => layer.forward(tensor), { from, samples, layers: [layer], keep: true });
      const { kept } = await run(0, 3);
      expect(state()).toBe(before);
      expect((await run(2, 1)).kept![0]).toEqual(kept![2]);
      expect(kept![1]).not.toEqual(kept![0]);
      const other = create(pkg, 0.5, { seed: new Generator(7).fork('sample 1').seed });
      expect(kept![1]).toEqual(Float64Array.from(other.forward(tensor).data));
    }
  });

  it('LockedDropout keeps one mask within a sample, and draws another one for the next', async () => {
    const layer = new LockedDropout(0.5, { seed: 3 });
    const step = { data: x(), shape: [1, 4, 10] };
    layer.forward({ data: new Float32Array(6), shape: [1, 2, 3] });
    const masks: string[] = [];
    await monteCarlo(
      () => {
        const [first, second] = [layer.forward(step), layer.forward(step)];
        expect(second).toEqual(first);
        masks.push(first.data.join());
        return first;
      },
      { samples: 4, layers: [layer] },
    );
    expect(new Set(masks).size).toBe(4);
  });

  it('without a seed follow manualSeed', async () => {
    const layer = new Dropout(0.5);
    const run = () => monteCarlo(() => layer.forward(x()), { samples: 4, layers: [layer] });
    manualSeed(3);
    const first = await run();
    expect(await run()).toEqual(first);
    manualSeed(3);
    expect(await run()).toEqual(first);
    manualSeed(4);
    expect((await run()).mean).not.toEqual(first.mean);
  });

  it.each([
    ['of layers without a seed', undefined],
    ['of the default generator', 'generator'],
  ])('%s stay where they were when predict calls manualSeed', async (_, own) => {
    const samplesOf = async (change: () => void) => {
      manualSeed(3);
      const layer = new Dropout(0.5);
      const predict: Predict = (context) => {
        const y = own ? draws(context) : layer.forward(x());
        change();
        return y;
      };
      return (await monteCarlo(predict, { samples: 5, keep: true, layers: own ? [] : [layer] })).kept;
    };
    expect(await samplesOf(() => manualSeed(99))).toEqual(await samplesOf(() => {}));
  });

  it('are those in the list when the run began', async () => {
    const [first, second] = [new Dropout(0.5, { seed: 1 }).eval(), new Dropout(0.5, { seed: 2 }).eval()];
    const layers = [first];
    const result = await monteCarlo(
      () => {
        layers[0] = second;
        layers.push(second);
        return first.forward(x());
      },
      { samples: 4, layers },
    );
    expect(result).toEqual(await monteCarlo(() => first.forward(x()), { samples: 4, layers: [first] }));
    expect([first, second].map(({ isTaken, training }) => [isTaken, training])).toEqual(Array(2).fill([false, false]));
  });

  it('are not active between the samples if predict does not wait', async () => {
    const layer = new Dropout(0.5, { seed: 1 }).eval();
    let ended = false;
    const run = monteCarlo(() => layer.forward(x()), { samples: 20, layers: [layer] }).finally(() => {
      ended = true;
    });
    const seen = new Set<boolean>();
    for (; !ended; await null) seen.add(layer.training);
    await run;
    expect(seen).toEqual(new Set([false]));
  });

  it('are in one run at a time', async () => {
    const layer = new Dropout(0.5, { seed: 1 });
    const options = { samples: 2, layers: [layer] };
    const predict = async () => layer.forward(x());
    const first = monteCarlo(predict, options);
    await rejects(monteCarlo(predict, options), Error, 'is in another run');
    await first;
    await rejects(monteCarlo(predict, { samples: 2, layers: [layer, layer] }), Error, 'or twice in layers');
    const stream = monteCarlo.stream(() => layer.forward(x()), options);
    await stream.next();
    await rejects(monteCarlo(predict, options), Error, 'is in another run');
    expect(layer.training).toBe(true);
    expect(layer.generator.position).toBe(0);
    await stream.return();
    await monteCarlo(predict, options);
  });

  it('alone take no child of the default generator', async () => {
    const parent = manualSeed(5);
    const layer = new Dropout(0.5, { seed: 1 });
    await monteCarlo(() => layer.forward(x()), { samples: 2, layers: [layer] });
    expect(parent.toJSON().children).toBe(0);
    await monteCarlo(draws, { samples: 2 });
    expect(parent.toJSON().children).toBe(1);
  });
});

describe('generator', () => {
  it('is fork `sample i` of the generator of the run', async () => {
    const { kept } = await monteCarlo(draws, { samples: 2, from: 3, seed: 8, keep: true });
    const expected = [3, 4].map((i) => Number(new Generator(8).fork(`sample ${i}`).next() >> 11n));
    expect(kept!.map(([value]) => value)).toEqual(expected);
  });

  it.each<[string, (generator: Generator) => unknown]>([
    ['next', (generator) => generator.next()],
    ['keyAt', (generator) => generator.keyAt(3)],
    ['seed', (generator) => generator.seed],
    ['fork', (generator) => generator.fork('a')],
    ['spawn', (generator) => generator.spawn()],
    ['a layer', (generator) => new Dropout(0.5, { generator })],
    ['toJSON', (generator) => generator.toJSON()],
  ])('is used by %s, like any other generator', async (_, use) => {
    const used: unknown[] = [];
    const predict: Predict = ({ generator }) => {
      used.push(use(generator));
      return x();
    };
    await monteCarlo(predict, { samples: 1, seed: 8 });
    expect(inspect(used[0])).toBe(inspect(use(new Generator(new Generator(8).fork('sample 0').seed))));
  });
});

describe('a run', () => {
  it('ends when the standard error is small enough, after a multiple of 16 samples', async () => {
    const predict: Predict = ({ generator }) => Float64Array.of(Number(generator.next() >> 11n) / 2 ** 53);
    const options = { samples: 1000, seed: 1 };
    const result = await monteCarlo(predict, { ...options, until: { standardError: 0.03 } });
    expect(result.count % 16).toBe(0);
    expect(result.standardError[0]).toBeLessThanOrEqual(0.03);
    const before = await monteCarlo(predict, { ...options, samples: result.count - 16 });
    expect(before.standardError[0]).toBeGreaterThan(0.03);
    expect(result).toEqual(await monteCarlo(predict, { ...options, samples: result.count }));
    const longer = await monteCarlo(predict, { ...options, until: { standardError: 0.03, minSamples: 200 } });
    expect(longer.count).toBe(208);
    const never = await monteCarlo(predict, { ...options, samples: 40, until: { standardError: 1e-9 } });
    expect(never.count).toBe(40);
    const counts = [];
    for await (const { count } of monteCarlo.stream(predict, { ...options, every: 30, until: { standardError: 0.03 } }))
      counts.push(count);
    expect(counts.at(-1)).toBe(result.count);
  });

  it('ends when the standard errors of all elements are small enough, from minSamples on', async () => {
    const predict: Predict = ({ generator }) => {
      const u = Number(generator.next() >> 11n) / 2 ** 53;
      return Float64Array.of(u, 10 * u);
    };
    const run = (until: object) => monteCarlo(predict, { samples: 200, seed: 1, until: until as { standardError: 1 } });
    const { count, standardError } = await run({ standardError: 0.5 });
    expect(standardError[1]).toBeLessThanOrEqual(0.5);
    expect(count).toBeGreaterThan((await run({ standardError: 5 })).count);
    for (const [minSamples, expected] of [
      [1, 16],
      [16, 16],
      [17, 32],
      [32, 32],
      [300, 200],
    ])
      expect((await run({ standardError: 5, minSamples })).count).toBe(expected);
  });

  it('gives a partial result after every few samples, and always the whole', async () => {
    const counts = async (every?: number) => {
      const seen = [];
      for await (const { count } of monteCarlo.stream(draws, { samples: 7, ...(every && { every }) })) seen.push(count);
      return seen;
    };
    expect(await counts()).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(await counts(3)).toEqual([3, 6, 7]);
    expect(await counts(7)).toEqual([7]);
    expect(await counts(100)).toEqual([7]);
  });

  it('rejects with the reason of its signal when that aborts', async () => {
    const reason = new Error('enough');
    const controller = new AbortController();
    const seen: number[] = [];
    const run = monteCarlo(draws, {
      samples: 10,
      signal: controller.signal,
      onSample: async (index) => {
        seen.push(index);
        if (index === 2) controller.abort(reason);
      },
    });
    await expect(run).rejects.toBe(reason);
    expect(seen).toEqual([0, 1, 2]);
    let calls = 0;
    const early = monteCarlo(() => Float32Array.of(calls++), { samples: 2, signal: controller.signal });
    await expect(early).rejects.toBe(reason);
    expect(calls).toBe(0);
    await rejects(monteCarlo(draws, { samples: 2, signal: { aborted: true } }), Error, 'aborted');
    const within = new AbortController();
    const last = monteCarlo(
      (context) => {
        within.abort(reason);
        return draws(context);
      },
      { samples: 1, signal: within.signal },
    );
    await expect(last).rejects.toBe(reason);
  });

  it('calls onSample with each sample, and waits for it', async () => {
    const seen: [number, number][] = [];
    const result = await monteCarlo(draws, {
      samples: 3,
      from: 4,
      seed: 2,
      keep: true,
      onSample: async (index, sample) => {
        await new Promise((resolve) => setTimeout(resolve));
        seen.push([index, sample[0]!]);
      },
    });
    expect(seen).toEqual(result.kept!.map(([value], i) => [4 + i, value]));
  });
});

describe('a run with wrong arguments', () => {
  const used = { samples: 2 };
  const bad: [string, object, new (...args: never[]) => Error, RegExp][] = [
    ['no samples', {}, TypeError, /^samples has to be a whole number from 1/],
    ['0 samples', { samples: 0 }, RangeError, /^samples has to be a whole number from 1/],
    ['a negative from', { ...used, from: -1 }, RangeError, /^from has to be/],
    ['numbers past 2^53', { ...used, from: 2 ** 53 - 1 }, RangeError, /^from has to be/],
    ['an unknown option', { ...used, n: 1 }, TypeError, /^unknown option "n": the options are samples, from/],
    ['every without a stream', { ...used, every: 1 }, TypeError, /^unknown option "every"/],
    [
      'a seed and a generator',
      { ...used, seed: 1, generator: new Generator(1) },
      TypeError,
      /^generator has to be left out/,
    ],
    ['a number as the generator', { ...used, generator: 3 }, TypeError, /seed: 3$/],
    ['a bad seed', { ...used, seed: -1 }, RangeError, /^seed has to be/],
    [
      'an unknown kind',
      { ...used, kind: 'classes' },
      RangeError,
      /^kind has to be "values" or "probabilities" or "logits"/,
    ],
    ['layers that are none', { ...used, layers: [{}] }, TypeError, /^layers has to be an array of layers/],
    ['a layer alone', { ...used, layers: new Dropout(0.5) }, TypeError, /^layers has to be an array of layers/],
    ['until as a number', { ...used, until: 0.1 }, TypeError, /^until has to be an object/],
    ['until without an error', { ...used, until: {} }, TypeError, /^until.standardError has to be a number above 0/],
    ['until an error of 0', { ...used, until: { standardError: 0 } }, RangeError, /^until.standardError/],
    ['until a string', { ...used, until: { standardError: '1' } }, TypeError, /^until.standardError/],
    ['a bad minSamples', { ...used, until: { standardError: 1, minSamples: 0.5 } }, RangeError, /^until.minSamples/],
    [
      'until beside from',
      { ...used, from: 1, until: { standardError: 1 } },
      RangeError,
      /^from has to be 0 beside until/,
    ],
    ['a keep that is no boolean', { ...used, keep: 1 }, TypeError, /^keep has to be a boolean/],
    ['a controller for its signal', { ...used, signal: new AbortController() }, TypeError, /^signal.aborted has to be/],
    ['an onSample that is no function', { ...used, onSample: {} }, TypeError, /^onSample has to be a function/],
    ['null as onSample', { ...used, onSample: null }, TypeError, /^onSample has to be a function, but got null/],
    ['null as signal', { ...used, signal: null }, TypeError, /^signal.aborted has to be a boolean/],
  ];

  it.each(bad)('refuses %s, before predict is called or anything is drawn', async (_, options, type, message) => {
    let calls = 0;
    const predict: Predict = (context) => {
      calls++;
      return draws(context);
    };
    const root = manualSeed(5);
    const layer = new Dropout(0.5);
    const withLayer = { layers: [layer], ...options } as object as MonteCarloOptions;
    await rejects(monteCarlo(predict, withLayer), type, message);
    if (!('every' in options)) await rejects(monteCarlo.stream(predict, withLayer).next(), type, message);
    expect([calls, layer.isTaken, layer.key]).toEqual([0, false, undefined]);
    expect(root.toJSON()).toMatchObject({ position: 0, children: 0 });
  });

  it('refuses no function, no options, and a bad every', async () => {
    const none = (run: unknown) => (run as (predict: Predict) => unknown)(draws);
    await rejects(none(monteCarlo) as Promise<unknown>, TypeError, /^samples has to be/);
    await rejects((none(monteCarlo.stream) as AsyncGenerator).next(), TypeError, /^samples has to be/);
    await rejects(monteCarlo(x() as never, used), TypeError, /^predict has to be a function/);
    await rejects(monteCarlo.stream(draws, { ...used, every: 0 }).next(), RangeError, /^every has to be/);
  });

  it('accepts a later sample that draws nothing', async () => {
    const predict: Predict = (context) => (context.index ? Float64Array.of(1) : draws(context));
    expect((await monteCarlo(predict, used)).count).toBe(2);
  });

  it('refuses a run whose samples would all be equal', async () => {
    const message = /^all samples would be equal/;
    await rejects(monteCarlo(x, used), Error, message);
    const layer = new Dropout(0.5);
    await rejects(
      monteCarlo(() => layer.forward(x()), used),
      Error,
      message,
    );
    const [none, all, idle] = [new Dropout(0), new Dropout(1), new Dropout(0.5)];
    const predict = () => all.forward(none.forward(x()));
    await rejects(monteCarlo(predict, { ...used, layers: [none, all, idle] }), Error, message);
    expect([none, all, idle].map(({ key, isTaken }) => [key, isTaken])).toEqual(Array(3).fill([undefined, false]));
  });

  const samples: [string, MonteCarloOptions['kind'], unknown, new (...args: never[]) => Error, RegExp][] = [
    ['nothing', 'values', undefined, TypeError, /^sample 1 has to be a Float32Array/],
    ['a list', 'values', [1, 2], TypeError, /^sample 1 has to be a Float32Array .*Float32Array.from/],
    ['another shape', 'values', new Float32Array(3), RangeError, /^sample 1.shape has to be \[2\], but got \[3\]$/],
    ['NaN', 'values', Float32Array.of(0, Number.NaN), RangeError, /^sample 1\[1\] has to be finite, but got NaN$/],
    ['Infinity', 'logits', Float32Array.of(Number.POSITIVE_INFINITY, 0), RangeError, /^sample 1\[0\] has to be finite/],
    [
      'NaN in probabilities',
      'probabilities',
      Float32Array.of(1, Number.NaN),
      RangeError,
      /^sample 1\[1\] has to be a probability/,
    ],
    [
      'logits',
      'probabilities',
      Float32Array.of(2, -1),
      RangeError,
      /^sample 1\[1\] has to be a probability.*kind: 'logits'/,
    ],
    [
      'percent',
      'probabilities',
      Float32Array.of(60, 40),
      RangeError,
      /^the sum of row 0 of sample 1 has to be 1, but got 100/,
    ],
    [
      'logits in the second row',
      'probabilities',
      { data: Float32Array.of(1, 0, 0.25, 0.25), shape: [2, 2] },
      RangeError,
      /^the sum of row 1 of sample 1 has to be 1, but got 0.5: logits need softmax/,
    ],
    ['almost', 'probabilities', Float64Array.of(0.6, 0.4011), RangeError, /^the sum of row 0 of sample 1 has to be 1/],
  ];

  it.each(samples)(
    'refuses a sample of %s in a run of %s, and names the sample',
    async (_, kind, sample, type, message) => {
      const predict: Predict = ({ index, generator }) => {
        generator.next();
        if (index === 1) return sample as Float32Array;
        return 'shape' in Object(sample)
          ? { data: Float32Array.of(1, 0, 1, 0), shape: [2, 2] }
          : Float32Array.of(0.5, 0.5);
      };
      await rejects(monteCarlo(predict, { samples: 2, kind: kind! }), type, message);
    },
  );

  it('refuses a sample that is empty, or has no axis of classes', async () => {
    const predict =
      (sample: object): Predict =>
      ({ generator }) => {
        generator.next();
        return sample as Float32Array;
      };
    const message = /^sample 0.shape has to be non-empty, with classes last/;
    await rejects(monteCarlo(predict(new Float32Array()), { samples: 1 }), RangeError, message);
    const scalar = { data: Float32Array.of(1), shape: [] };
    await rejects(monteCarlo(predict(scalar), { samples: 1, kind: 'probabilities' }), RangeError, message);
    const sigmoid = { data: Float32Array.of(0.3, 0.9), shape: [2, 1] };
    await rejects(monteCarlo(predict(sigmoid), { samples: 1, kind: 'probabilities' }), RangeError, /\[1 - p, p\]$/);
  });
});
