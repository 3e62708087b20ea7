/**
 * `npm run stream`: writes masks of the built package to stdout as bits, for PractRand, dieharder and other tests of
 * random numbers. docs/stream.md has the commands and their results.
 *
 * The output is what `mask` with the format 'bits' returns for one call after another: 1 = kept, element 0 in bit 0 of
 * byte 0. The modes differ in the key and the offset of call c.
 */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { Generator, mask } from 'dropout-wasm';
import { mistake, readCommandLine, whole } from './command-line.js';

const USAGE = `npm run -s stream -- --mode MODE [options] | dieharder -a -g 200

  --mode one          one key, elements 0, 1, 2, ...
  --mode keys         a call for each key of a seed: keys 0, 1, 2, ...
  --mode seeds        a call for each seed: key 0 of seeds S, S + 1, S + 2, ...
  --mode forks        a call for each child of a seed: key 0 of fork('#0'),
                      fork('#1'), fork('#2'), ..., which spawn() returns
  --mode first        as keys, in calls of 64 elements
  --mode interleaved  64 elements of each of 8196 keys of a seed, then the next
                      64 elements of each, and so on

  --p P               the probability of being dropped, from 0 to 1. Default 0.5
  --seed S            the seed, or the first seed. Default 42
  --key K             with --mode one, instead of --seed: the key in hex digits
  --length N          elements of a call, a multiple of 8 up to 2^32. Default
                      16384; with --mode first and interleaved 64
  --streams N         with --mode interleaved: the number of keys. Default 8196
  --bytes N           the length of the output. Default: until the reader stops
  --help              this text`;

/** The most elements of a call, whose mask is written from memory. */
const MAX_LENGTH = 2 ** 32;

/** The least number of bytes that are written at once. */
const CHUNK = 2 ** 18;

const OPTIONS = /** @type {const} */ ({
  mode: { type: 'string' },
  p: { type: 'string', default: '0.5' },
  seed: { type: 'string' },
  key: { type: 'string' },
  length: { type: 'string' },
  streams: { type: 'string' },
  bytes: { type: 'string' },
  help: { type: 'boolean', default: false },
});

const MODES = ['one', 'keys', 'seeds', 'forks', 'first', 'interleaved'];

/** @throws Error that describes the mistake in the command line */
function options() {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) return undefined;
  const { mode, seed = '42', key, streams } = values;
  if (mode === undefined) throw new Error(`--mode has to be given: one of ${MODES.join(', ')}`);
  if (!MODES.includes(mode)) throw mistake('--mode', `one of ${MODES.join(', ')}`, mode);
  if (key !== undefined && mode !== 'one') throw mistake('--key', 'left out unless --mode is one', key);
  if (key !== undefined && values.seed !== undefined) throw mistake('--key', 'left out beside --seed', key);
  if (key !== undefined && !/^(0x)?[\da-f]{1,16}$/i.test(key)) throw mistake('--key', '1 to 16 hex digits', key);
  if (streams !== undefined && mode !== 'interleaved')
    throw mistake('--streams', 'left out unless --mode is interleaved', streams);
  if (!/^\d{1,20}$/.test(seed) || BigInt(seed) >= 2n ** 64n)
    throw mistake('--seed', 'a whole number from 0 to 2^64 - 1', seed);
  const p = Number(values.p);
  if (values.p.trim() === '' || !(p >= 0 && p <= 1)) throw mistake('--p', 'a number from 0 to 1', values.p);
  const isShort = mode === 'first' || mode === 'interleaved';
  const length = whole('--length', values.length ?? (isShort ? '64' : '16384'), 1, MAX_LENGTH);
  if (length % 8 !== 0) throw mistake('--length', 'a multiple of 8', values.length);
  return {
    mode,
    p,
    seed: BigInt(seed),
    key,
    length,
    streams: whole('--streams', streams ?? '8196'),
    bytes: values.bytes === undefined ? Number.POSITIVE_INFINITY : whole('--bytes', values.bytes),
  };
}

/** @typedef {NonNullable<ReturnType<typeof options>>} Chosen */

/**
 * The key of call c.
 *
 * @param {Chosen} chosen
 * @returns {(c: number) => bigint | string}
 */
function keysOf({ mode, seed, key }) {
  const generator = new Generator(seed);
  switch (mode) {
    case 'one':
      return () => key ?? generator.keyAt(0);
    case 'seeds':
      return (c) => new Generator(BigInt.asUintN(64, seed + BigInt(c))).keyAt(0);
    case 'forks':
      return (c) => generator.fork(`#${c}`).keyAt(0);
    default:
      return (c) => generator.keyAt(c);
  }
}

/**
 * The masks of successive calls, some in each chunk.
 *
 * @param {Chosen} chosen
 */
function* calls(chosen) {
  const { mode, p, length } = chosen;
  const bytes = length / 8;
  const keyOf = keysOf(chosen);
  const perChunk = Math.ceil(CHUNK / bytes);
  for (let c = 0; ; c += perChunk) {
    const chunk = new Uint8Array(perChunk * bytes);
    for (let i = 0; i < perChunk; i++) {
      const out = chunk.subarray(i * bytes, (i + 1) * bytes);
      const offset = mode === 'one' ? (c + i) * length : 0;
      mask(length, { p, key: keyOf(c + i), offset, format: 'bits', out });
    }
    yield chunk;
  }
}

/**
 * The same with `length` elements of each key in turn. Each key draws several turns at once, since a call is made of
 * blocks of 4096 elements: a call inside of a block would make the block up to its elements again.
 *
 * @param {Chosen} chosen
 */
function* interleaved(chosen) {
  const { p, length, streams } = chosen;
  const bytes = length / 8;
  const turns = Math.ceil(4096 / length);
  const keyOf = keysOf(chosen);
  const keys = Array.from({ length: streams }, (_, stream) => keyOf(stream));
  for (let offset = 0; ; offset += turns * length) {
    const chunk = new Uint8Array(streams * turns * bytes);
    for (const [stream, key] of keys.entries()) {
      const drawn = mask(turns * length, { p, key, offset, format: 'bits' });
      for (let turn = 0; turn < turns; turn++)
        chunk.set(drawn.subarray(turn * bytes, (turn + 1) * bytes), (turn * streams + stream) * bytes);
    }
    yield chunk;
  }
}

/**
 * @param {Iterable<Uint8Array>} chunks without an end
 * @param {number} bytes
 */
function* take(chunks, bytes) {
  for (const chunk of chunks) {
    yield chunk.subarray(0, Math.min(chunk.length, bytes));
    bytes -= chunk.length;
    if (bytes <= 0) return;
  }
}

const chosen = readCommandLine(USAGE, options);
if (chosen) {
  const chunks = chosen.mode === 'interleaved' ? interleaved(chosen) : calls(chosen);
  try {
    await pipeline(Readable.from(take(chunks, chosen.bytes), { objectMode: false }), process.stdout);
  } catch (error) {
    // The reader has seen enough.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EPIPE') throw error;
  }
}
