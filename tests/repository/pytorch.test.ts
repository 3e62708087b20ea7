/** PyTorch's row of the seed experiment, with stand-ins for python3 on PATH, and with the installed one. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runPyTorch } from '../../examples/digits/report/pytorch.js';

const HINT = "For PyTorch's row, install torch for a python3 on PATH (Debian: python3-torch).";
const ANSWER = { version: '2.5.1+cpu', mean: 1.0005, std: 0.9999, repeats: true, freshMasks: true };
const FOUND = {
  measurements: [{ name: 'PyTorch nn.Dropout, seed 42', mean: 1.0005, std: 0.9999, repeats: true, freshMasks: true }],
  note: 'PyTorch 2.5.1+cpu draws other masks than dropout-wasm for the same seed.',
  failures: [],
};

/** Programs in place of python3. They use nothing but the shell. */
const prints = (text: string) => `echo '${text}'`;
const WITH_TORCH = prints(JSON.stringify(ANSWER));
const WITHOUT_TORCH = `echo "ModuleNotFoundError: No module named 'torch'" >&2; exit 1`;
const CRASHES = 'kill -SEGV $$';
const FAILS = `echo 'Traceback' >&2; echo 'ImportError: libtorch.so' >&2; exit 1`;
const HANGS = 'while :; do :; done';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pytorch-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** Puts these programs on PATH, in this order, and nothing else. Returns their paths. */
function install(...programs: string[]): string[] {
  const paths = programs.map((program, i) => {
    mkdirSync(join(folder, `${i}`));
    const path = join(folder, `${i}`, 'python3');
    writeFileSync(path, `#!/bin/sh\n${program}\n`);
    chmodSync(path, 0o755);
    return path;
  });
  vi.stubEnv('PATH', paths.map((path) => join(path, '..')).join(delimiter));
  return paths;
}

describe('runPyTorch', () => {
  it('returns the measurement of a python3 with torch', async () => {
    install(WITH_TORCH);
    expect(await runPyTorch()).toEqual(FOUND);
  });

  it('asks each python3 in the order of PATH, until one has torch', async () => {
    const other = prints(JSON.stringify({ ...ANSWER, version: '1.0' }));
    install(WITHOUT_TORCH, WITH_TORCH, other);
    expect(await runPyTorch()).toEqual(FOUND);
  });

  it('says how to get the row if no python3 has torch, or none is there', async () => {
    const missing = { measurements: [], note: HINT, failures: [] };
    install(WITHOUT_TORCH, WITHOUT_TORCH);
    expect(await runPyTorch()).toEqual(missing);
    vi.stubEnv('PATH', '');
    expect(await runPyTorch()).toEqual(missing);
  });

  it.each([
    ['crashes', CRASHES, 'ended by SIGSEGV'],
    ['fails', FAILS, 'ImportError: libtorch.so'],
    ['prints rubbish', prints('<b>torch</b>'), 'printed no measurement'],
    ['prints nothing', 'exit 0', 'printed no measurement'],
    ['prints null', prints('null'), 'printed no measurement'],
    ['prints a bad number', prints(JSON.stringify({ ...ANSWER, std: null })), 'printed no measurement'],
    ['prints a bad flag', prints(JSON.stringify({ ...ANSWER, repeats: 1 })), 'printed no measurement'],
    ['prints HTML', prints(JSON.stringify({ ...ANSWER, version: '<b>' })), 'printed no measurement'],
    ['prints without end', `while echo ${'0'.repeat(1000)}; do :; done`, 'stdout maxBuffer length exceeded'],
  ])('names a python3 that %s, and asks the next', async (_, program, reason) => {
    const [first] = install(program, WITH_TORCH);
    expect(await runPyTorch()).toEqual({ ...FOUND, failures: [`${first}: ${reason}`] });
    rmSync(join(folder, '1'), { recursive: true });
    expect(await runPyTorch()).toEqual({ measurements: [], note: HINT, failures: [`${first}: ${reason}`] });
  });

  it('ends a python3 that hangs', async () => {
    const [path] = install(HANGS);
    const failures = [`${path}: no answer within 0.2 s`];
    expect(await runPyTorch(200)).toEqual({ measurements: [], note: HINT, failures });
  });

  it('measures with the PyTorch that is installed', async () => {
    const { measurements, failures } = await runPyTorch(100_000);
    expect(failures).toEqual([]);
    for (const { mean, std, repeats, freshMasks } of measurements) {
      expect([mean, std]).toEqual([expect.closeTo(1, 1), expect.closeTo(1, 1)]);
      expect([repeats, freshMasks]).toEqual([true, true]);
    }
  });
});
