/**
 * Sets up the sides of a comparison on the same bytes, so that no side has better addresses. Only SharedArenas have
 * memory of their own.
 */
import { MAX_SIZE } from './cases.js';
import { compare } from './measure.js';
import { filled } from './values.js';

/** @typedef {import('./cases.js').Package} Package */
/** @typedef {import('./cases.js').Call & { pkg: Package }} Side */

const BYTES = 2 * 4 * MAX_SIZE;

// One memory for all arenas: an engine reserves some 10 GB of address space for each.
export const memory = new WebAssembly.Memory({ initial: BYTES / 65536, maximum: BYTES / 65536 });

/**
 * @param {Side[]} sides
 * @param {number} n elements of x and of out
 * @param {number} p
 * @param {import('./measure.js').Effort} effort
 * @returns what `compare` returns
 */
export async function timeSides(sides, n, p, effort) {
  /** @type {Float32Array[]} */
  const plain = [];
  const arenas = [];
  const runs = [];
  for (const { pkg, place, operands, create } of sides) {
    const arena = await openArena(place, pkg, 2 * 4 * n);
    arenas.push(arena);
    const arrays = [n, n, ...(operands?.(n) ?? [])].map((length, i) => {
      if (arena) return filled(arena.float32(length));
      plain[i] ??= filled(new Float32Array(length));
      return plain[i];
    });
    runs.push(await create(pkg, p, ...arrays));
  }
  const rounds = await compare(runs, effort);
  for (const arena of arenas) arena?.close?.();
  return rounds;
}

/**
 * @param {Side['place']} place
 * @param {Package} pkg
 * @param {number} bytes
 * @returns {Promise<import('dropout-wasm').Arena & { close?: () => void } | undefined>} undefined for plain arrays
 */
async function openArena(place, { Arena, SharedArena }, bytes) {
  if (place === 'arrays') return undefined;
  if (place === 'arena') return new Arena({ memory, byteOffset: 0, byteLength: memory.buffer.byteLength });
  return SharedArena.create({ bytes, threads: place });
}
