/** The files that docs/install.md shows. The tests use them as they are, so the page cannot be wrong. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './project.js';

const page = readFileSync(join(ROOT, 'docs/install.md'), 'utf8');

/** Code blocks whose first line is a comment with the name of a file. */
const FILE = /^```\w+\n(?:\/\/|<!--) (\S+\.\w+).*\n([\s\S]*?)^```$/gm;

/** The files of a section by their names. @throws Error if there are none */
export function filesOf(heading: string): Record<string, string> {
  const section = page.split(/^(?=#+ )/m).find((part) => part.split('\n', 1)[0]!.replace(/^#+ /, '') === heading);
  const files = Object.fromEntries([...(section ?? '').matchAll(FILE)].map(([, name, code]) => [name!, code!]));
  if (Object.keys(files).length === 0) throw new Error(`docs/install.md shows no file under "${heading}"`);
  return files;
}

export function writeFilesOf(heading: string, directory: string): void {
  for (const [name, code] of Object.entries(filesOf(heading))) writeFileSync(join(directory, name), code);
}

/** An error that the page names. @throws Error if it does not */
export function documented(error: string): string {
  if (!page.includes(`\`${error}\``)) throw new Error(`docs/install.md does not name the error ${error}`);
  return error;
}
