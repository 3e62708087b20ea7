/**
 * The webgpu backend. One compute shader draws the flags of the mask, or the bits of the mask are uploaded. Another
 * selects elements by them.
 * @module
 */
import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import type { Affine } from '../../backend/interface.js';
import { NO_KEY } from '../../core/draws.js';
import type { Masked } from '../../layers/maps.js';
import { streamShader } from '../../webgpu/inlined.js';
import { tf, wrongType } from '../shared.js';
import type { Backend, Way } from './path.js';

/** What browsers tell of an adapter. TensorFlow.js's copy has vendor and architecture only. */
type AdapterInfo = Partial<Record<'vendor' | 'architecture' | 'device' | 'description', string>> & {
  readonly isFallbackAdapter?: boolean;
};

/** The members of the webgpu backend that are used. */
export interface WebgpuBackend extends Backend {
  readonly device: { readonly lost: Promise<unknown>; readonly adapterInfo?: AdapterInfo };
  readonly adapterInfo?: AdapterInfo;
  readonly pipelineCache: Record<string, unknown>;
  makeTensorInfo(shape: readonly number[], dtype: 'int32', values: Int32Array): TensorInfo;
  /** Takes a WebGPUProgram. */
  runWebGPUProgram(
    program: object,
    inputs: TensorInfo[],
    dtype: 'float32' | 'int32',
    uniforms: { type: 'float32' | 'uint32'; data: number[] }[],
  ): TensorInfo;
}

/**
 * The flag of TensorFlow.js that forces either way: true, false or 'auto'. Read at each call. Not evaluated to a boolean,
 * since TensorFlow.js evaluates a flag once, and a page may use several adapters.
 */
const DRAW = 'DROPOUT_WASM_WEBGPU_DRAW';
tf.env().registerFlag(DRAW, () => 'auto');

const WORKGROUP = 64;

/** Elements in a block, and the words of their flags. */
const BLOCK = 4096;
const BLOCK_WORDS = BLOCK / 32;

/** An invocation draws a lane of a block, as in shaders/draw.wgsl. */
const DRAW_SHADER = `${streamShader}
fn main(index : i32) {
  let block = u32(index) / 8u;
  let lane = u32(index) % 8u;
  if (index >= uniforms.size / 16) { return; }
  let words = multiply64(uniforms.firstBlock, vec2u(17u, 0u));
  let base = add64(uniforms.key, multiply64(words, GAMMA));
  let T = threshold(base, block, uniforms.P);
  var state = seedLane(base, block, lane);
  for (var eighth = 0u; eighth < 16u; eighth++) {
    result[block * 128u + eighth * 8u + lane] = i32(drawFlags(&state, T));
  }
}`;

/** Selects the elements for which `isKept` of an index is true. */
const SELECT_SHADER = `
fn main(index : i32) {
  if (index < uniforms.size) {
    let y = X[index] * uniforms.scale + uniforms.shift;
    setOutputAtIndex(index, select(uniforms.fill, y, isKept(u32(index))));
  }
}`;

const UPLOADED_SHADER = `
fn isKept(index: u32) -> bool {
  return ((u32(Mask[index / 32u]) >> (index % 32u)) & 1u) != 0u;
}
${SELECT_SHADER}`;

/** Axes beside the outermost that the uniforms hold. */
const AXES = 4;

/** The axes of a broadcast are those of the uniforms, innermost first, and an outermost of any size. */
const DRAWN_SHADER = `${streamShader}
fn isKept(index: u32) -> bool {
  var rest = index;
  var draw = uniforms.first;
  for (var axis = 0u; axis < uniforms.axes; axis++) {
    draw += rest % uniforms.sizes[axis] * uniforms.strides[axis];
    rest /= uniforms.sizes[axis];
  }
  draw += rest * uniforms.outer;
  let quad = draw / 4u;
  return ((u32(Mask[flagWord(quad)]) >> (flagShift(quad) + draw % 4u)) & 1u) != 0u;
}
${SELECT_SHADER}`;

type Uniforms = Parameters<WebgpuBackend['runWebGPUProgram']>[3];

const uint32 = (...data: number[]): Uniforms[0] => ({ type: 'uint32', data });

/**
 * A WebGPUProgram with n outputs. TensorFlow.js distributes more workgroups than one dimension holds.
 *
 * @param outputs of an invocation
 */
const program = (
  shaderKey: string,
  code: string,
  variableNames: string[],
  uniforms: string,
  n: number,
  outputs: number,
) => ({
  shaderKey,
  getUserCode: () => code,
  variableNames,
  uniforms,
  outputShape: [n],
  size: true,
  dispatchLayout: { x: [0] },
  workgroupSize: [WORKGROUP, 1, 1],
  dispatch: [Math.ceil(n / outputs / WORKGROUP), 1, 1],
});

/**
 * Selects elements by flags, which it disposes of. The elements of a tensor lie in row-major order, whatever its shape.
 *
 * @param flags of rank 2, so that all sizes share a pipeline: TensorFlow.js has others for inputs of equal shapes
 */
function selectBy(
  backend: WebgpuBackend,
  { dataId, dtype, shape, size: n }: Tensor,
  { scale, shift, fill }: Affine,
  flags: TensorInfo,
  [key, code, names, ...more]: readonly [key: string, code: string, names: string, ...more: Uniforms],
): TensorInfo {
  try {
    const uniforms = [scale, shift, fill].map((value) => ({ type: 'float32' as const, data: [value] }));
    const select = program(key, code, ['X', 'Mask'], `scale: f32, shift: f32, fill: f32, ${names}`, n, 1);
    const inputs = [{ dataId, dtype, shape: [n] }, flags];
    return { ...backend.runWebGPUProgram(select, inputs, 'float32', [...uniforms, ...more]), shape };
  } finally {
    backend.disposeData(flags.dataId);
  }
}

/** Uploads the bits of the mask. */
function upload(backend: WebgpuBackend, x: Tensor, masked: Masked): TensorInfo {
  const words = new Int32Array(2 * Math.ceil(x.size / 64));
  // WebGPU runs on little-endian machines alone.
  new Uint8Array(words.buffer).set(masked.bits());
  const flags = backend.makeTensorInfo([words.length / 2, 2], 'int32', words);
  return selectBy(backend, x, masked.affine, flags, ['dropout-wasm uploaded', UPLOADED_SHADER, '']);
}

/**
 * Draws the flags of whole blocks, in the layout of shaders/stream.wgsl. They take less memory
 * than x unless that is tiny, so they exceed no limit of the device.
 */
function draw(backend: WebgpuBackend, x: Tensor, { draws, affine }: Masked): TensorInfo | undefined {
  if (!draws) return undefined;
  const { key, offset, P, broadcast = { sizes: [x.size], strides: [1] } } = draws;
  const axes = broadcast.sizes.map((size, axis) => [size, broadcast.strides[axis]!] as const);
  const [[, outer] = [1, 0], ...inner] = axes.filter(([size]) => size > 1);
  if (inner.length > AXES) return undefined;
  const first = offset % BLOCK;
  const last = axes.reduce((last, [size, stride]) => last + (size - 1) * stride, first);
  const blocks = Math.floor(last / BLOCK) + 1;
  const firstBlock = Math.floor(offset / BLOCK);
  const drawn = backend.runWebGPUProgram(
    program('dropout-wasm draw', DRAW_SHADER, [], 'key: vec2u, firstBlock: vec2u, P: vec2u,', BLOCK_WORDS * blocks, 16),
    [],
    'int32',
    [uint32(key.lo, key.hi), uint32(firstBlock, firstBlock / 2 ** 32), uint32(P % 65536, P / 65536)],
  );
  inner.reverse();
  const four = (of: 0 | 1) => uint32(...Array.from({ length: AXES }, (_, axis) => inner[axis]?.[of] ?? 0));
  return selectBy(backend, x, affine, { ...drawn, shape: [blocks, BLOCK_WORDS] }, [
    'dropout-wasm drawn',
    DRAWN_SHADER,
    'first: u32, outer: u32, axes: u32, sizes: vec4u, strides: vec4u,',
    uint32(first),
    uint32(outer),
    uint32(inner.length),
    four(0),
    four(1),
  ]);
}

const isSoftware = ({ device, adapterInfo }: WebgpuBackend): boolean => {
  const info = device.adapterInfo ?? adapterInfo ?? {};
  const names = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`;
  return info.isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|softpipe|basic render|warp/i.test(names);
};

/** The ways of a backend, fastest first. Each serves when its programs are compiled. */
export function waysOnWebgpu(backend: WebgpuBackend): Way[] {
  const isSlow = isSoftware(backend);
  let failure: string | undefined;
  let isStarted = false;
  const drawing: Way = {
    name: 'webgpu-draw',
    get reason() {
      const forced = tf.env().get(DRAW);
      if (forced === false) return `${DRAW} is false`;
      if (forced === 'auto' && isSlow) return 'a software adapter';
      if (forced !== true && forced !== 'auto') throw wrongType(DRAW, "true, false or 'auto'", forced);
      // Only now, since most pages need one way alone.
      if (!isStarted) {
        isStarted = true;
        compile(backend, this);
      }
      return failure;
    },
    set reason(error) {
      failure = error;
    },
    run: (x, masked) => draw(backend, x, masked),
  };
  const uploading: Way = { name: 'webgpu', reason: undefined, run: (x, masked) => upload(backend, x, masked) };
  compile(backend, uploading);
  return [drawing, uploading];
}

/** The mask of one element. */
const ONE: Masked = {
  bits: () => new Uint8Array(1),
  affine: { scale: 1, shift: 0, fill: 0 },
  draws: { key: NO_KEY, offset: 0, P: 0 },
};

const COMPILE_ONLY = 'WEBGPU_ENGINE_COMPILE_ONLY';

/**
 * Compiles the programs of a way for up to 65,535 workgroups. Until that is done, they must not run: a shader that does
 * not compile fails later, and everything submitted with it.
 */
async function compile(backend: WebgpuBackend, way: Way): Promise<void> {
  way.reason = 'compiling';
  const env = tf.env();
  const before = env.getBool(COMPILE_ONLY);
  const { pipelineCache: cache } = backend;
  const others = new Set(Object.keys(cache));
  try {
    env.set(COMPILE_ONLY, true);
    try {
      tf.tidy(() => {
        const y = way.run(tf.zeros([1]), ONE)!;
        backend.disposeData(y.dataId);
      });
    } finally {
      env.set(COMPILE_ONLY, before);
    }
    const pipelines = Object.entries(cache).filter(([key]) => !others.has(key));
    // Promises, with which TensorFlow.js does not run a program.
    for (const [key] of pipelines) delete cache[key];
    const compiled = await Promise.all(pipelines.map(([, pipeline]) => pipeline));
    for (const [i, [key]] of pipelines.entries()) cache[key] = compiled[i];
    way.reason = undefined;
  } catch (error) {
    way.reason = `${error}`;
  }
}
