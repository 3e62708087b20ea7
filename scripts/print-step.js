/** The line that a step of the build prints. */
import { statSync } from 'node:fs';

/**
 * @param {string} step
 * @param {string} unit name of the files
 * @param {string[]} files that the step wrote
 */
export function printStep(step, unit, files) {
  const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
  console.log(`${step.padEnd(8)} ${files.length} ${unit}, ${(bytes / 1000).toFixed(1)} KB`);
}
