/**
 * The page of `npm run bench:gpu`: dropout on the GPU by this package, by TensorFlow.js, and by masks from the CPU. All
 * use the device of TensorFlow.js, so that they run on one adapter.
 */
// @ts-expect-error build/tfjs has the GPU backends, which the root does not depend on.
import '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { dropout, Generator, mask } from 'dropout-wasm';
import { create } from 'dropout-wasm/webgpu';
import { compare, timePromises } from '../measure.js';
import { filled } from '../values.js';
import { check as checkObserved, observe } from '../versus/check.js';
import { SIDES } from './sides.js';

/** @typedef {import('./sides.js').Side} Side */

/**
 * @typedef {object} Task
 * @property {() => void} run queues a call
 * @property {() => Promise<Float32Array | Uint8Array>} result of one more call
 * @property {(key: bigint) => Float32Array | Uint8Array} [exact] what each bit of a result has to be
 */

/** What the command calls by name. */
export const MEASURES = { start, check, time };
Object.assign(globalThis, { MEASURES });

/** ns of the calls between two waits: a browser may take a millisecond to notice that a GPU is done. */
const BATCH = 20e6;

const GROUP = 64;
const SEED = 42;

/** The backend of TF.js. @type {any} */
let backend;
/** @type {GPUDevice} */
let device;
/** @type {ReturnType<typeof create>} */
let gpu;
/** What the device has reported. @type {string[]} */
const errors = [];

/**
 * Starts WebGPU.
 *
 * @returns {Promise<import('./sides.js').Adapter | undefined>} undefined without an adapter
 */
async function start() {
  if (!(await navigator.gpu?.requestAdapter({ powerPreference: 'high-performance' }))) return undefined;
  if (!(await tf.setBackend('webgpu'))) throw new Error('the webgpu backend of TF.js does not start');
  await tf.ready();
  backend = tf.backend();
  device = backend.device;
  device.addEventListener('uncapturederror', ({ error }) => errors.push(error.message));
  gpu = create(device);
  const { vendor, architecture, device: model, description, isFallbackAdapter } = device.adapterInfo;
  const name = [vendor, architecture, model, description].filter(Boolean).join(' ') || 'without a name';
  // Drivers that compute on the CPU do not all call themselves a fallback.
  return { name, isSoftware: isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|basic render|warp/i.test(name) };
}

/**
 * @param {{ n: number, p: number }} setting
 * @throws Error that names a side with wrong results
 */
async function check({ n, p }) {
  const { tasks, dispose } = tasksOf(n, p);
  try {
    for (const [side, { run, result, exact }] of Object.entries(tasks)) {
      try {
        if (exact) await checkBits(result, exact);
        else {
          const named = async () => ({ [side === 'randomMask' ? 'mask' : 'y']: await result() });
          const isCopy = side === 'limit';
          checkObserved(await observe({ run, result: named }, 1 / (1 - p)), { n, p, isCopy });
        }
      } catch (error) {
        throw new Error(`${SIDES[/** @type {Side} */ (side)]}: ${error instanceof Error ? error.message : error}`);
      }
    }
    throwErrors();
  } finally {
    dispose();
  }
}

/** @type {(result: Task['result'], exact: NonNullable<Task['exact']>) => Promise<void>} */
async function checkBits(result, exact) {
  const generator = new Generator(SEED);
  for (let call = 1; call <= 2; call++) {
    const [actual, right] = [await result(), exact(generator.next())].map(
      ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
    );
    if (actual?.length !== right?.length || !actual?.every((byte, i) => byte === right?.[i]))
      throw new Error(`the bits of call ${call} differ from those of the CPU`);
  }
}

function throwErrors() {
  if (errors.length > 0) throw new Error(`WebGPU: ${errors[0]}`);
}

/**
 * All sides by turns.
 *
 * @param {{ n: number, p: number, effort: import('../measure.js').Effort }} options
 */
async function time({ n, p, effort }) {
  const { tasks, dispose } = tasksOf(n, p);
  try {
    /** @type {Awaited<ReturnType<typeof batchOf>>[]} */
    const batches = [];
    for (const { run } of Object.values(tasks)) batches.push(await batchOf(run));
    const rounds = await compare(
      batches.map(({ wait }) => wait),
      effort,
      timePromises,
    );
    throwErrors();
    const times = Object.keys(tasks).map((side, i) => {
      const { calls } = /** @type {{ calls: number }} */ (batches[i]);
      return [side, rounds.map((round) => /** @type {number} */ (round[i]) / calls)];
    });
    return /** @type {import('./sides.js').Times} */ (Object.fromEntries(times));
  } finally {
    dispose();
  }
}

/**
 * As many calls as take at least `BATCH`, then a wait for the GPU.
 *
 * @param {() => void} run
 */
async function batchOf(run) {
  for (let calls = 1; ; calls *= 2) {
    const wait = async () => {
      for (let i = 0; i < calls; i++) run();
      await device.queue.onSubmittedWorkDone();
    };
    // Pipelines are compiled, and TF.js uploads its tensor.
    if (calls === 1) await wait();
    if ((await timePromises(wait, 0)) >= BATCH) return { wait, calls };
  }
}

/**
 * The sides, on buffers that they share. Each of ours has a generator of its own.
 *
 * @param {number} n
 * @param {number} p
 * @returns {{ tasks: Record<Side, Task>, dispose: () => void }}
 */
function tasksOf(n, p) {
  const scale = 1 / (1 - p);
  const values = filled(new Float32Array(n));
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const [x, y, factors, bits] = /** @type {[GPUBuffer, GPUBuffer, GPUBuffer, GPUBuffer]} */ (
    [4 * n, 4 * n, 4 * n, n / 8].map((size) => device.createBuffer({ size, usage }))
  );
  device.queue.writeBuffer(x, 0, values);
  const tensor = tf.tensor1d(values);
  const hostFactors = new Float32Array(n);
  const hostBits = new Uint8Array(n / 8);

  const uploadFactors = () => {
    for (let i = 0; i < n; i++) hostFactors[i] = Math.random() < p ? 0 : scale;
    device.queue.writeBuffer(factors, 0, hostFactors);
  };
  const uploadBits = (/** @type {bigint} */ key) => {
    mask(n, { p, key, format: 'bits', out: hostBits });
    device.queue.writeBuffer(bits, 0, hostBits);
  };
  const multiply = elementwise(`x[i] * ${scale}`, [x, y]);
  const multiplyFactors = elementwise('x[i] * bitcast<vec4f>(m[i])', [x, y, factors]);
  // Each vector of m has the bits of 32 vectors of x.
  const select = elementwise(
    `select(vec4f(), x[i] * ${scale}, (vec4u(m[i / 32][i / 8 % 4] >> (i % 8 * 4)) & vec4u(1, 2, 4, 8)) != vec4u())`,
    [x, y, bits],
  );
  const exactDropout = (/** @type {bigint} */ key) => dropout(values, { p, key });
  const exactBits = (/** @type {bigint} */ key) => mask(n, { p, key, format: 'bits' });

  /** @type {(run: () => void, out: GPUBuffer, exact?: Task['exact']) => Task} */
  const task = (run, out, exact) => ({
    run,
    result: async () => {
      run();
      const bytes = await download(out);
      return out === bits ? new Uint8Array(bytes) : new Float32Array(bytes);
    },
    ...(exact && { exact }),
  });
  /** @type {(run: (key: bigint) => void, out: GPUBuffer, exact?: Task['exact']) => Task} */
  const keyed = (run, out, exact) => {
    const generator = new Generator(SEED);
    return task(() => run(generator.next()), out, exact);
  };
  const dropoutTask = () =>
    keyed((key) => submit((encoder) => gpu.dropout(encoder, { x, out: y, length: n, p, key })), y, exactDropout);
  const maskTask = () =>
    keyed((key) => submit((encoder) => gpu.mask(encoder, { out: bits, length: n, p, key })), bits, exactBits);

  return {
    tasks: {
      dropout: dropoutTask(),
      dropoutCopy: dropoutTask(),
      mask: maskTask(),
      maskCopy: maskTask(),
      tfjs: {
        run() {
          const result = tf.dropout(tensor, p);
          // TF.js keeps the last commands until it needs them.
          backend.ensureCommandEncoderReady();
          backend.endComputePassEncoder();
          backend.submitQueue();
          result.dispose();
        },
        async result() {
          const result = tf.dropout(tensor, p);
          const array = await result.data();
          result.dispose();
          return /** @type {Float32Array} */ (array);
        },
      },
      random: task(() => {
        uploadFactors();
        multiplyFactors();
      }, y),
      randomMask: task(uploadFactors, factors),
      wasm: keyed((key) => {
        uploadBits(key);
        select();
      }, y),
      wasmMask: keyed(uploadBits, bits, exactBits),
      limit: task(multiply, y),
    },
    dispose() {
      for (const buffer of [x, y, factors, bits]) buffer.destroy();
      tensor.dispose();
    },
  };
}

/**
 * A pass that computes a vector of y from one of x, and words of a third buffer.
 *
 * @param {string} expression in WGSL
 * @param {GPUBuffer[]} buffers
 */
function elementwise(expression, buffers) {
  const code = `
    @group(0) @binding(0) var<storage, read> x: array<vec4f>;
    @group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
    @group(0) @binding(2) var<storage, read> m: array<vec4u>;
    @compute @workgroup_size(${GROUP}) fn main(@builtin(global_invocation_id) id: vec3u) {
      let i = id.x;
      if (i < arrayLength(&x)) { y[i] = ${expression}; }
    }`;
  const pipeline = device.createComputePipeline({
    layout: 'auto',
    compute: { module: device.createShaderModule({ code }), entryPoint: 'main' },
  });
  const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  const vectors = (buffers[0]?.size ?? 0) / 16;
  return () =>
    submit((encoder) => {
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(Math.ceil(vectors / GROUP));
      pass.end();
    });
}

/** @param {(encoder: GPUCommandEncoder) => void} record */
function submit(record) {
  const encoder = device.createCommandEncoder();
  record(encoder);
  device.queue.submit([encoder.finish()]);
}

/** @param {GPUBuffer} buffer */
async function download(buffer) {
  const { size } = buffer;
  const readable = device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  submit((encoder) => encoder.copyBufferToBuffer(buffer, 0, readable, 0, size));
  await readable.mapAsync(GPUMapMode.READ);
  const bytes = readable.getMappedRange().slice(0);
  readable.destroy();
  return bytes;
}
