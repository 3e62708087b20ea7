/**
 * Builds the site from website/ into site/: `npm run site`. With `-- --serve`, also serves it. Each step prints a line.
 */
import { parseArgs } from 'node:util';
import { SITE } from './paths.js';
import { serve } from './serve.js';

const HELP = `npm run site                           builds site/ from website/
npm run site -- --serve [--port 8080]  builds it, then serves it until Ctrl-C`;

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
  // TypeDoc and the highlighter take seconds to load.
  const { STEPS } = await import('./steps.js');
  for (const [name, step] of Object.entries(STEPS)) console.log(`${name.padEnd(12)}${await step()}`);
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
