/** `npm run stream`: the bytes of each mode are those of the package's calls, and its command line. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Generator, type MaskOptions, mask } from 'dropout-wasm';
import { describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };

const script = fileURLToPath(new URL('../../scripts/stream.js', import.meta.url));
const stream = (...args: string[]): Buffer =>
  execFileSync(process.execPath, [script, ...args], { stdio: 'pipe', maxBuffer: 2 ** 26 });

/** The masks of calls in a row. */
const calls = (length: number, count: number, options: (call: number) => Omit<MaskOptions, 'p'>, p = 0.5): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, c) => mask(length, { p, format: 'bits', ...options(c) })));

const generator = new Generator(42);

describe('--mode', () => {
  it.each<[mode: string, length: number, options: (call: number) => Omit<MaskOptions, 'p'>]>([
    ['one', 16384, (c) => ({ key: generator.keyAt(0), offset: 16384 * c })],
    ['keys', 16384, (c) => ({ key: generator.keyAt(c) })],
    ['seeds', 16384, (c) => ({ key: new Generator(42 + c).keyAt(0) })],
    ['forks', 16384, (c) => ({ key: generator.fork(`#${c}`).keyAt(0) })],
    ['first', 64, (c) => ({ key: generator.keyAt(c) })],
    ['interleaved', 64, (c) => ({ key: generator.keyAt(c % 8196), offset: 64 * Math.floor(c / 8196) })],
  ])('%s', (mode, length, options) => {
    // Some bytes are left of the last call.
    const expected = calls(length, 8196 * 2 + 1, options).subarray(0, mode === 'interleaved' ? undefined : 400_001);
    const printed = stream('--mode', mode, '--bytes', String(expected.length));
    expect(printed.equals(expected)).toBe(true);
  });

  it('forks has the children that spawn returns', () => {
    const parent = new Generator(7);
    const expected = calls(4096, 3, () => ({ key: parent.spawn().keyAt(0) }));
    expect(stream('--mode', 'forks', '--seed', '7', '--length', '4096', '--bytes', '1536').equals(expected)).toBe(true);
  });

  it('interleaved takes turns of any length, over more blocks than it draws at once', () => {
    const expected = calls(1000, 3 * 20, (c) => ({ key: generator.keyAt(c % 3), offset: 1000 * Math.floor(c / 3) }));
    const printed = stream('--mode', 'interleaved', '--streams', '3', '--length', '1000', '--bytes', '7500');
    expect(printed.equals(expected)).toBe(true);
  });
});

describe('an option', () => {
  it('sets p and the key', () => {
    const expected = calls(16384, 2, (c) => ({ key: '0xbdd732262feb6e95', offset: 16384 * c }), 0.1);
    const printed = stream('--mode', 'one', '--p', '0.1', '--key', '0xbdd732262feb6e95', '--bytes', '4096');
    expect(printed.equals(expected)).toBe(true);
  });

  it('sets the first seed, and seeds continue at 0 after 2^64 − 1', () => {
    const expected = calls(64, 3, (c) => ({ key: new Generator([2n ** 64n - 1n, 0n, 1n][c]!).keyAt(0) }));
    const printed = stream('--mode', 'seeds', '--seed', String(2n ** 64n - 1n), '--length', '64', '--bytes', '24');
    expect(printed.equals(expected)).toBe(true);
  });

  it.each([
    [[], '--mode has to be given: one of one, keys, seeds, forks, first, interleaved'],
    [['--mode', 'two'], '--mode has to be one of one, keys, seeds, forks, first, interleaved, but got two'],
    [['--mode', 'one', '--p', '1.5'], '--p has to be a number from 0 to 1, but got 1.5'],
    [['--mode', 'one', '--p', ''], '--p has to be a number from 0 to 1, but got '],
    [['--mode', 'one', '--seed=-1'], '--seed has to be a whole number from 0 to 2^64 - 1, but got -1'],
    [['--mode', 'one', '--seed', String(2n ** 64n)], '--seed has to be a whole number from 0 to 2^64 - 1'],
    [['--mode', 'keys', '--key', '0x1'], '--key has to be left out unless --mode is one, but got 0x1'],
    [['--mode', 'one', '--key', 'seven'], '--key has to be 1 to 16 hex digits, but got seven'],
    [['--mode', 'one', '--key', '0x1', '--seed', '1'], '--key has to be left out beside --seed, but got 0x1'],
    [['--mode', 'one', '--length', '12'], '--length has to be a multiple of 8, but got 12'],
    [['--mode', 'one', '--length', '0'], '--length has to be a whole number from 1 to 4294967296, but got 0'],
    [['--mode', 'one', '--length', '1e13'], '--length has to be a whole number from 1 to 4294967296, but got 1e13'],
    [['--mode', 'one', '--length', '4294967304'], '--length has to be a whole number from 1 to 4294967296'],
    [['--mode', 'keys', '--streams', '2'], '--streams has to be left out unless --mode is interleaved, but got 2'],
    [['--mode', 'one', '--bytes', '1e9'], '--bytes has to be a whole number from 1, but got 1e9'],
    [['--mode', 'one', '--fast'], "Unknown option '--fast'"],
    [['one', '--mode', 'one'], "Unexpected argument 'one'"],
  ])('%j that is wrong ends with 1, the mistake and the usage, and writes nothing', (args, message) => {
    try {
      stream(...args);
      expect.unreachable();
    } catch (error) {
      const { status, stdout, stderr } = error as { status: number; stdout: Buffer; stderr: Buffer };
      expect(status).toBe(1);
      expect(stdout).toHaveLength(0);
      expect(stderr.toString()).toContain(message);
      expect(stderr.toString()).toContain('npm run -s stream -- --mode MODE');
    }
  });
});

it('npm run builds first, and what the build prints goes to stderr', () => {
  expect(manifest.scripts.prestream).toMatch(/build\.js >&2$/);
});

it('--help prints the usage in 80 columns', () => {
  const lines = stream('--help').toString().split('\n');
  expect(lines.join('\n')).toContain('--mode interleaved');
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
});

it('ends with 0 and without a message when the reader closes the pipe', async () => {
  const child = spawn(process.execPath, [script, '--mode', 'one'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const errors: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  const [first] = (await once(child.stdout, 'data')) as [Buffer];
  expect(first.length).toBeGreaterThan(0);
  child.stdout.destroy();
  const [code, signal] = await once(child, 'close');
  expect([code, signal, Buffer.concat(errors).toString()]).toEqual([0, null, '']);
});
