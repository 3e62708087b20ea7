/**
 * The stored state of a run:
 *
 *     SHA-256 of the rest, 32 bytes │ JSON with step, generator and batch, one line │ weights │ velocity
 *
 * Arrays are little-endian float32.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Generator } from 'dropout-wasm';
import { WEIGHTS } from './network.js';

const DIGEST_BYTES = 32;

/**
 * Replaces the stored state. A process that is killed meanwhile leaves the older state whole, since a rename is atomic.
 *
 * @param {string} file
 * @param {import('./training.js').State} state
 * @param {import('./training.js').Settings} settings
 */
export function writeState(file, { step, generator, weights, velocity }, { batch }) {
  const header = Buffer.from(`${JSON.stringify({ step, generator, batch })}\n`);
  const content = Buffer.concat([header, bytesOf(weights), bytesOf(velocity)]);
  const temporary = `${file}.${process.pid}`;
  // Without `flush`, a power failure after the rename may leave a file without its content.
  writeFileSync(temporary, Buffer.concat([digestOf(content), content]), { flush: true });
  renameSync(temporary, file);
}

/**
 * @param {string} file
 * @param {import('./training.js').Settings} settings
 * @returns {import('./training.js').State}
 * @throws {Error} if the file cannot be read, is damaged, or belongs to a run with another seed or batch size
 */
export function readState(file, { seed, batch }) {
  const bytes = readFileSync(file);
  const content = bytes.subarray(DIGEST_BYTES);
  if (!bytes.subarray(0, DIGEST_BYTES).equals(digestOf(content))) {
    throw new Error(`${file} is damaged: delete it, and start again without --resume`);
  }
  const end = content.indexOf('\n') + 1;
  const header = JSON.parse(content.toString('utf8', 0, end));
  const generator = Generator.fromJSON(header.generator);
  for (const [name, stored, given] of [
    ['seed', generator.seed, new Generator(seed).seed],
    ['batch', header.batch, batch],
  ]) {
    if (stored !== given) {
      const problem = `${file} is of a run with --${name} ${stored}, not ${given}`;
      throw new Error(`${problem}: give --${name} ${stored}, another folder with --state DIR, or no --resume`);
    }
  }
  const [weights, velocity] = [new Float32Array(WEIGHTS), new Float32Array(WEIGHTS)];
  content.copy(bytesOf(weights), 0, end);
  content.copy(bytesOf(velocity), 0, end + weights.byteLength);
  return { step: header.step, generator, weights, velocity };
}

/** Deletes what processes that were killed while writing have left. @param {string} file */
export function removeTemporary(file) {
  const prefix = `${basename(file)}.`;
  for (const name of readdirSync(dirname(file))) {
    if (name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
      rmSync(join(dirname(file), name), { force: true });
  }
}

/** @param {Float32Array} array */
export const bytesOf = (array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength);

/** @param {Uint8Array} bytes */
export const digestOf = (bytes) => createHash('sha256').update(bytes).digest();
