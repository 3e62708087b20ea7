/** Builds are reproducible: anyone can build the binaries again and compare them with those published. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { ROOT, run, tool } from './project.js';

it.each(['kernel', 'extras', 'fused', 'gaussian'])('a second build of %s.wasm has the same bytes', async (name) => {
  const folder = mkdtempSync(join(tmpdir(), 'reproducible-'));
  try {
    const rebuilt = join(folder, `${name}.wasm`);
    const options = [`assembly/${name}.ts`, '--target', 'release', '--outFile', rebuilt];
    await run(process.execPath, [tool('assemblyscript/bin/asc.js'), ...options], ROOT);
    expect(readFileSync(rebuilt).equals(readFileSync(join(ROOT, `dist/${name}.wasm`)))).toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/**
 * Copies what a clone has into a folder, builds and packs it there. Installed packages are hard links, as the paths of
 * their files are part of a bundle.
 *
 * @param umask as in a shell
 */
async function packIn(folder: string, umask: string, env: NodeJS.ProcessEnv): Promise<Buffer> {
  const files = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], ROOT);
  const shell = (command: string) => run('sh', ['-c', `umask ${umask}; ${command}`], folder, env);
  mkdirSync(folder, { recursive: true });
  for (const file of files.split('\0').filter((file) => file && existsSync(join(ROOT, file)))) {
    mkdirSync(join(folder, dirname(file)), { recursive: true });
    // As text or bytes alone: with the mode of the umask, and the present time.
    writeFileSync(join(folder, file), readFileSync(join(ROOT, file)), { mode: 0o666 & ~Number.parseInt(umask, 8) });
  }
  await run('cp', ['-al', join(ROOT, 'node_modules'), folder], ROOT);
  // With prepack, as `npm publish` does.
  await shell('npm pack --loglevel error');
  return readFileSync(join(folder, `dropout-wasm-${manifest.version}.tgz`));
}

// cp -l links on no other system.
it.runIf(process.platform === 'linux')(
  'the tarball has the same bytes from two folders, users’ settings and times',
  async () => {
    const home = mkdtempSync(join(tmpdir(), 'reproducible-'));
    try {
      const first = await packIn(join(home, 'a'), '022', { TZ: 'UTC', LANG: 'C' });
      const settings = { TZ: 'Pacific/Kiritimati', LANG: 'de_DE.UTF-8', LC_ALL: 'de_DE.UTF-8', NODE_ENV: 'production' };
      const second = await packIn(join(home, 'another folder/b'), '077', settings);
      expect(first.length).toBeGreaterThan(100_000);
      expect(first.equals(second)).toBe(true);
    } finally {
      rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    }
  },
  600_000,
);
