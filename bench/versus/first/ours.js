/** What a program loads for one forward. `start.js` times it, `costs.js` bundles it. */
import { Dropout } from 'dropout-wasm';

export const first = () => new Dropout(0.5).forward(Float32Array.of(1, 2, 3, 4));
