/**
 * The calls of each peer, on tensors that exist before the clock starts. A result that the peer allocates itself is
 * discarded, and disposed where the peer has a call for that.
 */
import { Arena, Dropout, Generator, mask } from 'dropout-wasm';
import { memoryCopy } from '../baselines.js';
import { backwardLoop, maskLoop, mathRandomLoop, storingLoop } from '../loops.js';
import { load } from '../peers/load.js';
import { filled } from '../values.js';
import { dropoutModel } from './onnx-model.js';
import { SESSION_OPTIONS } from './onnx-options.js';
import { startPyTorch } from './pytorch.js';

/** @typedef {import('./peers.js').Measure} Measure */

/**
 * @typedef {object} Result what a call computed, as typed arrays
 * @property {ArrayLike<number>} [y]
 * @property {ArrayLike<number>} [dx]
 * @property {ArrayLike<number>} [mask] 1 = kept
 */

/**
 * @typedef {object} Call
 * @property {() => unknown} run the timed call. Its promise is waited for if `isAsync` is true
 * @property {boolean} [isAsync]
 * @property {() => Result | Promise<Result>} result of one more call
 */

/**
 * @typedef {object} Remote a peer in another process, which times itself
 * @property {(turn: number) => Promise<number>} time median ns of a call
 * @property {() => Promise<{ kept: number, wrong: number, repeats: boolean }>} observe see `check.js`
 */

/** @typedef {{ n: number, p: number, memory: WebAssembly.Memory }} Setting */

/** @typedef {Partial<Record<Measure, Call | Remote>>} Calls */

/**
 * @typedef {object} Started
 * @property {string} version
 * @property {(setting: Setting) => Calls | Promise<Calls>} create
 * @property {() => void | Promise<void>} [dispose] the tensors of the latest `create`
 * @property {() => void} [stop]
 * @property {() => number | Promise<number>} [allocated] bytes that a forward of the latest setting allocates outside
 *   of what the JavaScript engine counts
 */

/** @param {number} n */
const plain = (n) => [new Float32Array(n), new Float32Array(n), new Float32Array(n), new Float32Array(n)].map(filled);

/**
 * x, out, dy and dx in one memory for all settings: an engine reserves some 10 GB of address space for each.
 *
 * @param {Setting} setting
 */
function arenaOf({ memory }) {
  return new Arena({ memory, byteOffset: 0, byteLength: memory.buffer.byteLength });
}

/**
 * @param {number} p
 * @param {Float32Array[]} arrays
 * @param {Uint8Array} bytes for the mask
 * @returns {Calls}
 */
function oursOn(p, arrays, bytes) {
  const [x, out, dy, dx] = /** @type {[Float32Array, Float32Array, Float32Array, Float32Array]} */ (arrays);
  const layer = new Dropout(p, { seed: 42 });
  const keys = new Generator(42);
  const n = x.length;
  const both = () => {
    layer.forward(x, out);
    layer.backward(dy, dx);
  };
  const draw = () => mask(n, { p, key: keys.next(), out: bytes });
  return {
    forward: { run: () => layer.forward(x, out), result: () => ({ y: layer.forward(x, out) }) },
    'forward + backward': {
      run: both,
      result() {
        both();
        return { y: out, dx };
      },
    },
    mask: { run: draw, result: () => ({ mask: draw() }) },
  };
}

/** @type {Record<string, () => Promise<Started>>} by the name of the peer */
export const START = {
  async ours() {
    return {
      version: '',
      create(setting) {
        const arena = arenaOf(setting);
        const arrays = [0, 1, 2, 3].map(() => filled(arena.float32(setting.n)));
        return oursOn(setting.p, arrays, arena.uint8(setting.n));
      },
    };
  },

  async arrays() {
    return { version: '', create: ({ n, p }) => oursOn(p, plain(n), new Uint8Array(n)) };
  },

  async copy() {
    return {
      version: '',
      async create(setting) {
        const arena = arenaOf(setting);
        const [x, out, dy, dx] = /** @type {[Float32Array, Float32Array, Float32Array, Float32Array]} */ (
          [0, 1, 2, 3].map(() => filled(arena.float32(setting.n)))
        );
        copying ??= memoryCopy(setting.memory);
        const copy = await copying;
        const both = () => {
          copy(x, out);
          copy(dy, dx);
        };
        return {
          forward: {
            run: () => copy(x, out),
            result() {
              copy(x, out.fill(0));
              return { y: out };
            },
          },
          'forward + backward': {
            run: both,
            result() {
              out.fill(0);
              dx.fill(0);
              both();
              return { y: out, dx };
            },
          },
        };
      },
    };
  },

  async loop() {
    return {
      version: '',
      create({ n, p }) {
        const [x, out, dy, dx] = /** @type {[Float32Array, Float32Array, Float32Array, Float32Array]} */ (plain(n));
        const bytes = new Uint8Array(n);
        const both = () => {
          storingLoop(x, out, bytes, p);
          backwardLoop(dy, dx, bytes, p);
        };
        return {
          forward: {
            run: () => mathRandomLoop(x, out, p),
            result() {
              mathRandomLoop(x, out, p);
              return { y: out };
            },
          },
          'forward + backward': {
            run: both,
            result() {
              both();
              return { y: out, dx };
            },
          },
          mask: {
            run: () => maskLoop(bytes, p),
            result() {
              maskLoop(bytes, p);
              return { mask: bytes };
            },
          },
        };
      },
    };
  },

  'tfjs-wasm': () => startTfjs('wasm'),
  'tfjs-cpu': () => startTfjs('cpu'),
  'onnx-native': () => startOnnx('onnxruntime-node'),
  'onnx-web': () => startOnnx('onnxruntime-web'),
  pytorch: startPyTorch,

  async 'jax-js'() {
    const jax = await load('@jax-js/jax');
    const { blockUntilReady, defaultDevice, jit, numpy, random, vjp } = jax.package;
    defaultDevice('wasm');
    /** @type {any[]} */
    let tensors = [];
    const dispose = () => {
      for (const tensor of tensors) tensor.dispose();
      tensors = [];
    };
    return {
      version: jax.version,
      dispose,
      create({ n, p }) {
        const x = numpy.array(filled(new Float32Array(n)));
        const dy = numpy.array(filled(new Float32Array(n)));
        tensors = [x, dy];
        // Arrays are reference-counted: a function consumes its arguments, and `ref` keeps one.
        const dropout = (/** @type {any} */ x, /** @type {any} */ key) =>
          numpy.where(random.bernoulli(key, 1 - p, [n]), x.mul(1 / (1 - p)), 0);
        const forward = jit(dropout);
        const both = jit((/** @type {any} */ x, /** @type {any} */ dy, /** @type {any} */ key) => {
          const [y, pullback] = vjp((/** @type {any} */ x) => dropout(x, key), [x]);
          const [dx] = pullback(dy);
          return [y, dx];
        });
        const draw = jit((/** @type {any} */ key) => random.bernoulli(key, 1 - p, [n]));
        let seed = 0;
        const key = () => random.key(seed++);
        const wait = async (/** @type {any} */ tree) => {
          for (const tensor of [await blockUntilReady(tree)].flat()) tensor.dispose();
        };
        return {
          forward: {
            isAsync: true,
            run: () => wait(forward(x.ref, key())),
            result: async () => ({ y: await forward(x.ref, key()).data() }),
          },
          'forward + backward': {
            isAsync: true,
            run: () => wait(both(x.ref, dy.ref, key())),
            async result() {
              const [y, dx] = both(x.ref, dy.ref, key());
              return { y: await y.data(), dx: await dx.data() };
            },
          },
          mask: {
            isAsync: true,
            run: () => wait(draw(key())),
            result: async () => ({ mask: await draw(key()).data() }),
          },
        };
      },
    };
  },

  async 'js-pytorch'() {
    const jsPytorch = await load('js-pytorch');
    const { torch } = jsPytorch.package;
    return {
      version: jsPytorch.version,
      create({ n, p }) {
        const layer = new torch.nn.Dropout(p);
        const values = () => filled(Array.from({ length: n }, () => 0));
        const x = torch.tensor(values());
        const trained = torch.tensor(values(), true);
        const dy = torch.tensor(values());
        const both = () => {
          // Gradients of calls add up.
          trained.zero_grad();
          const y = layer.forward(trained);
          y.backward(dy);
          return y;
        };
        return {
          forward: { run: () => layer.forward(x), result: () => ({ y: layer.forward(x).data }) },
          'forward + backward': { run: both, result: () => ({ y: both().data, dx: trained.grad }) },
        };
      },
    };
  },
};

/** @type {ReturnType<typeof memoryCopy> | undefined} */
let copying;

/**
 * @param {'wasm' | 'cpu'} backend
 * @returns {Promise<Started>}
 */
async function startTfjs(backend) {
  const tf = await import('@tensorflow/tfjs-core');
  // Registers the gradients.
  await import('@tensorflow/tfjs-layers');
  await import(`@tensorflow/tfjs-backend-${backend}`);
  if (!(await tf.setBackend(backend))) throw new Error(`the ${backend} backend of TF.js does not start`);
  /** @type {import('@tensorflow/tfjs-core').Tensor[]} */
  let tensors = [];
  /** @type {() => import('@tensorflow/tfjs-core').Tensor} */
  let forward;
  return {
    version: tf.version_core,
    create({ n, p }) {
      const x = tf.tensor1d(filled(new Float32Array(n)));
      const dy = tf.tensor1d(filled(new Float32Array(n)));
      tensors = [x, dy];
      forward = () => tf.dropout(x, p);
      const gradient = tf.valueAndGrad((x) => tf.dropout(/** @type {any} */ (x), p));
      const draw = () => tf.tidy(() => tf.less(tf.randomUniform([n]), 1 - p));
      const read = async (/** @type {import('@tensorflow/tfjs-core').Tensor} */ tensor) => {
        const data = await tensor.data();
        tensor.dispose();
        return data;
      };
      return {
        forward: { run: () => forward().dispose(), result: async () => ({ y: await read(forward()) }) },
        'forward + backward': {
          run: () => {
            const { value, grad } = gradient(x, dy);
            tf.dispose([value, grad]);
          },
          async result() {
            const { value, grad } = gradient(x, dy);
            return { y: await read(value), dx: await read(grad) };
          },
        },
        mask: { run: () => draw().dispose(), result: async () => ({ mask: await read(draw()) }) },
      };
    },
    dispose: () => tf.dispose(tensors),
    // The cpu backend keeps its tensors in arrays, which the engine counts.
    ...(backend === 'wasm' && {
      async allocated() {
        const { kernels } = await tf.profile(() => forward());
        return kernels.reduce((bytes, { bytesAdded }) => bytes + bytesAdded, 0);
      },
    }),
  };
}

/**
 * @param {'onnxruntime-node' | 'onnxruntime-web'} name
 * @returns {Promise<Started>}
 */
async function startOnnx(name) {
  const onnx = await load(name);
  const { env, InferenceSession, Tensor } = onnx.package;
  env.logLevel = 'error';
  if (name === 'onnxruntime-web') env.wasm.numThreads = 1;
  /** @type {any} */
  let session;
  return {
    version: onnx.version,
    dispose: () => session.release(),
    async create({ n, p }) {
      session = await InferenceSession.create(dropoutModel(p), { ...SESSION_OPTIONS, logSeverityLevel: 3 });
      const x = new Tensor('float32', filled(new Float32Array(n)), [n]);
      // The web version leaves an existing tensor as it is, and returns a new one.
      const y = name === 'onnxruntime-node' ? { y: new Tensor('float32', new Float32Array(n), [n]) } : ['y'];
      return {
        forward: {
          isAsync: true,
          run: () => session.run({ x }, y),
          result: async () => ({ y: (await session.run({ x }, y)).y.data }),
        },
        mask: {
          isAsync: true,
          run: () => session.run({ x }, ['mask']),
          result: async () => ({ mask: (await session.run({ x }, ['mask'])).mask.data }),
        },
      };
    },
  };
}
