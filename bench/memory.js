/**
 * Trains a layer for a number of steps. Prints, as JSON, the bytes in use before and after, and the bytes that one
 * forward keeps. `sections.js` runs it in a new process.
 *
 *   node --expose-gc bench/memory.js arena|array STEPS N
 */

const [, , kind, steps, size] = process.argv;
const n = Number(size);

// Node's figures may or may not include WebAssembly memories, so each is recorded when it is created.
/** @type {WebAssembly.Memory[]} */
const memories = [];
WebAssembly.Memory = class extends WebAssembly.Memory {
  /** @param {WebAssembly.MemoryDescriptor} descriptor */
  constructor(descriptor) {
    super(descriptor);
    memories.push(this);
  }
};
const { Arena, Dropout } = await import('dropout-wasm');

const arena = kind === 'arena' ? new Arena({ bytes: 3 * 4 * n }) : undefined;
const create = () => arena?.float32(n) ?? new Float32Array(n);
const [x, out, dx] = [create(), create(), create()];
const layer = new Dropout(0.5);
const fresh = new Dropout(0.5);

// Warm up on a few elements, because the engine's compiled code counts as heap.
train(10_000, x.subarray(0, 64), out.subarray(0, 64), dx.subarray(0, 64));

const buffersBefore = buffers(held());
fresh.forward(x, out);
const kept = buffers(held()) - buffersBefore;

const before = held();
train(Number(steps), x, out, dx);
const after = held();
console.log(JSON.stringify({ before, after, kept }));

/**
 * @param {number} steps
 * @param {Float32Array} x
 * @param {Float32Array} out
 * @param {Float32Array} dx
 */
function train(steps, x, out, dx) {
  for (let i = 0; i < steps; i++) layer.backward(layer.forward(x, out), dx);
}

/** Bytes in use. The second collection frees objects that were held by weak references and finalizers. */
function held() {
  for (let i = 0; i < 2; i++) globalThis.gc?.();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  const wasm = memories.reduce((bytes, { buffer }) => bytes + buffer.byteLength, 0);
  return { heapUsed, external, arrayBuffers, wasm };
}

/**
 * Bytes of all storage that could hold a mask.
 *
 * @param {{ arrayBuffers: number, wasm: number }} held
 */
function buffers({ arrayBuffers, wasm }) {
  return arrayBuffers + wasm;
}
