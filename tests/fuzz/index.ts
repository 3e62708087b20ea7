/** What scripts/fuzz.js bundles. */
export { fuzz, programOf, SHARED_BYTES, same } from './fuzz.js';
export { machines } from './machine.js';
