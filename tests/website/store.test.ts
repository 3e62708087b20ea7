/** The state of the playground and its address. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fields } from '../../website/playground/fields.js';
import { choice, number, Store, subset } from '../../website/playground/store.js';

const own = {
  n: number(5, 1, 10, 0.5),
  count: number(4, 0, 10, 1),
  even: number(4, 0, 10, 2),
  long: { ...choice('x'.repeat(200), ['x'.repeat(200)]), initialName: 'The first', rule: 'long' },
  kind: choice('a', ['a', 'b', 'constructor']),
  on: choice('no', ['no', 'yes']),
  some: subset(['x', 'y', 'z']),
};
const problemsOf = (query: string) => new Store(own, query).problems;
const valuesOf = (query: string) => {
  const store = new Store(own, query);
  return [store.get('n'), store.get('kind'), store.get('on'), store.get('some')];
};
const INITIAL = [5, 'a', 'no', []];

describe('an address that is wrong says so and leaves the value as it is', () => {
  it.each([
    ['?n=11', '“n” in the address must be a number from 1 to 10, but it is “11”. 5 is used.'],
    ['?n=0.99', '“n” in the address must be a number from 1 to 10, but it is “0.99”. 5 is used.'],
    ['?n=NaN', '“n” in the address must be a number from 1 to 10, but it is “NaN”. 5 is used.'],
    ['?n=1e999', '“n” in the address must be a number from 1 to 10, but it is “1e999”. 5 is used.'],
    ['?n=Infinity', '“n” in the address must be a number from 1 to 10, but it is “Infinity”. 5 is used.'],
    ['?n=', '“n” in the address must be a number from 1 to 10, but it is “”. 5 is used.'],
    ['?n', '“n” in the address must be a number from 1 to 10, but it is “”. 5 is used.'],
    ['?n=%20', '“n” in the address must be a number from 1 to 10, but it is “ ”. 5 is used.'],
    ['?n=0x5', '“n” in the address must be a number from 1 to 10, but it is “0x5”. 5 is used.'],
    ['?n=5%', '“n” in the address must be a number from 1 to 10, but it is “5%”. 5 is used.'],
    ['?n=%E0%A4', '“n” in the address must be a number from 1 to 10, but it is “\ufffd”. 5 is used.'],
    ['?count=7.5', '“count” in the address must be a whole number from 0 to 10, but it is “7.5”. 4 is used.'],
    ['?even=3.9', '“even” in the address must be a whole number from 0 to 10, but it is “3.9”. 4 is used.'],
    ['?long=x', '“long” in the address must be long, but it is “x”. The first is used.'],
    ['?reference=1', 'The address has an unknown part, “reference”. It was ignored.'],
    ['?kind=c', '“kind” in the address must be one of a, b, constructor, but it is “c”. a is used.'],
    ['?kind=toString', '“kind” in the address must be one of a, b, constructor, but it is “toString”. a is used.'],
    ['?some=x,w', '“some” in the address must be some of x, y, z, separated by commas, but it is “x,w”. None is used.'],
    ['?other=1', 'The address has an unknown part, “other”. It was ignored.'],
    ['?__proto__=1', 'The address has an unknown part, “__proto__”. It was ignored.'],
    ['?constructor=1', 'The address has an unknown part, “constructor”. It was ignored.'],
    ['?toString=1', 'The address has an unknown part, “toString”. It was ignored.'],
    ['?=1', 'The address has an unknown part, “”. It was ignored.'],
    ['?N=2', 'The address has an unknown part, “N”. It was ignored.'],
  ])('%s', (query, problem) => {
    expect(problemsOf(query)).toEqual([problem]);
    expect(valuesOf(query)).toEqual(INITIAL);
  });

  it('a name twice: the first counts', () => {
    expect(problemsOf('?n=2&n=3')).toEqual(['“n” is in the address more than once. The first, “2”, is used.']);
    expect(valuesOf('?n=2&n=3')[0]).toBe(2);
    expect(valuesOf('?n=11&n=3')[0]).toBe(5);
  });

  it('a long text is shown in part', () => {
    const [value, name] = problemsOf(`?n=${'9'.repeat(1e6)}&${'m'.repeat(1e6)}=1`);
    expect(value).toBe(`“n” in the address must be a number from 1 to 10, but it is “${'9'.repeat(40)}…”. 5 is used.`);
    expect(name).toBe(`The address has an unknown part, “${'m'.repeat(40)}…”. It was ignored.`);
  });

  it('of many problems, the first five are told', () => {
    const query = Array.from({ length: 1000 }, (_, i) => `x${i}=1`).join('&');
    expect(problemsOf(query)).toHaveLength(6);
    expect(problemsOf(query).at(-1)).toBe('The address has 995 more problems.');
  });
});

it('a problem names the label of the control too, where it says more', () => {
  const labels: Record<string, string> = { n: 'size', count: 'count' };
  const store = new Store(own, '?n=0&count=x&kind=c', (name) => labels[name]);
  const names = store.problems.map((problem) => problem.split(' in the address')[0]);
  expect(names).toEqual(['“n” (size)', '“count”', '“kind”']);
});

describe('a valid address', () => {
  it.each([
    ['', INITIAL],
    ['?', INITIAL],
    ['?n=10&kind=constructor&on=yes&some=z,x', [10, 'constructor', 'yes', ['x', 'z']]],
    ['?n=3.3', [3.5, 'a', 'no', []]],
    ['?n=%2B2', [2, 'a', 'no', []]],
    ['?some=', INITIAL],
    ['?utm_source=x&utm_medium=y&fbclid=1&gclid=2&ref=z', INITIAL],
    ['?some=x%2Cy,,y', [5, 'a', 'no', ['x', 'y']]],
  ])('%s', (query, values) => {
    expect(problemsOf(query)).toEqual([]);
    expect(valuesOf(query)).toEqual(values);
  });
});

describe('number', () => {
  const anyNumber = fc
    .record({ min: fc.integer({ min: -1000, max: 1000 }), steps: fc.integer({ min: 1, max: 1000 }) })
    .chain(({ min, steps }) =>
      fc.record({
        min: fc.constant(min),
        step: fc.constantFrom(1, 2, 3, 0.5, 0.25, 0.125, 0.1, 0.05, 0.01, 0.001),
        // Not always a multiple of the step.
        extent: fc.constant(steps).map((n) => n / 8),
      }),
    );

  it('takes every number in its range to the nearest step in its range, which it keeps', () => {
    fc.assert(
      fc.property(anyNumber, fc.double({ min: 0, max: 1, noNaN: true }), ({ min, step, extent }, part) => {
        const max = min + extent;
        const field = number(min, min, max, step);
        const between = Math.min(max, min + part * extent);
        const text = `${Number.isInteger(step) ? Math.floor(between) : between}`;
        const value = field.parse(text)!;
        expect(value).toBeGreaterThanOrEqual(min);
        expect(value).toBeLessThanOrEqual(max);
        const steps = (value - min) / step;
        expect(Math.abs(steps - Math.round(steps))).toBeLessThan(1e-6);
        expect(Math.abs(value - Number(text))).toBeLessThan(step * 1.000001);
        expect(field.parse(field.print(value))).toBe(value);
      }),
    );
  });

  it('never throws on any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const value = fields.seed.parse(text);
        expect(value === undefined || (Number.isInteger(value) && value >= 0 && value < 2 ** 32)).toBe(true);
      }),
    );
  });
});

describe('the fields of the page', () => {
  it.each(Object.entries(fields))('%s: its initial value, and every value that it parses, is restored', (_, field) => {
    const { initial, parse, print } = field as {
      initial: unknown;
      parse(t: string): unknown;
      print(v: unknown): string;
    };
    expect(parse(print(initial))).toEqual(initial);
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.double().map(String), fc.integer().map(String)), (text) => {
        const value = parse(text);
        if (value !== undefined) expect(parse(print(value))).toEqual(value);
      }),
    );
  });

  it('the query of any state restores it without a problem', () => {
    const text = fc.oneof(fc.constantFrom('0', '1', '40', '0.5', 'spirals', 'digits,bits'), fc.string());
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...Object.keys(fields)), text), (query) => {
        const store = new Store(fields, `?${new URLSearchParams(query)}`);
        const again = new Store(fields, store.query());
        expect(again.problems).toEqual([]);
        expect(again.query()).toBe(store.query());
      }),
    );
  });
});

it('tells the watchers of a value, once for each change, and not of others', () => {
  const store = new Store(own, '');
  const told: string[] = [];
  store.watch(['n', 'on'], () => told.push(`n or on: ${store.get('n')}`));
  store.watch(['kind'], () => told.push('kind'));
  store.set('n', 6);
  store.set('n', 6);
  store.set('on', 'yes');
  expect(told).toEqual(['n or on: 6', 'n or on: 6']);
});
