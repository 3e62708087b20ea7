/** A program for an engine without crypto. It leaves its result in a global. */
import { Dropout } from 'dropout-wasm';
import { line } from './entries.js';

const layer = new Dropout(0.5);
let error;
try {
  layer.forward(Float32Array.of(1));
} catch (caught) {
  error = caught;
}
// The file of docs/install.md, which seeds the default generator.
require('./index.js');
layer.forward(Float32Array.of(1));
globalThis.result = /give a seed or call manualSeed/.test(error?.message) ? line() : `an unseeded layer: ${error}`;
