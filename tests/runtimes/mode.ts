/**
 * How the runtime suite runs. The environment variable RUNTIMES sets the mode or, without it, `vitest --mode`:
 *
 *   test         npm test: the short list of cases in every runtime that is installed, the full list in Node
 *   required     .ci/run: the same, but programs are fetched from npm (binaries.ts), and a missing runtime fails
 *   everywhere   npm run test:everywhere: the same with the full list, on more processors; writes docs/runtimes.md
 *   golden       npm run golden: all lists in Node alone; writes golden.json
 *   statistics   npm run test:statistics: the long form of tests/statistics, whose short form runs in the other modes
 */
const MODES = ['test', 'required', 'everywhere', 'golden', 'statistics'] as const;

export type Mode = (typeof MODES)[number];

const found = MODES.find((name) => name === process.env.RUNTIMES);
if (!found) throw new Error(`RUNTIMES must be one of ${MODES.join(', ')}, but got ${process.env.RUNTIMES}`);

export const mode: Mode = found;

/** Whether a runtime that is not installed fails the run, instead of being left out. */
export const requiresAll: boolean = mode === 'required' || mode === 'everywhere';
