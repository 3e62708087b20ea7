import { Worker } from 'node:worker_threads';

/** Starts a worker thread of Node for the pool. @type {import('./pool.js').Spawn} */
export const spawn = (onBytes, onFault) =>
  new Worker(new URL('node-worker.js', import.meta.url))
    .on('message', onBytes)
    .on('error', onFault)
    .on('exit', (code) => onFault(new Error(`a worker ended with exit code ${code}`)));
