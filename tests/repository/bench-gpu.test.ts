/** `npm run bench:gpu`: its command line, and a short run where Chromium is installed. No test asserts a time. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { GROUPS, SIDES } from '../../bench/gpu/sides.js';
import { findChromium } from '../../scripts/programs.js';

const script = fileURLToPath(new URL('../../bench/gpu/index.js', import.meta.url));
const bench = (args: string[], env: NodeJS.ProcessEnv = process.env) =>
  spawnSync(process.execPath, [script, ...args], { encoding: 'utf8', env });
const widthOf = (text: string): number => Math.max(...text.split('\n').map((line) => line.length));

describe('the command line', () => {
  it.each([
    ['--fast', /^Unknown option '--fast'/m],
    ['--size=0', /^--size has to be a multiple of 128 from 128 to 8388608, but got 0$/m],
    ['--size=1000', /^--size has to be a multiple of 128 .*, but got 1000$/m],
    ['--size=16777216', /^--size has to be .*, but got 16777216$/m],
    ['--size=1e6', /^--size has to be .*, but got 1e6$/m],
  ])('refuses %s', (option, message) => {
    const { status, stderr } = bench([option]);
    expect(status).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr).toContain('node bench/gpu/index.js [--quick]');
  });

  it('--help fits 80 columns', () => {
    const { status, stdout } = bench(['--help']);
    expect(status).toBe(0);
    expect(stdout).toContain('--software');
    expect(widthOf(stdout)).toBeLessThanOrEqual(80);
  });

  it('says that Chromium is missing', () => {
    // No program on PATH, so no browser.
    const { status, stderr } = bench(['--quick'], { ...process.env, PATH: '' });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^Chromium is not installed$/m);
  });
});

describe.skipIf(!findChromium())('a short run', () => {
  const args = ['--quick', '--size', '640'];

  it('without a GPU takes SwiftShader, says that it is software, and prints every side, in 80 columns', () => {
    const folder = mkdtempSync(join(tmpdir(), 'dropout-wasm-'));
    // A Chromium that has WebGPU on SwiftShader alone.
    const program = `#!/bin/sh
case "$*" in *use-webgpu-adapter=swiftshader*) ;; *) set -- --disable-software-rasterizer "$@" ;; esac
PATH='${process.env.PATH}' exec '${findChromium()}' "$@"
`;
    writeFileSync(join(folder, 'chromium'), program, { mode: 0o755 });
    const { status, stdout } = bench(args, { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}` });
    rmSync(folder, { recursive: true });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Chromium finds no WebGPU adapter here: SwiftShader instead\.$/m);
    expect(stdout).toMatch(/^Chromium [\d.]+, adapter: .*swiftshader/im);
    expect(stdout).toMatch(/^This adapter is software: it computes on the CPU\./m);
    expect(stdout.match(/^n = .*$/gm)).toEqual(['n = 640']);
    const cells = stdout
      .split('\n')
      .filter((line) => /^│ \S/.test(line))
      .map((line) => line.split('│').map((cell) => cell.trim()));
    const titles = GROUPS.flatMap(({ ours, peers }) => [ours, ...peers].map((side) => SIDES[side]));
    expect(cells.map(([, title]) => title)).toEqual(titles);
    for (const [, title, ...row] of cells) {
      const isOurs = GROUPS.some(({ ours }) => SIDES[ours] === title);
      for (const cell of row.slice(0, 6).filter((_, i) => i % 3 === 0 || !isOurs))
        expect(Number.parseFloat(cell)).toBeGreaterThanOrEqual(0);
    }
    expect(widthOf(stdout)).toBeLessThanOrEqual(80);
  });

  it('--software --json prints the adapter, and a ratio to ours for each side', () => {
    const { adapter, results } = JSON.parse(bench([...args, '--software', '--json']).stdout);
    expect(adapter.isSoftware).toBe(true);
    const names = GROUPS.flatMap(({ ours, peers }) =>
      [ours, ...peers].map((side) => [SIDES[side], SIDES[ours]] as const),
    );
    expect(results.map(({ n, p, name, against }: Result) => [n, p, name, against])).toEqual(
      [0.5, 0.1].flatMap((p) => names.map(([name, against]) => [640, p, name, against])),
    );
    for (const { name, against, ms, ratio } of results as Result[]) {
      expect(ms).toBeGreaterThan(0);
      if (name === against) expect(ratio).toBe(1);
      else expect(ratio).toBeGreaterThan(0);
    }
  });
});

interface Result {
  n: number;
  p: number;
  name: string;
  against: string;
  ms: number;
  ratio: number;
}
