/**
 * Run by `sections.js` in a process of its own, with --expose-gc: trains a layer for a number of steps and
 * prints, as JSON, what the process held before and after, and what one forward left behind.
 *
 *   node --expose-gc bench/memory.js arena|array STEPS N
 */

const [, , kind, steps, size] = process.argv;
const n = Number(size);

// Node's figures leave wasm memories out or mix them in, so each is caught as it is made.
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
const make = () => arena?.float32(n) ?? new Float32Array(n);
const [x, out, dx] = [make(), make(), make()];
const layer = new Dropout(0.5);
const fresh = new Dropout(0.5);

// The engine's compiled code counts as heap: it comes first, on a few elements, and is not the steps' own.
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

/** Bytes in use. What weak references and finalizers let go of falls to the second collection. */
function held() {
  for (let i = 0; i < 2; i++) globalThis.gc?.();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  const wasm = memories.reduce((bytes, { buffer }) => bytes + buffer.byteLength, 0);
  return { heapUsed, external, arrayBuffers, wasm };
}

/**
 * Everything that a mask could have been stored in.
 *
 * @param {{ arrayBuffers: number, wasm: number }} held
 */
function buffers({ arrayBuffers, wasm }) {
  return arrayBuffers + wasm;
}
