/**
 * Builds the site from website/ into site/: `npm run site`. With `-- --serve`, also serves it. Each step prints a line.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { checkExamples } from './api/examples.js';
import { writeReference } from './api/reference.js';
import { writeDocs } from './docs.js';
import { layout } from './layout.js';
import { checkLinks } from './links.js';
import { ROOT, SITE } from './paths.js';
import { writePlayground } from './playground.js';
import { serve } from './serve.js';

const HELP = `npm run site                           builds site/ from website/
npm run site -- --serve [--port 8080]  builds it, then serves it until Ctrl-C`;

/** The steps in their order: each does its work and returns what it prints. */
const STEPS = {
  types() {
    const typescript = createRequire(import.meta.url).resolve('../node_modules/typescript/bin/tsc');
    execFileSync(process.execPath, [typescript, '-p', 'website'], { cwd: ROOT, stdio: 'inherit' });
    return 'of website/ are right';
  },
  examples() {
    return `${checkExamples()} in the docstrings print what they state`;
  },
  async API() {
    await writeReference();
    return 'every public name has a docstring';
  },
  async docs() {
    const { pages, files } = await writeDocs();
    return `${pages} pages, and ${files} files that they link to`;
  },
  async playground() {
    return `${Math.round((await writePlayground()) / 1000)} KB of JavaScript`;
  },
  links() {
    const { pages, links, faults } = checkLinks(SITE);
    if (faults.length > 0) throw new Error(`${faults.join('\n')}\n${faults.length} dead links`);
    return `${links} on ${pages} pages lead somewhere`;
  },
};

/** Reads the command line. */
function readOptions() {
  const { values } = parseArgs({
    options: { serve: { type: 'boolean' }, port: { type: 'string' }, help: { type: 'boolean' } },
  });
  const port = Number(values.port ?? 8080);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new RangeError(`--port takes a whole number from 0 to 65535, but got "${values.port}"`);
  if (values.port !== undefined && !values.serve)
    throw new TypeError('--port is of use with --serve only: add --serve');
  return { ...values, port };
}

async function main() {
  const options = readOptions();
  if (options.help) return console.log(HELP);
  rmSync(SITE, { recursive: true, force: true });
  mkdirSync(SITE);
  for (const name of ['style.css', 'icon.svg']) copyFileSync(`${ROOT}website/${name}`, SITE + name);
  const body = '<main id="main" class="index"><h1>There is no such page</h1>\n<p>The links above lead on.</p></main>';
  writeFileSync(`${SITE}404.html`, layout({ address: '404.html', title: 'Not found', about: 'Not found.', body }));
  for (const [name, step] of Object.entries(STEPS)) console.log(`${name.padEnd(12)}${await step()}`);
  console.log(`${'site/'.padEnd(12)}is built: index.html is the first page`);
  if (!options.serve) return;
  const server = await serve(SITE, options.port);
  const address = server.address();
  console.log(`http://localhost:${typeof address === 'object' && address?.port}/  Ctrl-C ends it`);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
