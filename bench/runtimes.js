/** The rows of `core.js` in other runtimes, which are found and started as tests/runtimes does. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { runnerImport } from 'vite';
import { CORE } from './core.js';
import { progress, table } from './report.js';

/** @typedef {import('../tests/runtimes/runtimes.js').Runtime & { id: string }} Runtime */

/**
 * @typedef {object} RuntimeResult
 * @property {string} id
 * @property {string} name
 * @property {string} [version]
 * @property {string} [error] why there are no results, or not all
 * @property {import('./core.js').Result[]} results
 */

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** ns: JavaScriptCore runs a small call at a third of its final speed during the first second. */
const WARM_UP = 1.5e9;

/** The names that `--runtime` takes. */
export const RUNTIMES = ['node20', 'node22', 'node24', 'node26', 'deno', 'bun', 'chromium', 'firefox', 'webkit'];

export const RUNTIMES_LEGEND = `ours and loop: ns per element of a large call, ns per call of 128 elements, f32,
p = 0.5; medians over the quieter half of the rounds; both sides have a turn in
each round, in one process or page. ratio = loop / ours: above 1 ours is faster.
loop draws by Math.random (GaussianDropout: by the formula of Box and Muller).`;

/**
 * Times all rows in some runtimes. One that is missing or fails has an error.
 *
 * @param {string[]} ids of `RUNTIMES`
 * @param {import('./measure.js').Effort} effort
 * @param {(result: RuntimeResult) => void} [done]
 * @returns {Promise<RuntimeResult[]>}
 */
export async function timeRuntimes(ids, effort, done = () => {}) {
  await bundle();
  // tests/runtimes is TypeScript, which Node 20 does not run.
  process.env.RUNTIMES ??= 'test';
  const load = async (/** @type {string} */ path) => {
    const options = { root: ROOT, configFile: /** @type {const} */ (false), logLevel: /** @type {const} */ ('error') };
    return (await runnerImport(ROOT + path, options)).module;
  };
  /** @type {typeof import('../tests/runtimes/runtimes.js')} */
  const { closeBrowsers, runtimes, versionOf } = /** @type {any} */ (await load('tests/runtimes/runtimes.ts'));
  /** @type {typeof import('../tests/runtimes/binaries.js')} */
  const { binaries, commandOf, install } = /** @type {any} */ (await load('tests/runtimes/binaries.ts'));
  const all = [];
  try {
    for (const id of ids) {
      /** @type {RuntimeResult} */
      const result = { id, name: id, results: [] };
      try {
        progress(`${id}: install`);
        const binary = binaries.find(({ name }) => idOf(name) === id);
        if (binary) await install(binary);
        const found = runtimes.find(({ name }) => idOf(name) === id);
        if (!found?.bench) throw new Error(`this is Node ${process.versions.node}, and npm has no program for ${id}`);
        // A binary that was installed just now.
        const command = binary ? commandOf(binary) : found.command;
        if (!command) throw new Error('not installed');
        result.name = found.name.replace(/ \d+$/, '');
        result.version = await versionOf(command);
        for (const { name } of CORE) {
          progress(`${id}: ${name}`);
          result.results.push(
            await found.bench(JSON.stringify({ name, effort: { ...effort, warmUp: WARM_UP } }), command),
          );
        }
      } catch (error) {
        result.error = `${error instanceof Error ? error.message : error}`.split('\n')[0] ?? '';
      }
      done(result);
      all.push(result);
    }
  } finally {
    await closeBrowsers();
  }
  return all;
}

/** @param {string} name of a runtime of tests/runtimes */
function idOf(name) {
  // The Node that runs this.
  if (name === 'Node') return `node${process.versions.node.split('.')[0]}`;
  return name.toLowerCase().replace(/^node (\d+)$/, 'node$1');
}

/** Beside the suite of tests/runtimes, where pages may load it. */
async function bundle() {
  await build({
    entryPoints: { bench: `${ROOT}bench/core.js`, 'bench-console': `${ROOT}bench/core-console.js` },
    outdir: `${ROOT}build/runtimes`,
    bundle: true,
    packages: 'external',
    // Ignores the paths of tsconfig.json, which map the package's name to its source.
    tsconfigRaw: {},
    format: 'esm',
    target: 'es2022',
    logLevel: 'error',
  });
  // Bun follows those paths too, unless it finds a nearer tsconfig.json.
  mkdirSync(`${ROOT}build/runtimes`, { recursive: true });
  writeFileSync(`${ROOT}build/runtimes/tsconfig.json`, '{}');
}

/**
 * The runtime, its rows, and why there are none or not all.
 *
 * @param {RuntimeResult} result
 */
export function runtimeTable({ name, version, error, results }) {
  const lines = results.map((result) => {
    const { title } = /** @type {import('./core.js').Row} */ (CORE.find((row) => row.name === result.name));
    const ratio = (result.loop / result.ours).toFixed(1);
    return [{ content: title, hAlign: /** @type {const} */ ('left') }, count(result.n), ...perUnit(result), ratio];
  });
  const rows = lines.length > 0 ? [table([['', 'n', 'ours', 'loop', 'ratio'], ...lines])] : [];
  return [version ? `${name} ${version}` : name, ...rows, ...(error ? [`not timed: ${error}`] : [])].join('\n');
}

/** @param {number} n */
function count(n) {
  return n.toLocaleString('en');
}

/**
 * ns per element of a large call, ns per call of a small one.
 *
 * @param {{ n: number, ours: number, loop: number }} result
 */
export function perUnit({ n, ours, loop }) {
  return [ours, loop].map((ns) => (n > 1000 ? (ns / n).toPrecision(3) : ns.toFixed(0)));
}
