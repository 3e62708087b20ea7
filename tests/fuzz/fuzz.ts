/** Random programs on two packages, and the report of one that fails. */
import fc from 'fast-check';
import { Finding, type Machine, Pair } from './machine.js';
import { createMemory } from './memory.js';
import { newModel, programs } from './steps.js';

export interface FuzzOptions {
  seed: number;
  /** The number of programs. */
  runs: number;
  /** The most steps of a program. Default 30. */
  maxSteps?: number;
  /** Where fast-check starts, from an earlier report. */
  path?: string;
  /** Labels of steps that are left out. */
  without?: readonly string[];
  /** Called with the label of each step that runs. */
  count?: (label: string) => void;
}

/** A program that fails. */
export interface Failure {
  seed: number;
  path: string;
  message: string;
  /** The statements of the smallest program found. */
  program: string[];
}

/**
 * Runs random programs until one fails.
 * @returns the smallest program that fails, or undefined if none does
 */
export async function fuzz(machines: [Machine, Machine], options: FuzzOptions): Promise<Failure | undefined> {
  const { seed, runs, maxSteps = 30, path, without, count } = options;
  let last: string[] = [];
  const property = fc.asyncProperty(programs(maxSteps, without, count), async (program) => {
    const pair = new Pair(machines);
    try {
      await fc.asyncModelRun(() => ({ model: newModel(), real: { pair } }), program);
    } catch (error) {
      last = pair.program();
      throw error;
    }
  });
  const details = await fc.check(property, { seed, numRuns: runs, ...(path !== undefined && { path }) });
  if (!details.failed) return undefined;
  const { errorInstance: error } = details;
  // A mistake in the fuzzer itself.
  if (!(error instanceof Finding)) throw error;
  return { seed, path: details.counterexamplePath!, message: error.message, program: last };
}

/** A program that anybody can run in a clone after `npm run build`. It prints what the two packages give. */
export function programOf({ program }: Failure): string {
  const text = program.join('\n');
  const uses = (name: string) => new RegExp(`\\b${name}\\b`).test(text);
  const imports = [
    ['dropout-wasm/monte-carlo', ['fromBytes', 'merge', 'monteCarlo']],
    ['dropout-wasm/onnx', ['onnxDropout']],
  ] as const;
  const threaded = uses("'shared'");
  return [
    "import * as wasm from 'dropout-wasm';",
    "import * as reference from 'dropout-wasm/reference';",
    ...(uses('inference') ? ["import * as inference from 'dropout-wasm/inference';"] : []),
    ...imports.flatMap(([entry, names]) => {
      const used = names.filter(uses);
      return used.length ? [`import { ${used.join(', ')} } from '${entry}';`] : [];
    }),
    ...(threaded ? ["import { SharedArena } from 'dropout-wasm/threads';"] : []),
    '',
    ...(uses('same') ? [`const same = ${same};`, ''] : []),
    `${createMemory}`,
    '',
    'async function run(pkg) {',
    `  const { ${NAMES.filter(uses)
      .concat('manualSeed')
      .filter((name, i, all) => all.indexOf(name) === i)
      .join(', ')} } = pkg;`,
    threaded
      ? `  const shared = pkg === wasm ? await SharedArena.create({ bytes: ${SHARED_BYTES}, threads: 2 }) : new pkg.Arena({ bytes: ${SHARED_BYTES} });`
      : '  const shared = new pkg.Arena({ bytes: 0 });',
    '  const { array, arena, other } = createMemory(pkg, shared);',
    '  manualSeed(0);',
    ...program.map((line) => `  ${line}`),
    '}',
    '',
    'for (const pkg of [wasm, reference]) console.log(await run(pkg).catch(String));',
    ...(threaded ? ['process.exit();'] : []),
    '',
  ].join('\n');
}

/** Bytes of the arena on shared memory. */
export const SHARED_BYTES = 8 * 2 ** 20;

/** Whether two arrays have the same elements. NaN equals NaN, and −0 differs from 0. */
export const same = (a: ArrayLike<number>, b: ArrayLike<number>): boolean =>
  a.length === b.length && Array.from(a).every((value, i) => Object.is(value, b[i]));

/** What programs use of a package. */
const NAMES = [
  'alphaDropout',
  'alphaDropoutBackward',
  'applyMask',
  'biasDropoutResidual',
  'biasDropoutResidualBackward',
  'dropBlock2d',
  'dropout',
  'gaussianDropout',
  'gaussianNoise',
  'mask',
  'Arena',
  'Generator',
  'layersFromJSON',
  'layersToJSON',
  'setTraining',
  'AlphaDropout',
  'DropBlock2d',
  'Dropout',
  'Dropout1d',
  'Dropout2d',
  'Dropout3d',
  'DropPath',
  'FeatureAlphaDropout',
  'GaussianDropout',
  'GaussianNoise',
  'LockedDropout',
];
