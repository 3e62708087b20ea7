/** A project with the packed package as its only dependency. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import manifest from '../../package.json' with { type: 'json' };

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The path of a file in a development dependency. */
export const tool = (path: string): string => join(ROOT, 'node_modules', path);

/** Runs a program. Returns its stdout and stderr, so a warning shows. @throws Error with both if it fails */
export async function run(command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  // Removes settings that a user's shell would not have: variables of vitest and npm, and this repository's bins in
  // PATH, which include an old npm.
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

/** Packs dist and installs it in a folder with the fixtures. */
export async function install(): Promise<Project> {
  const home = mkdtempSync(join(tmpdir(), 'packaging-'));
  const remove = () => rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  try {
    // Scripts are ignored because prepack would build dist again while other tests read it.
    await run('npm', ['pack', '--ignore-scripts', '--pack-destination', home], ROOT);
    const tarball = join(home, `dropout-wasm-${manifest.version}.tgz`);
    const directory = join(home, 'project');
    cpSync(join(ROOT, 'tests/packaging/fixtures'), directory, { recursive: true });
    writeFileSync(join(directory, 'package.json'), '{ "type": "module", "private": true }\n');
    await run('npm', ['install', '--offline', '--no-package-lock', tarball], directory);
    // The peer dependencies of dropout-wasm/tfjs.
    symlinkSync(tool('@tensorflow'), join(directory, 'node_modules/@tensorflow'), 'junction');
    mkdirSync(join(directory, 'out'));
    return { directory, tarball, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/**
 * Installs a tool beside the project, from a folder of tests/tools that has a lock file, and puts the packed package and
 * the fixtures there. Removed with the project.
 *
 * @param folders more folders of tests/tools to copy
 */
export async function installTool(project: Project, name: string, ...folders: string[]): Promise<string> {
  const directory = join(dirname(project.directory), name);
  const sources = ['packaging/fixtures', ...[...folders, name].map((folder) => `tools/${folder}`)];
  for (const source of sources) cpSync(join(ROOT, 'tests', source), directory, { recursive: true });
  await run('npm', ['ci', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'], directory);
  const installed = 'node_modules/dropout-wasm';
  cpSync(join(project.directory, installed), join(directory, installed), { recursive: true });
  symlinkSync(tool('@tensorflow'), join(directory, 'node_modules/@tensorflow'), 'junction');
  return directory;
}
