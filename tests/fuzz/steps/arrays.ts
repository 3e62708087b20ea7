/** Arrays, shapes and options as text. */
import fc from 'fast-check';
import { lengths } from '../../support/arbitraries.js';
import { size } from '../../support/arrays.js';
import { type Bad, badValues, UNKNOWN } from '../bad.js';
import type { Step } from '../machine.js';
import { type Kind, PLACES, type Place } from '../memory.js';

const KINDS: Kind[] = ['Float32Array', 'Float64Array'];
if ('Float16Array' in globalThis) KINDS.push('Float16Array');

/** The arrays that a step takes, at most. */
const ARRAYS = 4;

/** What the arrays of a step have in common, and where each lies. */
export interface Layout {
  kind: Kind;
  places: Place[];
  skews: number[];
  from: number;
}

export const places = fc.constantFrom(...PLACES);
export const layouts: fc.Arbitrary<Layout> = fc.record({
  kind: fc.constantFrom(...KINDS),
  places: fc.oneof(
    places.map((place) => new Array<Place>(ARRAYS).fill(place)),
    fc.array(places, { minLength: ARRAYS, maxLength: ARRAYS }),
  ),
  skews: fc.array(fc.nat(7), { minLength: ARRAYS, maxLength: ARRAYS }),
  from: fc.nat(99),
});

/** The expression of array number i of a step. */
export const arrayText = ({ kind, places, skews, from }: Layout, i: number, n: number, own: string = kind): string =>
  `array('${places[i]}', '${own}', ${n}, ${skews[i]}, ${from && from + i})`;

const MAX_ELEMENTS = 20_000;

const sizes = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 9 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, 1, 31, 32, 33, 64, 70, 100, 1100) },
);

/** Shapes of this rank, cut to a size that takes little time. */
export const shapesOf = (rank: number): fc.Arbitrary<number[]> =>
  fc.array(sizes, { minLength: rank, maxLength: rank }).map((shape) => {
    let n = 1;
    return shape.map((size) => {
      if (n * size > MAX_ELEMENTS) return 1;
      n *= size;
      return size;
    });
  });

export const anyShape: fc.Arbitrary<number[]> = fc.oneof(
  { weight: 3, arbitrary: lengths.map((n) => [n]) },
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 6 }).chain(shapesOf) },
);

/** Large enough for several threads. */
export const largeShape = fc.constantFrom<number[][]>([140_000], [131_072], [300, 1000], [2, 3, 70_000], [65_536, 3]);

/** The shape, whether x is a tensor, and how the result is given. */
export interface Input {
  shape: number[];
  isTensor: boolean;
  layout: Layout;
  out: 'none' | 'in place' | 'new' | 'longer' | 'overlap' | 'other kind' | 'other form' | 'short';
}

export const inputOf = (shape: fc.Arbitrary<number[]>, isTensor: fc.Arbitrary<boolean>): fc.Arbitrary<Input> =>
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

export const inputs = inputOf(anyShape, fc.boolean());

/** x and out of a step as text. */
export interface Prepared {
  setup: string[];
  x: string;
  out?: string;
  writes: Step['writes'] & object;
  refusal?: Step['refusal'];
}

export const wrap = (input: Input, array: string): string =>
  input.isTensor ? `{ data: ${array}, shape: ${JSON.stringify(input.shape)} }` : array;

/** Writes the statements that make x and out. `like` is the name that messages have for x. */
export function prepare(input: Input, id: number, like = 'x'): Prepared {
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
export const optionsText = (options: Record<string, string | undefined>): string =>
  `{ ${Object.entries(options)
    .flatMap(([name, value]) => (value === undefined ? [] : `${name}: ${value}`))
    .join(', ')} }`;

/** In one of eight steps, the number of a bad value. */
export const bads = fc.oneof({ weight: 7, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat(999) });

/** The bad value that a step has, among those of these arguments and an unknown option. */
export function badOf(number: number | null, names: readonly string[]): Bad | undefined {
  if (number === null) return undefined;
  const all = [...badValues(names), UNKNOWN];
  return all[number % all.length];
}
