/** Random programs on two packages, and the report of one that fails. */
import * as dropoutWasm from 'dropout-wasm';
import fc from 'fast-check';
import { Finding, type Machine, Pair } from './machine.js';
import { createMemory } from './memory.js';
import { programs } from './steps/index.js';
import { newModel } from './steps/program.js';

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

/** Statements before a program that uses one of these names. */
const PREAMBLES: [names: string[], text: (used: string) => string][] = [
  [['inference'], () => "import * as inference from 'dropout-wasm/inference';"],
  [['fromBytes', 'merge', 'monteCarlo'], (used) => `import { ${used} } from 'dropout-wasm/monte-carlo';`],
  [['onnxDropout'], () => "import { onnxDropout } from 'dropout-wasm/onnx';"],
  [["'shared'"], () => "import { SharedArena } from 'dropout-wasm/threads';"],
  [
    ['tfDropout'],
    () => `import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { dropout as tfDropout } from 'dropout-wasm/tfjs';

setWasmPaths('node_modules/@tensorflow/tfjs-backend-wasm/dist/');
await tf.setBackend('wasm');
const ofTensors = (use) => tf.tidy(() => use(tf).dataSync());`,
  ],
  [['same'], () => `\nconst same = ${same};`],
];

/** A program that runs in a clone after `npm run build`. It prints what the two packages give. */
export function programOf({ program }: Pick<Failure, 'program'>): string {
  const text = program.join('\n');
  const uses = (name: string) => new RegExp(`(?<!\\w)${name}(?!\\w)`).test(text);
  const preambles = PREAMBLES.flatMap(([names, preamble]) => {
    const used = names.filter(uses);
    return used.length ? preamble(used.join(', ')) : [];
  });
  const names = Object.keys(dropoutWasm).filter((name) => uses(name) || name === 'manualSeed');
  const isThreaded = uses("'shared'");
  return `import * as wasm from 'dropout-wasm';
import * as reference from 'dropout-wasm/reference';
${preambles.join('\n')}

${createMemory}

async function run(pkg, shared) {
  const { ${names.join(', ')} } = pkg;
  const { array, arena, other } = createMemory(pkg, shared);
  manualSeed(0);
${program.map((line) => `  ${line}`).join('\n')}
}

const bytes = ${isThreaded ? SHARED_BYTES : 0};
const shared = ${isThreaded ? 'await SharedArena.create({ bytes, threads: 2 })' : 'new wasm.Arena({ bytes })'};
console.log(await run(wasm, shared).catch(String));
console.log(await run(reference, new reference.Arena({ bytes })).catch(String));${isThreaded ? '\nshared.close();' : ''}
`;
}

/** Bytes of the arena on shared memory. */
export const SHARED_BYTES = 8 * 2 ** 20;

/** Whether two arrays have the same elements. NaN equals NaN, and −0 differs from 0. */
export const same = (a: ArrayLike<number>, b: ArrayLike<number>): boolean =>
  a.length === b.length && Array.from(a).every((value, i) => Object.is(value, b[i]));
