/**
 * What the checks of TensorFlow.js need. They run in Node and in pages, so nothing here imports Node or vitest, and
 * values are read by data(): dataSync() of the webgpu backend gives zeros in Chromium.
 */
import * as tf from '@tensorflow/tfjs-core';
import { tfjsPath } from 'dropout-wasm/tfjs';
import { firstDifference } from '../support/bits.js';

export interface Setting {
  backend: 'cpu' | 'wasm' | 'webgl' | 'webgpu';
  /** The way in which the kernel runs there. */
  path: ReturnType<typeof tfjsPath>['path'];
  /** Why a faster way does not serve. */
  reason?: string;
  /** The flag that makes the GPU draw, or not. */
  draw: boolean | 'auto';
  /** Training steps of the longest check. */
  steps: number;
  /** Whether the backend computes on a GPU: x · s is exact there, a sum of products need not be. */
  gpu: boolean;
  /** Whether its wasm build has threads. */
  threads: boolean;
}

const common = { steps: 1000, gpu: false, threads: false, draw: 'auto' as const };

export const SETTINGS = {
  cpu: { ...common, backend: 'cpu', path: 'values' },
  wasm: { ...common, backend: 'wasm', path: 'heap' },
  'wasm without SIMD': { ...common, backend: 'wasm', path: 'heap' },
  'wasm with threads': { ...common, backend: 'wasm', path: 'heap', threads: true },
  // On SwiftShader a step takes 50 ms.
  webgl: { ...common, backend: 'webgl', path: 'webgl', gpu: true, steps: 50 },
  webgpu: { ...common, backend: 'webgpu', path: 'webgpu', reason: 'a software adapter', gpu: true, steps: 50 },
  'webgpu drawing': { ...common, backend: 'webgpu', path: 'webgpu-draw', draw: true, gpu: true, steps: 50 },
} satisfies Record<string, Setting>;

export type SettingName = keyof typeof SETTINGS;

export type Check = readonly [name: string, run: () => void | Promise<void>];

/** Whether masks are drawn on the GPU: a flag of TensorFlow.js. */
export const DRAW = 'DROPOUT_WASM_WEBGPU_DRAW';

/** Runs a check on a backend. Disposes of the tensors that it makes. @throws Error that says what is wrong */
export async function runCheck({ backend, draw }: Setting, [, run]: Check): Promise<void> {
  tf.env().set(DRAW, draw);
  await use(backend);
  tf.engine().startScope();
  try {
    await run();
  } finally {
    await use(backend);
    tf.engine().endScope();
  }
}

export async function use(backend: string): Promise<void> {
  expectEqual(await tf.setBackend(backend), true, `setBackend('${backend}')`);
}

export const floats = async (x: unknown): Promise<Float32Array> => (await (x as tf.Tensor).data()) as Float32Array;

function show(value: unknown): string {
  if (ArrayBuffer.isView(value)) return `[${value}]`.slice(0, 300);
  if (value instanceof Error) return String(value);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

export function expectTrue(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(what);
}

/** Compares primitive values, and plain objects and arrays by their JSON. */
export function expectEqual(got: unknown, expected: unknown, what = 'the value'): void {
  if (Object.is(got, expected) || (typeof expected === 'object' && show(got) === show(expected))) return;
  throw new Error(`${what} is ${show(got)}, but expected ${show(expected)}`);
}

/** Compares all elements. −0 differs from 0, and NaN equals NaN. */
export function expectBits(got: ArrayLike<number>, expected: ArrayLike<number>, what = 'the result'): void {
  const i = firstDifference(got, expected);
  if (i < 0) return;
  const from = (x: ArrayLike<number>) =>
    Array.from(x)
      .slice(i, i + 6)
      .join(', ');
  throw new Error(`${what}: element ${i} on of ${expected.length} is ${from(got)}, but expected ${from(expected)}`);
}

export function expectClose(got: ArrayLike<number>, expected: ArrayLike<number>, what = 'the result'): void {
  expectEqual(got.length, expected.length, `${what}: the length`);
  for (let i = 0; i < expected.length; i++)
    if (!(Math.abs(got[i]! - expected[i]!) <= 2e-6 * Math.max(1, Math.abs(expected[i]!))))
      throw new Error(`${what}: element ${i} is ${got[i]}, but expected ${expected[i]}`);
}

/** `expectBits` where the backend computes as the layers for arrays do, `expectClose` elsewhere. */
export const expectValues = (exact: boolean) => (exact ? expectBits : expectClose);

/** Expects a call, or the promise that it returns, to fail with an error of this class and message. */
export async function expectError(call: () => unknown, type: string | undefined, message: RegExp): Promise<void> {
  let error: unknown;
  try {
    await call();
  } catch (thrown) {
    error = thrown;
  }
  expectTrue(error instanceof Error, `expected an error ${message}, but got ${show(error)}`);
  if (type) expectEqual(error.name, type, `the class of ${error}`);
  expectTrue(message.test(error.message), `expected an error ${message}, but got ${error}`);
}

/** The number of tensors and of buffers, which a call without a leak changes by its results only. */
export const counts = (): object => {
  const { numTensors, numDataBuffers, numBytes } = tf.memory();
  // Those of the backend, since a kernel that throws may leave a buffer that the engine never saw.
  return { numTensors, numDataBuffers, numBytes, numDataIds: tf.backend().numDataIds() };
};

/** Expects a call to leave no tensor behind. It disposes of what it returns. */
export async function expectNoLeak(call: () => unknown, what: string): Promise<void> {
  const before = counts();
  await call();
  expectEqual(counts(), before, `the memory after ${what}`);
}

/** Waits until the fastest path serves: webgpu compiles its program asynchronously. */
export async function settle({ backend, path }: Setting, use: () => tf.Tensor): Promise<void> {
  const end = performance.now() + 10_000;
  do {
    const y = use();
    await y.data();
    y.dispose();
    if (tfjsPath().path === path) break;
    await new Promise((resolve) => setTimeout(resolve, 10));
  } while (performance.now() < end);
  const { reason, ...rest } = tfjsPath();
  expectEqual(rest, { backend, path }, `the path, with reason ${reason},`);
}
