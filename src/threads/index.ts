/**
 * dropout-wasm/threads: an arena in shared memory, on whose arrays several threads work.
 * @module
 */
export { SharedArena, type SharedArenaOptions } from './shared-arena.js';
export type { WorkerLike } from './spawn.js';
