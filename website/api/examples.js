/**
 * Runs the examples of the docstrings in src/, each in Node on the built package as a program of its own. As in the
 * README, a comment after each console.log states what it prints.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { runNode, statedBy } from '../../scripts/snippets.js';
import { ROOT } from '../paths.js';

/**
 * @typedef {object} Example
 * @property {string} name file and line
 * @property {string} code
 */

/**
 * The examples of a source file.
 *
 * @param {string} file
 * @param {string} text
 * @returns {Example[]}
 */
export const examplesOf = (file, text) =>
  // From @example to the next tag or the end of the comment.
  [...text.matchAll(/^ *\* @example\n((?: *\*(?! @|\/).*\n)+)/gm)].map(({ 1: code = '', index }) => ({
    name: `${file}:${text.slice(0, index).split('\n').length}`,
    code: code.replace(/^ *\* ?/gm, ''),
  }));

/**
 * Whether an example asks for a GPU, which Node has not: tests/repository/webgpu.test.ts runs it.
 *
 * @param {Example} example
 */
export const isForGpu = ({ code }) => code.includes('requestAdapter');

/**
 * What is wrong with an example, or undefined.
 *
 * @param {Example} example
 */
export function faultOf({ name, code }) {
  const stated = statedBy(code);
  if (stated.length === 0) return `${name}: the example needs a console.log with a comment that states what it prints`;
  try {
    const printed = runNode('--input-type=module', '--eval', code);
    if (printed.join('\n') === stated.join('\n')) return undefined;
    return `${name}: the example prints\n  ${printed.join('\n  ')}\nbut its comments state\n  ${stated.join('\n  ')}`;
  } catch (error) {
    return `${name}: the example fails\n${/** @type {{ stderr?: string }} */ (error).stderr || error}`;
  }
}

/** Runs all examples, but for those that need a GPU. Returns how many there are. */
export function checkExamples() {
  const files = readdirSync(`${ROOT}src`, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const examples = files.flatMap((name) => examplesOf(`src/${name}`, readFileSync(`${ROOT}src/${name}`, 'utf8')));
  const faults = examples
    .filter((example) => !isForGpu(example))
    .map(faultOf)
    .filter((fault) => fault !== undefined);
  if (faults.length > 0) throw new Error(`${faults.join('\n')}\n${faults.length} examples of the docstrings fail`);
  return examples.length;
}
