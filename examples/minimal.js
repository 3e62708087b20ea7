// The smallest complete program: one dropout layer in training, backpropagation and evaluation.
// In a clone: npm ci && npm run build && node examples/minimal.js
import { Dropout } from 'dropout-wasm';

// A seed gives the same masks in every run.
const layer = new Dropout(0.5, { seed: 3 });
const x = Float32Array.of(1, 2, 3, 4, 5, 6);

// Training drops each element with probability p = 0.5 and multiplies kept elements by 1 / (1 - p) = 2.
console.log(layer.forward(x)); // Float32Array(6) [ 2, 0, 0, 8, 0, 12 ]

// The gradient uses the mask of the latest forward.
const dy = Float32Array.of(1, 1, 1, 1, 1, 1);
console.log(layer.backward(dy)); // Float32Array(6) [ 2, 0, 0, 2, 0, 2 ]

// Each forward draws a new mask.
console.log(layer.forward(x)); // Float32Array(6) [ 2, 0, 6, 0, 0, 0 ]

// Evaluation returns the input itself.
layer.eval();
console.log(layer.forward(x) === x); // true
