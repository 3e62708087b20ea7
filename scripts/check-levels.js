/**
 * Checks the import order in src/ as part of `npm run check`. Its folders form levels, and a file imports from its own
 * level or from lower ones, type imports included. Import cycles are left to biome's rule noImportCycles.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';

/** From the lowest level to the highest: the folders and files of src/. */
const LEVELS = [
  ['core'],
  ['backend'],
  ['generator', 'arena'],
  ['functional'],
  ['layers'],
  ['internals'],
  ['index', 'inference', 'monte-carlo', 'onnx', 'tfjs', 'threads', 'webgpu'],
];

/** @param {string} path relative to src/, such as "layers/dropout.ts" */
function levelOf(path) {
  const name = path.replace(/[/.].*/, '');
  const level = LEVELS.findIndex((names) => names.includes(name));
  if (level < 0) throw new Error(`src/${path} is on no level: add ${name} to LEVELS in scripts/check-levels.js`);
  return level;
}

const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => /(?<!\.d)\.ts$/.test(path));

let errors = 0;
for (const file of files) {
  const code = readFileSync(`src/${file}`, 'utf8');
  for (const [, specifier = ''] of code.matchAll(/(?:from|import|import\() ?'(\.{1,2}\/[^']*\.js)'/g)) {
    const target = posix.join(posix.dirname(file), specifier).replace(/\.js$/, '.ts');
    if (!existsSync(`src/${target}`)) throw new Error(`src/${target} is missing: run \`npm run build:kernel\` first`);
    if (levelOf(target) <= levelOf(file)) continue;
    console.error(`src/${file} imports src/${target} from a higher level`);
    errors++;
  }
}
if (errors > 0) {
  console.error(`levels, from low to high: ${LEVELS.map((names) => names.join(', ')).join(' ← ')}`);
  process.exitCode = 1;
}
