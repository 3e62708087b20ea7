/** `npm run bench:peers`: its command line, its checks of the peers, and its page. No test asserts a time. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { filled } from '../../bench/values.js';
import type { Call } from '../../bench/versus/calls.js';
import { check, observe } from '../../bench/versus/check.js';
import { filesOf, stored } from '../../bench/versus/results.js';
import { fitLine, seriesOf } from '../../bench/versus/summary.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bench = (args: string[], env: NodeJS.ProcessEnv = process.env) =>
  spawnSync(process.execPath, [join(root, 'bench/versus/index.js'), ...args], { encoding: 'utf8', env });

describe('the command line', () => {
  it.each([
    [['--only', 'nothing'], /^--only has to be one of copy, arrays, loop, .*, runtimes, but got nothing$/m],
    [['--fast'], /^Unknown option '--fast'/m],
    [['--render', '--quick'], /^--render measures nothing: leave --quick and --only out$/m],
  ])('refuses %j', (args, message) => {
    const { status, stderr } = bench(args);
    expect(status).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr).toContain('parts:');
  });

  it('--help fits 80 columns', () => {
    const { status, stdout } = bench(['--help']);
    expect(status).toBe(0);
    expect(widthOf(stdout)).toBeLessThanOrEqual(80);
  });

  it('--only prints ns per element of both sides, their ratio, and the bytes that a call allocates', () => {
    const { stdout } = bench(['--quick', '--only', 'arrays']);
    const cells = stdout
      .split('\n')
      .filter((line) => /^│ +[\d,]+ │/.test(line))
      .map((line) => line.split('│').map((cell) => cell.trim()));
    const sizes = ['128', '65,536', '1,048,576'];
    expect(cells.map(([, n]) => n)).toEqual([...sizes, ...sizes]);
    for (const row of cells) {
      expect(row).toHaveLength(12);
      for (const cell of row.slice(2, -1)) expect(Number(cell)).toBeGreaterThan(0);
    }
    expect(stdout).toMatch(/^bytes allocated per element: \d+\.\d\d$/m);
    expect(widthOf(stdout)).toBeLessThanOrEqual(80);
  });

  it('a peer that is missing has a line that says why', () => {
    const PATH = mkdtempSync(join(tmpdir(), 'dropout-wasm-'));
    try {
      const { status, stdout } = bench(['--quick', '--only', 'pytorch'], { ...process.env, PATH });
      expect(status).toBe(0);
      expect(stdout).toMatch(/^failed: no python3 on PATH has torch \(Debian: python3-torch\)$/m);
    } finally {
      rmSync(PATH, { recursive: true });
    }
  });
});

describe('a peer is not timed', () => {
  const n = 1000;
  const p = 0.5;
  const x = filled(new Float32Array(n));

  /** A dropout that draws mask after mask, and one of its two arrays. */
  function dropoutOf({ keep = 1 - p, scale = 2, repeats = false, otherMask = false } = {}): Call {
    let call = 0;
    const draw = () => Float32Array.from(x, () => Number(Math.random() < keep));
    const fixed = draw();
    const result = () => {
      call++;
      const mask = repeats ? fixed : draw();
      const apply = (mask: Float32Array) => mask.map((kept, i) => kept * x[i]! * scale);
      return { y: apply(mask), dx: apply(otherMask && call === 1 ? draw() : mask) };
    };
    return { run: result, result };
  }

  const checkOf = async (call: Call, isCopy = false) => check(await observe(call, isCopy ? 1 : 2), { n, p, isCopy });

  it('that does what it should: it is', async () => {
    await expect(checkOf(dropoutOf())).resolves.toBeUndefined();
    const copy = () => ({ y: x.slice() });
    await expect(checkOf({ run: copy, result: copy }, true)).resolves.toBeUndefined();
  });

  it.each([
    ['that returns its input', { keep: 1, scale: 1 }, /^1000 of 1000 elements are wrong$|^2000 of/],
    ['that does not scale', { scale: 1 }, /elements are wrong$/],
    ['that drops nothing', { keep: 1 }, /^kept 1000 of 1000 elements with p = 0.5$/],
    ['that drops everything', { keep: 0 }, /^kept 0 of 1000 elements with p = 0.5$/],
    ['that reuses a mask', { repeats: true }, /^two calls drew the same mask$/],
    ['whose gradient has another mask', { otherMask: true }, /elements are wrong$/],
  ])('%s', async (_, options, message) => {
    await expect(checkOf(dropoutOf(options))).rejects.toThrow(message);
  });

  it('that copies nothing', async () => {
    const result = () => ({ y: new Float32Array(n) });
    await expect(checkOf({ run: result, result }, true)).rejects.toThrow('copied 0 of 1000 elements');
  });
});

it('the fit finds a line, and the residual of a point beside it', () => {
  const line = [4096, 65_536, 1_048_576].map((n) => ({ n, ns: 100 + 0.25 * n }));
  const { a, b, points } = fitLine(line);
  expect(a).toBeCloseTo(100, 6);
  expect(b).toBeCloseTo(0.25, 9);
  for (const { residual } of points) expect(residual).toBeCloseTo(0, 9);
  const above = fitLine(line.map((point, i) => (i === 1 ? { ...point, ns: 1.1 * point.ns } : point)));
  expect(above.points[1]!.residual).toBeGreaterThan(0.01);
});

describe('docs/benchmarks.md', () => {
  const results = stored();

  it.each(Object.entries(filesOf(results)))('%s shows bench/versus/results.json', (path, text) => {
    // If it fails: npm run bench:peers -- --render
    expect(readFileSync(join(root, path), 'utf8')).toBe(text);
  });

  it('has no picture that it does not show', () => {
    const written = Object.keys(filesOf(results)).filter((path) => path.endsWith('.svg'));
    expect(readdirSync(join(root, 'docs/benchmarks')).map((name) => `docs/benchmarks/${name}`)).toEqual(written.sort());
    const page = readFileSync(join(root, 'docs/benchmarks.md'), 'utf8');
    for (const path of written) expect(page).toContain(`](${path.replace('docs/', '')})`);
  });

  it('gives the median of the times of dropout-wasm, and the ratio of the turns of each peer', () => {
    const [first] = results.peers.filter(({ timings }) => timings.length > 0);
    const timing = first!.timings.find(({ measure, n, p }) => measure === 'forward' && n === 2 ** 20 && p === 0.5)!;
    const all = results.peers.flatMap(({ timings }) => timings.filter((t) => t.measure === 'forward' && t.p === 0.5));
    const times = all.filter(({ n }) => n === timing.n).map(({ ours }) => ours);
    const [ours, ...peers] = seriesOf(results, 'forward', 0.5);
    const middle = times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!;
    expect(ours!.points.find(({ n }) => n === timing.n)!.ns).toBe(middle / timing.n);
    const peer = peers.find(({ name }) => name === first!.name)!;
    expect(peer.points.find(({ n }) => n === timing.n)!.ratio).toBe(timing.peer / timing.ours);
  });
});

const widthOf = (text: string): number => Math.max(...text.split('\n').map((line) => line.length));
