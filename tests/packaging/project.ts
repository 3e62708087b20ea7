/** A project that has installed the packed package, and nothing else. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import manifest from '../../package.json' with { type: 'json' };

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A file of a development dependency. */
export const tool = (path: string): string => join(ROOT, 'node_modules', path);

/** What a program prints, on both streams: a warning is a difference. @throws Error with it, if it fails */
export async function run(command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  // vitest sets NODE_ENV and the like, npm its own and a PATH with the bins of this repository, an old npm among them:
  // a user's shell has none of it.
  const clean = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_|VITEST|DEV$|PROD$|MODE$)/.test(name));
  const path = (process.env.PATH ?? '').split(delimiter);
  const PATH = path.filter((folder) => !folder.includes('node_modules')).join(delimiter);
  const options = { cwd, env: { ...Object.fromEntries(clean), PATH, NO_COLOR: '1', ...env }, maxBuffer: 2 ** 24 };
  const { stdout, stderr } = await promisify(execFile)(command, args, options).catch((error) => {
    throw new Error(`${error.message}\n${error.stdout}`);
  });
  return (stdout + stderr).trim();
}

export interface Project {
  directory: string;
  tarball: string;
  remove(): void;
}

/** Packs what is built, and installs it beside the fixtures. */
export async function install(): Promise<Project> {
  const home = mkdtempSync(join(tmpdir(), 'packaging-'));
  const remove = () => rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  try {
    // The build has just been made, and must not be made anew while other tests read it.
    await run('npm', ['pack', '--ignore-scripts', '--pack-destination', home], ROOT);
    const tarball = join(home, `dropout-wasm-${manifest.version}.tgz`);
    const directory = join(home, 'project');
    cpSync(join(ROOT, 'tests/packaging/fixtures'), directory, { recursive: true });
    writeFileSync(join(directory, 'package.json'), '{ "type": "module", "private": true }\n');
    await run('npm', ['install', '--offline', '--no-package-lock', tarball], directory);
    // The peers of dropout-wasm/tfjs.
    symlinkSync(tool('@tensorflow'), join(directory, 'node_modules/@tensorflow'), 'junction');
    mkdirSync(join(directory, 'out'));
    return { directory, tarball, remove };
  } catch (error) {
    remove();
    throw error;
  }
}
