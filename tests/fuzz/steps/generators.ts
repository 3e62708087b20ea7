/** Generators and arenas. */
import fc from 'fast-check';
import { badValues, UNKNOWN } from '../bad.js';
import { badOf, bads } from './arrays.js';
import { type Draft, kind } from './program.js';

export const generators = kind(
  'Generator',
  4,
  fc.record({
    which: fc.nat(8),
    seed: fc.oneof(fc.nat(), fc.constant(2 ** 53)),
    position: fc.oneof(fc.nat(5), fc.constant(2 ** 53 - 2)),
    label: fc.oneof(fc.string(), fc.constantFrom('#0', 'π', '😀', '\ud800', '\0')),
    at: fc.nat(),
    bad: bads,
  }),
  ({ which, seed, position, label, at, bad }, model) => {
    const found = model.generators[at % (model.generators.length || 1)];
    const name = `generator${model.names}`;
    const made = (call: string): Draft => ({ call, name, done: (model) => model.generators.push(name) });
    if (!found || which === 0) {
      const wrong = badOf(bad, ['seed', 'position']);
      if (!wrong || wrong === UNKNOWN) return made(`new Generator(${seed}, ${position})`);
      const [given, at] = wrong[0] === 'seed' ? [wrong[1], position] : [seed, wrong[1]];
      return { call: `new Generator(${given}, ${at})`, refusal: wrong[2] };
    }
    switch (which) {
      case 1:
        return made(`${found}.fork(${JSON.stringify(label)})`);
      case 2:
        return made(`${found}.spawn()`);
      case 3:
        return made(`Generator.fromJSON(JSON.parse(JSON.stringify(${found})))`);
      case 4:
        return { call: `${found}.keyAt(${position})` };
      case 5:
        return { call: `manualSeed(${seed}).position` };
      default:
        // A seed has 2^53 keys.
        return { call: `${found}.position < 2 ** 53 ? ${found}.next() : 0` };
    }
  },
);

export const arenas = kind(
  'Arena',
  2,
  fc.record({ which: fc.nat(4), n: fc.nat(3000), bad: fc.nat(99) }),
  ({ which, n, bad }) => {
    const [name, value, refusal] = badValues(which % 2 ? ['bytes'] : ['n'])[bad % 8]!;
    switch (which) {
      case 0:
        return { call: `arena.float32(${value})`, refusal };
      case 1:
        return { call: `new Arena({ ${name}: ${value} })`, refusal };
      case 2:
        return { call: `arena.float64(${n}).length` };
      case 3:
        return { call: 'arena.reset()' };
      default:
        return { call: 'other.reset()' };
    }
  },
);
