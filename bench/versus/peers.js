/**
 * What dropout-wasm is timed against, and what each peer runs.
 */

export const MEASURES = /** @type {const} */ (['forward', 'forward + backward', 'mask']);

/** @typedef {(typeof MEASURES)[number]} Measure */

/**
 * @typedef {object} Peer
 * @property {string} name
 * @property {string} title
 * @property {string} [package] the npm package that `bench/peers/package.json` installs
 * @property {Record<Measure, string>} runs what is timed, or why nothing is, in parentheses
 * @property {boolean} [isNative] not WebAssembly or JavaScript, so no bundle of it exists
 * @property {string} [first] module in bench/ that gives a first result, if there is something to load
 */

/** @type {Peer} */
export const OURS = {
  name: 'ours',
  title: 'dropout-wasm',
  first: 'versus/first/ours.js',
  runs: {
    forward: '`layer.forward(x, out)`, arrays of an `Arena`',
    'forward + backward': 'the same, then `layer.backward(dy, dx)`',
    mask: '`mask(n, { p, key, out })`, a byte for each element',
  },
};

/** @type {Peer[]} */
export const PEERS = [
  {
    name: 'copy',
    title: '`memory.copy`',
    runs: {
      forward: 'one `memory.copy` instruction from x to out, the same bytes',
      'forward + backward': 'two of them',
      mask: '(a copy makes no mask)',
    },
  },
  {
    name: 'arrays',
    title: 'dropout-wasm, plain arrays',
    runs: {
      forward: '`layer.forward(x, out)`, any `Float32Array`',
      'forward + backward': 'the same, then `layer.backward(dy, dx)`',
      mask: '`mask(n, { p, key, out })`, any `Uint8Array`',
    },
  },
  {
    name: 'loop',
    title: '`Math.random` loop',
    runs: {
      forward: '`out[i] = Math.random() < p ? 0 : x[i] * scale`',
      'forward + backward': 'the same, which stores its mask as bytes, then `dx[i] = mask[i] ? dy[i] * scale : 0`',
      mask: '`mask[i] = Math.random() < p ? 0 : 1`, bytes',
    },
  },
  {
    name: 'tfjs-wasm',
    title: 'TensorFlow.js, wasm',
    first: 'versus/first/tfjs-wasm.js',
    runs: {
      forward: '`tf.dropout(x, p)`',
      'forward + backward': '`tf.valueAndGrad((x) => tf.dropout(x, p))(x, dy)`',
      mask: '`tf.less(tf.randomUniform([n]), 1 - p)`',
    },
  },
  {
    name: 'tfjs-cpu',
    title: 'TensorFlow.js, cpu',
    first: 'versus/first/tfjs-cpu.js',
    runs: {
      forward: '`tf.dropout(x, p)`',
      'forward + backward': '`tf.valueAndGrad((x) => tf.dropout(x, p))(x, dy)`',
      mask: '`tf.less(tf.randomUniform([n]), 1 - p)`',
    },
  },
  {
    name: 'onnx-native',
    title: 'ONNX Runtime, native',
    package: 'onnxruntime-node',
    isNative: true,
    first: 'peers/onnx-native.js',
    runs: {
      forward: 'one Dropout node, `training_mode` true, into an existing tensor',
      'forward + backward': '(an inference session has no gradient)',
      mask: 'the same node, of which the mask is fetched',
    },
  },
  {
    name: 'onnx-web',
    title: 'ONNX Runtime, web',
    package: 'onnxruntime-web',
    first: 'peers/onnx-web.js',
    runs: {
      forward: 'one Dropout node, `training_mode` true',
      'forward + backward': '(an inference session has no gradient)',
      mask: 'the same node, of which the mask is fetched',
    },
  },
  {
    name: 'jax-js',
    title: 'jax-js, wasm',
    package: '@jax-js/jax',
    first: 'peers/jax-js.js',
    runs: {
      forward: '`jit` of `where(bernoulli(key, 1 - p), x / (1 - p), 0)`',
      'forward + backward': '`jit` of the same and its `vjp`',
      mask: '`jit` of `random.bernoulli(key, 1 - p, [n])`',
    },
  },
  {
    name: 'js-pytorch',
    title: 'js-pytorch',
    package: 'js-pytorch',
    first: 'peers/js-pytorch.js',
    runs: {
      forward: '`nn.Dropout(p)` on a tensor, which is a JavaScript array',
      'forward + backward': 'the same, then `y.backward(dy)`',
      mask: '(it has no call for a mask)',
    },
  },
  {
    name: 'pytorch',
    title: 'PyTorch, CPU',
    isNative: true,
    runs: {
      forward: '`torch.nn.functional.dropout(x, p)`',
      'forward + backward': 'the same, then `y.backward(dy)`',
      mask: '`torch.empty(n, dtype=torch.bool).bernoulli_(1 - p)`',
    },
  },
];

/** What the runs use, as lengths of the arrays. */
export const SIZES = [2 ** 7, 2 ** 10, 2 ** 14, 2 ** 16, 2 ** 18, 2 ** 20, 2 ** 22, 2 ** 24];
export const PROBABILITIES = [0.5, 0.1];
