/**
 * Prints the ms from the import of a peer to its first result. `costs.js` runs it in a new process.
 *
 *   node bench/versus/start.js PEER
 */
import { dropoutModel } from './onnx-model.js';
import { OURS, PEERS } from './peers.js';

const peer = [OURS, ...PEERS].find(({ name }) => name === process.argv[2]);
const model = dropoutModel(0.5);
const start = performance.now();
const { first } = await import(`../${peer?.first}`);
await first(model);
console.log(performance.now() - start);
// ONNX Runtime keeps threads.
process.exit();
