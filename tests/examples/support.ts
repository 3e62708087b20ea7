/** The examples that have packages of their own. */
import { join } from 'node:path';
import { ROOT, run, tool } from '../packaging/project.js';

/** The folder of an example. */
export const folderOf = (name: string): string => join(ROOT, 'examples', name);

/** Installs the packages of an example by its lock file, with dropout-wasm linked to this repository. */
export async function installExample(name: string): Promise<void> {
  await run('npm', ['ci', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'], folderOf(name));
}

/** Checks the types of an example, whose packages the root does not have. @throws Error with what tsc prints */
export async function checkTypes(name: string): Promise<void> {
  await run(process.execPath, [tool('typescript/bin/tsc'), '-p', folderOf(name)], ROOT);
}
