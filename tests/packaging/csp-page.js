/**
 * Runs in a page without inline scripts, whose policy may forbid WebAssembly. Its title tells, as JSON, what every entry
 * gives, and which directives were violated.
 */
import '@tensorflow/tfjs-backend-cpu';
import { ones } from '@tensorflow/tfjs-core';
import * as main from 'dropout-wasm';
import * as inference from 'dropout-wasm/inference';
import * as monteCarlo from 'dropout-wasm/monte-carlo';
import * as onnx from 'dropout-wasm/onnx';
import * as onnxPrepare from 'dropout-wasm/onnx/prepare';
import * as reference from 'dropout-wasm/reference';
import * as tfjs from 'dropout-wasm/tfjs';
import { SharedArena } from 'dropout-wasm/threads';
import * as webgpu from 'dropout-wasm/webgpu';
import { bitsOfResults } from '../faults/programs/results.js';
import { report } from './fixtures/report.js';

/** @type {string[]} */
const violated = [];
addEventListener('securitypolicyviolation', ({ violatedDirective }) => violated.push(violatedDirective));

const arena = new main.Arena({ bytes: 2 ** 18 });
const inArena = bitsOfResults(main, (n) => arena.float32(n));
const threads = await SharedArena.create({ bytes: 2 ** 23, threads: 2, worker: 'url', timeout: 20_000 }).then(
  (shared) => {
    const x = shared.float32(2 ** 20).fill(1);
    const expected = main.dropout(new Float32Array(2 ** 20).fill(1), { p: 0.5, key: 1n });
    const right = main.dropout(x, { p: 0.5, key: 1n }).every((value, i) => value === expected[i]);
    return `${shared.threads} ${right}`;
  },
  (error) => String(error),
);
const tensor = /** @type {import('@tensorflow/tfjs-core').Tensor} */ (
  new tfjs.Dropout({ rate: 0.5, seed: 42 }).apply(ones([8]), { training: true })
);
document.title = JSON.stringify({
  report: report(main, inference, monteCarlo, onnx, onnxPrepare, reference, webgpu),
  bits: bitsOfResults(main),
  inArena,
  reason: main.backend().reason,
  tfjs: [...tensor.dataSync()],
  threads,
  violated: [...new Set(violated)],
});
