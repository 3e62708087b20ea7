/**
 * Calls on pieces of a tensor until a number of elements is reached. Prints, as JSON, the elements, whether the last
 * piece is right, and the bytes of the process: after a tenth of the pieces, and at most from then on.
 *
 *   node flat.js KIND ELEMENTS
 */
import { Arena, Dropout, dropout, gaussianNoise, mask } from 'dropout-wasm';
import { monteCarlo } from 'dropout-wasm/monte-carlo';
import { SharedArena } from 'dropout-wasm/threads';

const n = 2 ** 20;
const [, , kind = '', least] = process.argv;
/** A multiple of n. */
const elements = Math.ceil(Number(least) / n) * n;
const options = { p: 0.5, key: 1n };
const ones = () => new Float32Array(n).fill(1);

/**
 * Each has a call on the piece that begins at an element, and the same call in other memory.
 *
 * @type {Record<string, () => Promise<[call: (at: number) => ArrayLike<number>, expected: (at: number) => ArrayLike<number>]>>}
 */
const KINDS = {
  async array() {
    const [x, out] = [ones(), ones()];
    return [(at) => dropout(x, { ...options, offset: at, out }), (at) => dropout(ones(), { ...options, offset: at })];
  },
  async 'new arrays'() {
    const x = ones();
    return [(at) => dropout(x, { ...options, offset: at }), (at) => dropout(x, { ...options, offset: at })];
  },
  async arena() {
    const arena = new Arena({ bytes: 12 * n });
    return [
      (at) => {
        arena.reset();
        return dropout(arena.float32(n).fill(1), { ...options, offset: at });
      },
      (at) => dropout(ones(), { ...options, offset: at }),
    ];
  },
  async 'shared arena'() {
    const arena = await SharedArena.create({ bytes: 8 * n, threads: 2 });
    const [x, out] = [arena.float32(n).fill(1), arena.float32(n)];
    return [(at) => dropout(x, { ...options, offset: at, out }), (at) => dropout(ones(), { ...options, offset: at })];
  },
  async layer() {
    const layer = new Dropout(0.5, { seed: 42 });
    const [x, out] = [ones(), ones()];
    return [
      () => {
        const y = layer.backward(layer.forward(x, out), out);
        layer.mask('bits');
        return y;
      },
      () => {
        const masked = { p: 0.5, key: layer.generator.keyAt(layer.generator.position - 1) };
        return dropout(dropout(ones(), masked), masked);
      },
    ];
  },
  async 'mask bits'() {
    const given = /** @type {const} */ ({ ...options, format: 'bits' });
    return [(at) => mask(n, { ...given, offset: at }), (at) => mask([1024, n / 1024], { ...given, offset: at })];
  },
  async noise() {
    const [x, out] = [ones(), ones()];
    const given = { stddev: 1, key: 1n };
    return [
      (at) => gaussianNoise(x, { ...given, offset: at, out }),
      (at) => gaussianNoise(ones(), { ...given, offset: at }),
    ];
  },
  async 'Monte-Carlo'() {
    const layer = new Dropout(0.5, { seed: 42 });
    const [x, out] = [ones(), ones()];
    let last = new Float32Array();
    // Its samples are the pieces, since a run keeps its sums alone.
    await monteCarlo(
      () => {
        piece(() => layer.forward(x, out));
        last = out.subarray(0, 8);
        return last;
      },
      { samples: elements / n, layers: [layer] },
    );
    const fork = layer.generator.fork(`sample ${elements / n - 1}`);
    return [() => last, () => dropout(ones().subarray(0, 8), { p: 0.5, key: fork.keyAt(0) })];
  },
};

let [at, early, peak] = [0, 0, 0];

/** @param {(at: number) => unknown} call */
function piece(call) {
  call(at);
  at += n;
  const { rss } = process.memoryUsage();
  if (at <= elements / 10) early = rss;
  else peak = Math.max(peak, rss);
}

const create = KINDS[kind];
if (!create) throw new RangeError(`the kinds are ${Object.keys(KINDS).join(', ')}`);
const [call, expected] = await create();
while (at < elements) piece(call);
const [y, z] = [call(at - n), expected(at - n)];
const right = y.length === z.length && Array.from(y).every((value, i) => Object.is(value, z[i]));
console.log(JSON.stringify({ elements: at, right, early, peak }));
