/**
 * dropout-wasm/threads: an arena in shared memory. Large calls on its arrays run on several threads.
 * @module
 */
export type { WorkerLike } from './crew.js';
export { SharedArena, type SharedArenaOptions } from './shared-arena.js';
