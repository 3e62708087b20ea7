/** Other calls of dropout-wasm against Dropout in an arena, by the rows of `npm run bench`. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** @typedef {import('../comparisons.js').Result} Result */

/** Rows of bench/comparisons.js, and the goal of each: at most so many times as slow. */
export const KERNELS = [
  { name: 'array-vs-arena', title: '`Dropout` on plain arrays', atMost: 2 },
  { name: 'alpha-vs-plain', title: '`AlphaDropout`', atMost: 1.4 },
  { name: 'feature-alpha-vs-plain', title: '`FeatureAlphaDropout`, 8 × 8', atMost: 1.4 },
  { name: 'gaussian-vs-plain', title: '`GaussianDropout`', atMost: 7.2 },
  { name: 'gaussian-f64-vs-plain', title: '`GaussianDropout`, f64', atMost: 5 },
  { name: 'fused-1000-vs-plain', title: '`biasDropoutResidual`, 1,000 features', atMost: 2 },
  { name: 'fused-100-vs-plain', title: '`biasDropoutResidual`, 100 features', atMost: 2 },
  { name: 'fused-63-vs-plain', title: '`biasDropoutResidual`, 63 features', atMost: 2 },
];

/**
 * @param {boolean} isQuick
 * @returns {Promise<Result[]>}
 */
export async function timeKernels(isQuick) {
  const script = fileURLToPath(new URL('../index.js', import.meta.url));
  const args = KERNELS.flatMap(({ name }) => ['--only', name]);
  if (isQuick) args.push('--quick');
  const { stdout } = await promisify(execFile)(process.execPath, [script, '--json', ...args]);
  return JSON.parse(stdout);
}
