/**
 * Serves the page: `node examples/workers/serve.js`. It bundles the page and its worker at every request, since import
 * maps do not apply to workers. In a project of your own, your bundler does that.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { context } from 'esbuild';
import { printErrors } from '../program.js';

const HELP = `Usage: node examples/workers/serve.js [options]

Serves the page of the example on 127.0.0.1.

  --port N   the port, or 0 for any that is free (default: 8080)
  --help     print this help`;

/** @param {string} text */
function portOf(text) {
  if (!/^\d+$/.test(text) || Number(text) > 65535) throw new RangeError(`--port takes 0 to 65535, but got "${text}"`);
  return Number(text);
}

/** @param {number} wanted */
async function serve(wanted) {
  const here = fileURLToPath(new URL('.', import.meta.url));
  const pages = await context({
    absWorkingDir: here,
    entryPoints: ['page.js', 'worker.js'],
    outdir: '.',
    write: false,
    bundle: true,
    // workerpool requires these in Node alone.
    external: ['child_process', 'os', 'worker_threads'],
    format: 'esm',
    target: 'es2022',
    // The paths of the root's tsconfig.json lead to the source of dropout-wasm.
    tsconfigRaw: {},
  });
  try {
    const { port } = await pages.serve({ servedir: here, host: '127.0.0.1', port: wanted });
    console.log(`http://127.0.0.1:${port}/ (Ctrl-C ends the server)`);
  } catch (error) {
    await pages.dispose();
    throw error;
  }
}

await printErrors(async () => {
  const { values } = parseArgs({
    options: { port: { type: 'string', default: '8080' }, help: { type: 'boolean', default: false } },
  });
  if (values.help) console.log(HELP);
  else await serve(portOf(values.port));
});
